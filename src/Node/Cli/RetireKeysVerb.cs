using System.CommandLine;
using System.Globalization;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode seller-keys retire</c>: the secretariat says when an epoch ends whose successor counts already.</summary>
internal static class RetireKeysVerb
{
    private static readonly string[] s_times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    public static Verb Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var epoch = new Option<int>("--epoch") { Description = "The epoch that ends.", HelpName = "N", Required = true };
        var until = new Option<string>("--until") { Description = "When its tags count no more, in UTC: 2027-06-30, or 2027-06-30T12:00:00Z. Until then those of both epochs match.", HelpName = "TIME", Required = true };
        var types = new Option<string[]>("--seller-types") { Description = "The kinds of seller identifiers whose keys end, with commas between them. Default: all that have a key of the epoch.", HelpName = "TYPES", AllowMultipleArgumentsPerToken = false };
        var verb = new Verb(
            "retire",
            "Says until when keys of an epoch count, once there are keys of a later one: signs the next roster and publishes it. "
                + "Members tag their sellers anew before that; what they do not tag anew lapses. It can only be made sooner.",
            "fednode seller-keys retire --epoch 1 --until 2027-06-30 --data ./secretariat",
            "fednode seller-keys retire --epoch 1 --until 2027-06-30T12:00:00Z --seller-types tel,email --data ./secretariat")
        {
            data, epoch, until, types,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var ends = ReadTime(parsed.GetRequiredValue(until));
            var (roster, keys) = await RetireAsync(
                new NodeFolder(parsed.GetRequiredValue(data)),
                SellerTagging.CheckEpoch(parsed.GetValue(epoch)),
                parsed.GetValue(types) is { Length: > 0 } named ? SellerTypes.Parse(named) : null,
                ends,
                cancel);
            output.Json(new { version = roster.Version, until = ends.ToUnixTimeSeconds(), keys });
            output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Roster version {roster.Version}: tags of {string.Join(", ", keys)} count until {ends:yyyy-MM-dd HH:mm:ss}Z."));
            return ExitCode.Done;
        });
        return verb;
    }

    private static DateTimeOffset ReadTime(string text)
    {
        var isTime = DateTimeOffset.TryParseExact(
            text, s_times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time);
        return !isTime ? throw new CliException(ExitCode.Usage, "--until must be a day or a time in UTC: 2027-06-30, or 2027-06-30T12:00:00Z.")
            : time <= DateTimeOffset.UtcNow
                ? throw new CliException(ExitCode.Refused, "--until must be in the future: members need time to tag their sellers anew.")
            : time;
    }

    private static async Task<(RosterDocument Roster, IReadOnlyList<string> Keys)> RetireAsync(
        NodeFolder folder, int epoch, IReadOnlyList<SellerIdentifierType>? types, DateTimeOffset until, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "ends epochs");
        var current = NextRoster.ReadCurrent(folder);
        var ending = current.SellerKeys
            .Where(k => k.Epoch == epoch && (types is null || types.Any(t => t.Name == k.Type))).ToList();
        if (types?.FirstOrDefault(t => ending.TrueForAll(k => k.Type != t.Name)) is { } missing)
        {
            throw new CliException(ExitCode.Refused, $"--seller-types: the roster names no key {new SellerScheme(missing, epoch)}.");
        }

        if (ending.Count == 0)
        {
            throw new CliException(ExitCode.Refused, $"--epoch: the roster names no key of epoch {epoch}.");
        }

        if (ending.Find(k => !current.SellerKeys.Any(l => l.Type == k.Type && l.Epoch > epoch && l.Until is null)) is { } last)
        {
            throw new CliException(
                ExitCode.Refused,
                $"There is no key for {last.Type} of a later epoch: make it first (`fednode seller-keys deal --epoch {epoch + 1}`), so that members can tag "
                    + "their sellers anew while both count.");
        }

        var next = NextRoster.After(current) with
        {
            SellerKeys = [.. current.SellerKeys.Select(k => ending.Contains(k) ? k with { Until = until.ToUnixTimeSeconds() } : k)],
        };
        await NextRoster.PublishAsync(folder, next.Version, NextRoster.Sign(folder, current, next), cancel);
        return (next, [.. ending.Select(k => k.Scheme)]);
    }
}
