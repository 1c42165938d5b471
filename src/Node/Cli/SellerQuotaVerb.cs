using System.CommandLine;
using System.Globalization;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode seller-keys quota</c>: the secretariat says how many tags members may have.</summary>
internal static class SellerQuotaVerb
{
    public static Verb Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var day = new Option<long>("--day") { Description = "Tags in a day of UTC, of each holder.", HelpName = "N", Required = true };
        var minute = new Option<long>("--minute") { Description = "Tags in a minute.", HelpName = "N", Required = true };
        var member = new Option<string?>("--member") { Description = "Only for this member, under every key; goes before what holds for a key.", HelpName = "NAME" };
        var types = new Option<string[]>("--seller-types") { Description = "The kinds of seller identifiers whose keys it holds for, with commas between them. Default: all that have a key of the epoch.", HelpName = "TYPES", AllowMultipleArgumentsPerToken = false };
        var epoch = new Option<int>("--epoch") { Description = "The epoch of the keys.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var verb = new Verb(
            "quota",
            "Says how many tags of sellers each member may ask each holder for, or one member: signs the next roster and publishes "
                + "it. Keep it small: whoever may ask much can try all numbers out.",
            "fednode seller-keys quota --day 200000 --minute 40000 --seller-types tel --data ./secretariat",
            "fednode seller-keys quota --day 5000000 --minute 200000 --member acme --data ./secretariat")
        {
            data, day, minute, member, types, epoch,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var request = new Request(
                new TagQuota(Check("--day", parsed.GetValue(day)), Check("--minute", parsed.GetValue(minute))),
                parsed.GetValue(member),
                parsed.GetValue(types) is { Length: > 0 } named ? SellerTypes.Parse(named) : null,
                SellerTagging.CheckEpoch(parsed.GetValue(epoch)));
            var roster = await SetAsync(new NodeFolder(parsed.GetRequiredValue(data)), request, cancel);
            output.Json(new { version = roster.Version, day = request.Quota.Day, minute = request.Quota.Minute, member = request.Member });
            output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Roster version {roster.Version}: {request.Member ?? "each member"} may have {request.Quota.Day} tags a day and "
                    + $"{request.Quota.Minute} a minute of each holder."));
            return ExitCode.Done;
        });
        return verb;
    }

    private static long Check(string option, long limit) => limit is >= 1 and <= TagQuota.Most
        ? limit
        : throw new CliException(ExitCode.Usage, $"{option} must be 1 to {TagQuota.Most}.");

    private static async Task<RosterDocument> SetAsync(NodeFolder folder, Request request, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "sets quotas");
        var current = NextRoster.ReadCurrent(folder);
        var next = NextRoster.After(request.Member is null ? ForKeys(current, request) : ForMember(current, request));
        await NextRoster.PublishAsync(folder, next.Version, NextRoster.Sign(folder, current, next), cancel);
        return next;
    }

    private static RosterDocument ForMember(RosterDocument current, Request request) =>
        request.Types is not null ? throw new CliException(ExitCode.Usage, "--member holds for every key: leave out --seller-types.")
        : current.Member(request.Member!) is null
            ? throw new CliException(ExitCode.Refused, $"--member: {request.Member} is no member of {current.Coalition}.")
        : current with
        {
            Members = [.. current.Members.Select(m => m.Name == request.Member ? m with { Quota = request.Quota } : m)],
        };

    private static RosterDocument ForKeys(RosterDocument current, Request request)
    {
        foreach (var type in request.Types ?? [])
        {
            if (current.SellerKeyOf(type.Name, request.Epoch) is null)
            {
                throw new CliException(
                    ExitCode.Refused, $"--seller-types: the roster names no key {new SellerScheme(type, request.Epoch)}.");
            }
        }

        bool IsMeant(SellerKey key) =>
            key.Epoch == request.Epoch && (request.Types is null || request.Types.Any(t => t.Name == key.Type));
        return current with
        {
            SellerKeys = [.. current.SellerKeys.Select(k => IsMeant(k) ? k with { Quota = request.Quota } : k)],
        };
    }

    /// <summary>What the command line asks for.</summary>
    private sealed record Request(TagQuota Quota, string? Member, IReadOnlyList<SellerIdentifierType>? Types, int Epoch);
}
