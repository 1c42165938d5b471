using System.Diagnostics.CodeAnalysis;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <summary>Verifies by themselves ranges that peers sent: docs/protocol.md, "Range proof". Needs no grain and no row.</summary>
public static class RangeCheck
{
    /// <summary>Verifies a range. One without entries is a checkpoint alone, of which only the signature is verified.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="range">The range.</param>
    /// <param name="key">The log's key.</param>
    /// <param name="verified">The range with its hashes.</param>
    /// <param name="error">What is wrong; the sender is to blame.</param>
    public static bool TryCheck(
        string origin,
        LogRange range,
        VerificationKey key,
        [NotNullWhen(true)] out CheckedRange? verified,
        [NotNullWhen(false)] out string? error)
    {
        verified = null;
        if (range.Entries.Count > Limits.MaxRangeEntries
            || range.Before.Count > Limits.MaxProofHashes || range.After.Count > Limits.MaxProofHashes)
        {
            error = "The range has too many entries or proof hashes.";
            return false;
        }

        if (range.Checkpoint.Length > ForkProof.MaxNote)
        {
            // Otherwise an origin could make its checkpoints too long for a proof that it forked.
            error = $"The note of a checkpoint has at most {ForkProof.MaxNote} bytes.";
            return false;
        }

        bool Open(
            string name,
            ReadOnlySpan<byte> note,
            [NotNullWhen(true)] out Checkpoint? checkpoint,
            [NotNullWhen(false)] out string? fault) =>
            Checkpoint.TryOpen(note, key, out checkpoint, out fault);

        if (range.Entries.Count == 0)
        {
            if (!Open(origin, range.Checkpoint, out _, out error))
            {
                return false;
            }

            verified = new CheckedRange(range, []);
            return true;
        }

        var sent = new SentEntry[range.Entries.Count];
        for (var i = 0; i < sent.Length; i++)
        {
            var entry = range.Entries[i];
            sent[i] = new SentEntry(entry.Leaf, OrNull(entry.Salt), OrNull(entry.Payload));
        }

        var proof = new RangeProof(range.Before, range.After);
        if (!VerifiedRange.TryVerify(origin, range.Checkpoint, range.From, sent, proof, Open, out var whole, out error))
        {
            return false;
        }

        verified = new CheckedRange(range, [.. whole.LeafHashes]);
        return true;
    }

    /// <summary>A null array would otherwise become an empty memory, which is another thing.</summary>
    private static ReadOnlyMemory<byte>? OrNull(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    /// <summary>What was checked, as the protocol has it.</summary>
    public static VerifiedRange Restore(this CheckedRange range) => VerifiedRange.Restore(
        range.Range.Checkpoint,
        range.Range.From,
        range.LeafHashes,
        new RangeProof(range.Range.Before, range.Range.After));
}
