using System.CommandLine;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode withdraw</c>, <c>fednode erase</c> and <c>fednode dispute</c>.</summary>
internal static class AmendVerbs
{
    public static Command CreateWithdraw()
    {
        var id = new Argument<string>("ID") { Description = "The indicator's id, 64 hexadecimal digits." };
        var reason = new Option<string>("--reason") { Description = "Why, as a code: error, legal, owner-request, superseded, ...", HelpName = "CODE", DefaultValueFactory = _ => "error" };
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "withdraw",
            "Takes back this member's own listing.",
            "fednode withdraw 6f0c...e1 --reason error --data ./acme")
        {
            id, reason, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            var answer = await client.PostAsync<WithdrawalRequest, PublishResponse>(
                ApiRoutes.Withdrawals,
                new WithdrawalRequest(parsed.GetRequiredValue(id), parsed.GetValue(reason)!),
                cancel,
                Guid.NewGuid().ToString("N"));
            ListingOptions.Print(output, answer);
            return ExitCode.Done;
        });
        return verb;
    }

    public static Command CreateErase()
    {
        var id = new Argument<string>("ID") { Description = "The indicator's id, 64 hexadecimal digits." };
        var reason = new Option<string>("--reason") { Description = "Why, as a code: legal, owner-request, error, ...", HelpName = "CODE", DefaultValueFactory = _ => "legal" };
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "erase",
            "Has all that this member's log says of an indicator erased, on every node. It cannot be taken back.",
            "fednode erase 6f0c...e1 --reason owner-request --data ./acme")
        {
            id, reason, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            var answer = await client.PostAsync<ErasureRequest, PublishResponse>(
                ApiRoutes.Erasures,
                new ErasureRequest(parsed.GetRequiredValue(id), parsed.GetValue(reason)!),
                cancel,
                Guid.NewGuid().ToString("N"));
            ListingOptions.Print(output, answer);
            return ExitCode.Done;
        });
        return verb;
    }

    public static Command CreateDispute()
    {
        var id = new Argument<string>("ID") { Description = "The indicator's id, 64 hexadecimal digits." };
        var lister = new Option<string>("--lister") { Description = "Whose listing; left out: everybody's.", HelpName = "MEMBER", DefaultValueFactory = _ => "" };
        var stance = new Option<string>("--stance") { Description = "dispute, confirm, or none to take it back.", DefaultValueFactory = _ => OpinionPayload.Dispute };
        stance.AcceptOnlyFromAmong(OpinionPayload.Dispute, OpinionPayload.Confirm, OpinionPayload.None);
        var reason = new Option<string>("--reason") { Description = "Why, as a code: false-positive, legal-trade, ...", HelpName = "CODE", DefaultValueFactory = _ => "false-positive" };
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "dispute",
            "Contests (or confirms) what other members list; a disputed listing blocks nobody under the default policy.",
            "fednode dispute 6f0c...e1 --lister acme --reason legal-trade --data ./beta")
        {
            id, lister, stance, reason, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            var answer = await client.PostAsync<OpinionRequest, PublishResponse>(
                ApiRoutes.Opinions,
                new OpinionRequest(parsed.GetRequiredValue(id), parsed.GetValue(stance)!, parsed.GetValue(lister)!, parsed.GetValue(reason)!),
                cancel,
                Guid.NewGuid().ToString("N"));
            ListingOptions.Print(output, answer);
            return ExitCode.Done;
        });
        return verb;
    }
}
