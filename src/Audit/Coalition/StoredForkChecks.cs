using System.Diagnostics.CodeAnalysis;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Verifies the fork proofs that stopped nodes keep, as whoever has the log's key can. A good one ends the log, for the
/// node as for the audit; a bad one makes that node leave out what counts.
/// </summary>
internal sealed class StoredForkChecks(CoalitionKeys keys, IReadOnlyDictionary<string, LogGroup> logs)
{
    private readonly Dictionary<string, LogGroup> _withoutCopy = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];

    /// <summary>Checks them all.</summary>
    public IReadOnlyList<Finding> Run(IEnumerable<NodeHoldings> nodes)
    {
        foreach (var node in nodes)
        {
            foreach (var stored in node.Forks)
            {
                Check(stored, node.Place);
            }
        }

        return _findings;
    }

    private void Check(StoredFork stored, string place)
    {
        var log = GroupOf(stored.Origin);
        if ((keys.Find(stored.Origin) ?? log.Primary?.Key) is not { } key)
        {
            AddUnknown(stored, place);
            return;
        }

        if (!ForkProof.TryDecode(stored.Proof.Span, out var proof, out var error)
            || !proof.TryVerify(stored.Origin, Opener(key), out var freezeAt, out error))
        {
            AddFalse(stored, place, $"its proof proves no fork: {error}");
            return;
        }

        if (stored.FreezeAt is { } at && at != freezeAt)
        {
            AddFalse(stored, place, $"it says that {at} entries count, and by its proof {freezeAt} do");
        }

        var fork = Fork.Of(HeadOf(proof.First, key), HeadOf(proof.Second, key), proof.Divergence?.Common);
        if (log.Take(fork))
        {
            _findings.Add(fork.ToFinding(stored.Origin, $"by {stored.Record} in {place}", place));
        }
    }

    private LogGroup GroupOf(string origin)
    {
        if (!logs.TryGetValue(origin, out var log) && !_withoutCopy.TryGetValue(origin, out log))
        {
            _withoutCopy[origin] = log = new LogGroup(origin);
        }

        return log;
    }

    private void AddUnknown(StoredFork stored, string place)
    {
        if (keys.IsComplete)
        {
            AddFalse(stored, place, "the roster names no such log");
            return;
        }

        _findings.Add(new Finding(
            Severity.Gap,
            FindingKind.KeyUnconfirmed,
            stored.Origin,
            null,
            $"There is no roster to say by which key {stored.Record} in {place} is to be verified.",
            place));
    }

    /// <summary>A row that is known to be damaged was reported when it was read.</summary>
    private void AddFalse(StoredFork stored, string place, string why)
    {
        if (stored.FreezeAt is { } at)
        {
            _findings.Add(new Finding(
                Severity.Fault,
                FindingKind.ForkProofFalse,
                stored.Origin,
                at,
                $"{place} keeps {stored.Record}, and {why.TrimEnd('.')}. The node leaves the entries from {at} on out "
                    + "of its list all the same.",
                place));
        }
    }

    private static (LogHead Head, byte[] Note) HeadOf(byte[] note, VerificationKey key) =>
        Checkpoint.TryOpen(note, key, out var checkpoint, out var error)
            ? (new LogHead(checkpoint.Origin, checkpoint.Size, checkpoint.Root), note)
            : throw new InvalidOperationException($"A checkpoint of a verified proof cannot be opened: {error}");

    private static CheckpointOpener Opener(VerificationKey key)
    {
        bool Open(
            string origin,
            ReadOnlySpan<byte> note,
            [NotNullWhen(true)] out Checkpoint? checkpoint,
            [NotNullWhen(false)] out string? error) => Checkpoint.TryOpen(note, key, out checkpoint, out error);

        return Open;
    }
}
