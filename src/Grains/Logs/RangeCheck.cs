using System.Diagnostics.CodeAnalysis;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
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
        if (FaultOf(range.Entries.Count, range.Checkpoint, range.Before, range.After) is { } fault)
        {
            error = fault;
            return false;
        }

        var open = Opener(key);
        if (range.Entries.Count == 0)
        {
            if (!open(origin, range.Checkpoint, out _, out error))
            {
                return false;
            }

            verified = new CheckedRange(range, []);
            return true;
        }

        var sent = new SentEntry[range.Entries.Count];
        for (var i = 0; i < sent.Length; i++)
        {
            sent[i] = Sent(range.Entries[i]);
        }

        var proof = new RangeProof(range.Before, range.After);
        if (!VerifiedRange.TryVerify(origin, range.Checkpoint, range.From, sent, proof, open, out var whole, out error))
        {
            return false;
        }

        verified = new CheckedRange(range, [.. whole.LeafHashes]);
        return true;
    }

    /// <summary>Verifies a part of an outline. One without entries is a checkpoint alone.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="part">The part.</param>
    /// <param name="key">The log's key.</param>
    /// <param name="verified">The part with its hashes.</param>
    /// <param name="error">What is wrong; the sender is to blame.</param>
    public static bool TryCheck(
        string origin,
        LogOutline part,
        VerificationKey key,
        [NotNullWhen(true)] out CheckedOutline? verified,
        [NotNullWhen(false)] out string? error)
    {
        verified = null;
        if (FaultOf(part.Count, part.Checkpoint, part.Before, part.After) is { } fault)
        {
            error = fault;
            return false;
        }

        if (part.Count == 0)
        {
            verified = new CheckedOutline(part, []);
            return Opener(key)(origin, part.Checkpoint, out _, out error);
        }

        if (!TryLayOut(part, out var entries, out error)
            || !VerifiedRange.TryVerifyOutline(
                origin, part.Checkpoint, part.From, entries, new RangeProof(part.Before, part.After), Opener(key), out var range, out error))
        {
            return false;
        }

        if (part.AsOf < part.End || part.AsOf > range.Head.Size)
        {
            error = $"Who is live is told as of {part.AsOf} entries, where the part ends at {part.End} and the log at {range.Head.Size}.";
            return false;
        }

        verified = new CheckedOutline(part, [.. range.LeafHashes]);
        return true;
    }

    /// <summary>What was checked, as the protocol has it.</summary>
    public static VerifiedRange Restore(this CheckedOutline part) => Restore(part.Outline, part.LeafHashes);

    /// <summary>A part that was checked before it was stored, as the protocol has it.</summary>
    /// <exception cref="ArgumentException">It is not in order.</exception>
    public static VerifiedRange Restore(this LogOutline part) => TryLayOut(part, out var entries, out var error)
        ? Restore(part, [.. entries.Select(e => e.Whole is { } whole ? MerkleHash.Leaf(whole.Leaf.Span) : e.Hash)])
        : throw new ArgumentException(error, nameof(part));

    private static VerifiedRange Restore(LogOutline part, Hash256[] leafHashes) =>
        VerifiedRange.Restore(part.Checkpoint, part.From, leafHashes, new RangeProof(part.Before, part.After));

    private static string? FaultOf(int count, byte[] note, IReadOnlyList<Hash256> before, IReadOnlyList<Hash256> after) =>
        count > Limits.MaxRangeEntries || before.Count > Limits.MaxProofHashes || after.Count > Limits.MaxProofHashes
            ? "The range has too many entries or proof hashes."

            // Otherwise an origin could make its checkpoints too long for a proof that it forked.
            : note.Length > ForkProof.MaxNote ? $"The note of a checkpoint has at most {ForkProof.MaxNote} bytes."
            : null;

    /// <summary>Verifies checkpoints with a log's key.</summary>
    internal static CheckpointOpener Opener(VerificationKey key)
    {
        bool Open(
            string name,
            ReadOnlySpan<byte> note,
            [NotNullWhen(true)] out Checkpoint? checkpoint,
            [NotNullWhen(false)] out string? fault) =>
            Checkpoint.TryOpen(note, key, out checkpoint, out fault);

        return Open;
    }

    /// <summary>Puts hashes and whole entries into one row, by their indexes.</summary>
    private static bool TryLayOut(
        LogOutline part,
        [NotNullWhen(true)] out OutlinedEntry[]? entries,
        [NotNullWhen(false)] out string? error)
    {
        entries = new OutlinedEntry[part.Count];
        var (hashes, whole) = (0, 0);
        for (var i = 0; i < entries.Length; i++)
        {
            if (whole < part.Whole.Count && part.Whole[whole].Index == part.From + i)
            {
                entries[i] = new OutlinedEntry(default, Sent(part.Whole[whole++].Entry));
            }
            else if (hashes < part.Hashes.Length)
            {
                entries[i] = new OutlinedEntry(new Hash256(part.Hashes.AsSpan(hashes, Hash256.Size)), null);
                hashes += Hash256.Size;
            }
            else
            {
                error = $"The whole entries of the part from {part.From} are out of order or outside of it.";
                return false;
            }
        }

        error = null;
        return true;
    }

    private static SentEntry Sent(StoredEntry entry) => new(entry.Leaf, OrNull(entry.Salt), OrNull(entry.Payload));

    /// <summary>A null array would otherwise become an empty memory, which is another thing.</summary>
    private static ReadOnlyMemory<byte>? OrNull(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    /// <summary>What was checked, as the protocol has it.</summary>
    public static VerifiedRange Restore(this CheckedRange range) => VerifiedRange.Restore(
        range.Range.Checkpoint,
        range.Range.From,
        range.LeafHashes,
        new RangeProof(range.Range.Before, range.Range.After));
}
