using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode roster new-epoch</c>: the secretariat's half of a log's next epoch.</summary>
internal static class RosterEpochVerb
{
    public static Verb Create()
    {
        var request = new Argument<string>("REQUEST") { Description = "The request that the member made with `member new-epoch`." };
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var size = new Option<long?>("--size") { Description = "At how many entries the old log is closed. Default: all that this node holds under a checkpoint, of a forked log those that its branches share.", HelpName = "N" };
        var fingerprint = new Option<string?>("--fingerprint") { Description = "The fingerprint of the new key as the member told it over another channel; needed if no trusted key of the member signed the request, or its TLS key changes.", HelpName = "HEX" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check the request and show what would be done; publish nothing." };
        var verb = new Verb(
            "new-epoch",
            "Closes a member's log and opens its next epoch with a new key: signs the next roster and publishes it. If the "
                + "old key may be stolen its signature proves nothing: look with --dry-run first, compare the fingerprint of the "
                + "new key with the member over another channel, and give what it said with --fingerprint.",
            "fednode roster new-epoch acme-indicators-2.note --data ./secretariat --dry-run",
            "fednode roster new-epoch acme-indicators-2.note --data ./secretariat",
            "fednode roster new-epoch acme-indicators-2.note --data ./secretariat --size 120 --fingerprint \"01234567 89abcdef ...\"")
        {
            request, data, size, fingerprint, dryRun,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var wanted = new Wanted(
                parsed.GetRequiredValue(request), parsed.GetValue(size), parsed.GetValue(fingerprint), parsed.GetValue(dryRun));
            Print(output, await OpenEpochAsync(folder, wanted, cancel), wanted.DryRun);
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<Opened> OpenEpochAsync(NodeFolder folder, Wanted wanted, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "opens epochs");
        if (!EpochRequest.TryOpen(NodeFolder.Read(wanted.File), out var request, out var note, out var fault))
        {
            throw new CliException(ExitCode.BadFolder, $"{wanted.File}: {fault}");
        }

        var current = NextRoster.ReadCurrent(folder);
        await using var target = NodeTarget.Of(folder.Path, null, null, ApiRole.Auditor);
        var logs = (await target.ListLogsAsync(cancel)).ToDictionary(l => l.Origin, StringComparer.Ordinal);
        if (!EpochStep.TryPlan(
                current, request, note, o => logs.TryGetValue(o, out var log) && log.FrozenAt is not null, out var step, out fault))
        {
            throw new CliException(ExitCode.Refused, $"{wanted.File}: {fault}");
        }

        RequireFingerprint(wanted, request, step);
        var (size, root) = await EndAsync(target, logs.GetValueOrDefault(step.Old.Origin.Text), step.Old, wanted.Size, cancel);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var next = step.Close(size, root, now, now + NextRoster.Lifetime);
        var signed = NextRoster.Sign(folder, current, next);
        if (!wanted.DryRun)
        {
            await NextRoster.PublishAsync(folder, next.Version, signed, cancel);
        }

        return new Opened(next, request, step, size, root);
    }

    /// <summary>Without a trusted signature only a person can tell that it is the member who asks.</summary>
    private static void RequireFingerprint(Wanted wanted, EpochRequest request, EpochStep step)
    {
        if (wanted.Fingerprint is { } told)
        {
            if (!string.Equals(
                    string.Concat(told.Where(c => !char.IsWhiteSpace(c))), request.Fingerprint, StringComparison.OrdinalIgnoreCase))
            {
                throw new CliException(
                    ExitCode.Refused,
                    $"--fingerprint is not that of the new key, which is {MemberEpochVerb.Grouped(request.Fingerprint)}: somebody "
                        + $"else than {step.Member.Name} may have made {wanted.File}.");
            }
        }
        else if (step.NeedsFingerprint && !wanted.DryRun)
        {
            var why = step.IsVouched
                ? $"the request exchanges the TLS key of {step.Member.Name}, too"
                : $"no key that the roster gives to {step.Member.Name} for an open log, and that did not fork, signed the request";
            throw new CliException(
                ExitCode.Refused,
                $"{wanted.File}: {why}. Compare the fingerprint of the new key, "
                    + $"{MemberEpochVerb.Grouped(request.Fingerprint)}, with {step.Member.Name} over another channel, and give "
                    + "what it said with --fingerprint.");
        }
    }

    /// <summary>Where the old log ends: within what this node holds under a checkpoint, and what a fork left of it.</summary>
    private static async Task<(long Size, Hash256 Root)> EndAsync(
        NodeTarget target, LogRow? held, RosterLog old, long? wanted, CancellationToken cancel)
    {
        if (wanted < 0)
        {
            throw new CliException(ExitCode.Usage, "--size must be 0 or more.");
        }

        if (wanted == 0)
        {
            return (0, MerkleHash.Empty);
        }

        if (held is null || held.Size == 0)
        {
            throw new CliException(
                ExitCode.Refused,
                $"This node holds nothing of {old.Origin}: let it run until it does, or close the log at nothing with --size 0.");
        }

        var most = Math.Min(held.Size, held.FrozenAt ?? held.Size);
        var size = wanted ?? most;
        if (size > most)
        {
            throw new CliException(
                ExitCode.Refused,
                size > held.Size
                    ? $"--size {size} is more than this node holds of {old.Origin}: {held.Size} entries under a checkpoint."
                    : $"--size {size} is beyond the fork of {old.Origin}: its branches share {most} entries, and no more of them count.");
        }

        var tree = await StoredTree.OpenAsync(target, held, old.Key, cancel);
        return (size, await tree.RootAsync(size, cancel));
    }

    private static void Print(Output output, Opened opened, bool dryRun)
    {
        var (roster, request, step, size, root) = opened;
        output.Json(new
        {
            version = roster.Version,
            published = !dryRun,
            member = step.Member.Name,
            closed = new { origin = step.Old.Origin.Text, size, root = root.ToBase64() },
            opened = new { origin = request.Origin.Text, vkey = request.Key.ToString(), fingerprint = request.Fingerprint },
            vouched = step.IsVouched,
            tlsKeyChanges = step.ChangesTlsPin,
        });
        output.Line(dryRun
            ? $"Nothing was published. Roster version {roster.Version} would say:"
            : $"Roster version {roster.Version}:");
        output.Table(
            ["log", "from now on", "entries", "root"],
            [
                [step.Old.Origin.Text, "closed", size.ToString(CultureInfo.InvariantCulture), root.ToBase64()],
                [request.Origin.Text, "open", "0", ""],
            ]);
        output.Line($"Fingerprint of the new key: {MemberEpochVerb.Grouped(request.Fingerprint)}");
        output.Line(step.IsVouched
            ? $"A key of {step.Member.Name} that the roster names signed the request. If that key may be stolen, this proves nothing:"
            : $"No trusted key of {step.Member.Name} signed the request:");
        output.Line($"compare the fingerprint with what {step.Member.Name} says over another channel.");
        if (step.ChangesTlsPin)
        {
            output.Line($"The TLS key of {step.Member.Name} changes, too, to {request.TlsPin}.");
        }
    }

    /// <summary>What the command line asks for.</summary>
    private sealed record Wanted(string File, long? Size, string? Fingerprint, bool DryRun);

    /// <summary>What was decided.</summary>
    private sealed record Opened(RosterDocument Roster, EpochRequest Request, EpochStep Step, long Size, Hash256 Root);
}
