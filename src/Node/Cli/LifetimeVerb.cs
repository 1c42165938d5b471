using System.CommandLine;
using System.Globalization;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode roster lifetime</c>: the secretariat says how long listings of a kind last at most.</summary>
internal static class LifetimeVerb
{
    private const long Day = 86_400;

    public static Verb Create()
    {
        var kind = new Argument<string>("KIND") { Description = $"The kind of indicator: {IndicatorKind.Keyword}, {IndicatorKind.Seller}, {IndicatorKind.ImagePdq}, {IndicatorKind.ImageSha256}." };
        var days = new Argument<int>("DAYS") { Description = $"Days from a listing's issue to its end, 1 to {ProtocolLimits.MaxLifetime / Day}." };
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var verb = new Verb(
            "lifetime",
            "Says how long listings of a kind last at most: signs the next roster and publishes it. Listings that claim more end then, "
                + $"and their payloads are erased {ProtocolLimits.LapseDelay / Day} days later. It can only be made shorter: what was erased does not come back.",
            "fednode roster lifetime seller 180 --data ./secretariat")
        {
            kind, days, data,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var (name, limit) = (parsed.GetRequiredValue(kind), parsed.GetValue(days));
            if (!Names.IsCode(name))
            {
                throw new CliException(ExitCode.Usage, "KIND must be a code: 1 to 32 of a-z, 0-9 and '-'.");
            }

            if (limit is < 1 or > (int)(ProtocolLimits.MaxLifetime / Day))
            {
                throw new CliException(ExitCode.Usage, $"DAYS must be 1 to {ProtocolLimits.MaxLifetime / Day}.");
            }

            var roster = await SetAsync(new NodeFolder(parsed.GetRequiredValue(data)), name, limit, cancel);
            output.Json(new { version = roster.Version, kind = name, days = limit });
            output.Line(string.Create(
                CultureInfo.InvariantCulture, $"Roster version {roster.Version}: listings of kind {name} last {limit} days at most."));
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<RosterDocument> SetAsync(NodeFolder folder, string kind, int days, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "sets lifetimes");
        var current = NextRoster.ReadCurrent(folder);
        if (Lifetimes.Of(current).LimitOf(kind) is var before && days * Day > before)
        {
            throw new CliException(
                ExitCode.Refused,
                $"Listings of kind {kind} last {before / Day} days at most by now. A lifetime can only be made shorter: payloads of what has "
                    + "lapsed are erased everywhere, and do not come back.");
        }

        var next = NextRoster.After(current) with
        {
            Lifetimes = current.Lifetimes.SetItem(kind, days * Day),
        };
        await NextRoster.PublishAsync(folder, next.Version, NextRoster.Sign(folder, current, next), cancel);
        return next;
    }
}
