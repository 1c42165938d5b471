using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using MessagePack;

namespace FederationNode.Protocol.Replication;

/// <summary>
/// Two checkpoints that one log's key signed and that no single log can have. Whoever has the key verifies it with
/// these bytes alone, so any node may pass it on. docs/protocol.md, "Fork proof". There are two forms:
/// <list type="bullet">
/// <item>with a <see cref="Divergence"/>, <c>[1, first, second, common, before, leaf1, after1, leaf2, after2]</c>: both
/// trees share their first <c>common</c> leaves and differ in the next;</item>
/// <item>without, <c>[1, first, second, inside, rest]</c>, when the entries of the other branch are kept back: the
/// subtrees of the larger tree give another root for its first part than the smaller checkpoint.</item>
/// </list>
/// The checkpoint with fewer entries is the first; of equal ones, the note whose bytes sort first.
/// </summary>
public sealed class ForkProof
{
    /// <summary>Longest encoded proof, in bytes: two checkpoint notes of a few hundred bytes and at most 240 hashes.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>Longest checkpoint note in a proof, in bytes. A log's own has about 250; cosignatures are left out.</summary>
    public const int MaxNote = 2048;

    private const int MaxHashes = 80;

    private ForkProof(byte[] first, byte[] second, ForkDivergence? divergence, IReadOnlyList<Hash256> inside, IReadOnlyList<Hash256> rest)
    {
        First = first;
        Second = second;
        Divergence = divergence;
        Inside = inside;
        Rest = rest;
    }

    /// <summary>The signed checkpoint with fewer entries.</summary>
    public byte[] First { get; }

    /// <summary>The signed checkpoint with more entries.</summary>
    public byte[] Second { get; }

    /// <summary>Where the branches part, or null if that is not known.</summary>
    public ForkDivergence? Divergence { get; }

    /// <summary>Without a divergence: the larger tree's subtrees that make up as many entries as the smaller has.</summary>
    public IReadOnlyList<Hash256> Inside { get; }

    /// <summary>Without a divergence: those that make up the rest of the larger tree.</summary>
    public IReadOnlyList<Hash256> Rest { get; }

    /// <summary>A proof that shows where the branches part.</summary>
    /// <param name="one">A signed checkpoint.</param>
    /// <param name="oneSide">Its first leaf of its own, and the subtrees behind that.</param>
    /// <param name="other">Another signed checkpoint of the same log.</param>
    /// <param name="otherSide">Likewise.</param>
    /// <param name="common">How many leaves both share.</param>
    /// <param name="before">The subtrees that make up those.</param>
    public static ForkProof Diverging(
        byte[] one, ForkSide oneSide, byte[] other, ForkSide otherSide, long common, IReadOnlyList<Hash256> before) =>
        InOrder(one, other)
            ? new ForkProof(one, other, new ForkDivergence(common, before, oneSide, otherSide), [], [])
            : new ForkProof(other, one, new ForkDivergence(common, before, otherSide, oneSide), [], []);

    /// <summary>A proof that shows only that the two cannot both be true.</summary>
    /// <param name="smaller">The signed checkpoint with fewer entries, or either of equal ones.</param>
    /// <param name="larger">The other.</param>
    /// <param name="inside">The larger tree's subtrees over the smaller size; none for equal sizes.</param>
    /// <param name="rest">The larger tree's other subtrees; none for equal sizes.</param>
    public static ForkProof Contradiction(
        byte[] smaller, byte[] larger, IReadOnlyList<Hash256> inside, IReadOnlyList<Hash256> rest) =>
        InOrder(smaller, larger)
            ? new ForkProof(smaller, larger, null, inside, rest)
            : new ForkProof(larger, smaller, null, inside, rest);

    /// <summary>
    /// Verifies everything: both signatures, and that no log has both heads.
    /// </summary>
    /// <param name="origin">The log.</param>
    /// <param name="open">Reads and verifies a checkpoint of it.</param>
    /// <param name="freezeAt">
    /// How many entries of the log still count: the common ones, or, where that is not shown, those below the smaller
    /// size. Of several proofs the smallest holds, so that nodes with the same proofs agree.
    /// </param>
    /// <param name="error">What is wrong with it; whoever sent it is to blame.</param>
    public bool TryVerify(
        string origin, CheckpointOpener open, out long freezeAt, [NotNullWhen(false)] out string? error)
    {
        freezeAt = 0;
        if (!open(origin, First, out var first, out error) || !open(origin, Second, out var second, out error))
        {
            return false;
        }

        if (first.Size > second.Size || (first.Size == second.Size && !BytesInOrder(First, Second)))
        {
            error = "The checkpoints of a fork proof go in the order of their sizes, then of their bytes.";
            return false;
        }

        error = Divergence is { } at ? at.Fault(first, second) : FaultOfContradiction(first, second);
        freezeAt = Divergence?.Common ?? first.Size;
        return error is null;
    }

    /// <summary>The canonical MessagePack of the proof.</summary>
    public byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <summary>Reads a proof; nothing in it is verified.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ForkProof? proof, [NotNullWhen(false)] out string? error)
    {
        if (bytes.Length > MaxBytes)
        {
            proof = null;
            error = $"A fork proof has at most {MaxBytes} bytes.";
            return false;
        }

        return CanonicalReader.TryRead(bytes, Read, Write, out proof, out error);
    }

    /// <summary>Whether this proof takes the place of another that was verified: it freezes earlier, or says more.</summary>
    public bool Replaces(long freezeAt, ForkProof other, long otherFreezeAt) =>
        freezeAt < otherFreezeAt
        || (freezeAt == otherFreezeAt && Divergence is not null && other.Divergence is null)
        || (freezeAt == otherFreezeAt && (Divergence is null) == (other.Divergence is null)
            && Encode().AsSpan().SequenceCompareTo(other.Encode()) < 0);

    private string? FaultOfContradiction(Checkpoint first, Checkpoint second)
    {
        if (first.Size == second.Size)
        {
            return first.Root == second.Root ? "The two checkpoints agree."
                : Inside.Count > 0 || Rest.Count > 0 ? "Two roots of one size need no hashes."
                : null;
        }

        if (!CompactRange.TryRestore(first.Size, [.. Inside], out var tree, out _))
        {
            return "The hashes do not make up the smaller size.";
        }

        var inside = tree.Root();
        return !RangeProof.TryComplete(tree, second.Size, Rest) || tree.Root() != second.Root
                ? "The hashes do not make up the larger checkpoint."
            : inside == first.Root ? "The two checkpoints agree."
            : null;
    }

    // The sizes are in the notes; which is smaller is known without verifying anything.
    private static bool InOrder(byte[] one, byte[] other) =>
        Checkpoint.TryParse(one, out var a, out _) && Checkpoint.TryParse(other, out var b, out _)
            ? a.Size < b.Size || (a.Size == b.Size && BytesInOrder(one, other))
            : throw new ArgumentException("A fork proof is made of two checkpoints.");

    private static bool BytesInOrder(byte[] one, byte[] other) => one.AsSpan().SequenceCompareTo(other) <= 0;

    private static ForkProof Read(ref MessagePackReader reader)
    {
        var items = reader.ReadCount(9, "A fork proof");
        if (items is not (5 or 9))
        {
            throw new CanonicalReader.ShapeException("A fork proof is an array of 5 or 9 items.");
        }

        reader.ExpectVersion("The fork proof");
        var first = reader.ReadBinary(MaxNote, "A checkpoint");
        var second = reader.ReadBinary(MaxNote, "A checkpoint");
        if (items == 5)
        {
            return new ForkProof(first, second, null, ReadHashes(ref reader), ReadHashes(ref reader));
        }

        var common = reader.ReadNumber(ProtocolLimits.MaxLogSize, "The number of common leaves");
        var before = ReadHashes(ref reader);
        var one = new ForkSide(reader.ReadHash("A leaf hash"), ReadHashes(ref reader));
        var other = new ForkSide(reader.ReadHash("A leaf hash"), ReadHashes(ref reader));
        return new ForkProof(first, second, new ForkDivergence(common, before, one, other), [], []);
    }

    private static void Write(ref MessagePackWriter writer, ForkProof proof)
    {
        writer.WriteArrayHeader(proof.Divergence is null ? 5 : 9);
        writer.Write(1);
        writer.Write(proof.First);
        writer.Write(proof.Second);
        if (proof.Divergence is not { } at)
        {
            WriteHashes(ref writer, proof.Inside);
            WriteHashes(ref writer, proof.Rest);
            return;
        }

        writer.Write(at.Common);
        WriteHashes(ref writer, at.Before);
        writer.WriteHash(at.First.Leaf);
        WriteHashes(ref writer, at.First.After);
        writer.WriteHash(at.Second.Leaf);
        WriteHashes(ref writer, at.Second.After);
    }

    private static List<Hash256> ReadHashes(ref MessagePackReader reader)
    {
        var count = reader.ReadCount(MaxHashes, "A list of hashes");
        var hashes = new List<Hash256>(count);
        for (var i = 0; i < count; i++)
        {
            hashes.Add(reader.ReadHash("A hash"));
        }

        return hashes;
    }

    private static void WriteHashes(ref MessagePackWriter writer, IReadOnlyList<Hash256> hashes)
    {
        writer.WriteArrayHeader(hashes.Count);
        foreach (var hash in hashes)
        {
            writer.WriteHash(hash);
        }
    }
}

/// <summary>One branch from the first leaf of its own on.</summary>
/// <param name="Leaf">Hash of that leaf.</param>
/// <param name="After">The complete subtrees behind it up to the checkpoint's size, from left to right.</param>
public sealed record ForkSide(Hash256 Leaf, IReadOnlyList<Hash256> After);

/// <summary>Where two branches of a log part.</summary>
/// <param name="Common">Leaves that both share; also the index of the first that they do not.</param>
/// <param name="Before">The complete subtrees that make up the common leaves, from left to right.</param>
/// <param name="First">The branch of the smaller checkpoint.</param>
/// <param name="Second">The branch of the larger.</param>
public sealed record ForkDivergence(long Common, IReadOnlyList<Hash256> Before, ForkSide First, ForkSide Second)
{
    internal string? Fault(Checkpoint first, Checkpoint second) =>
        First.Leaf == Second.Leaf ? "The branches do not part where the proof says."
        : !Leads(First, first) ? "The hashes do not make up the smaller checkpoint."
        : !Leads(Second, second) ? "The hashes do not make up the larger checkpoint."
        : null;

    private bool Leads(ForkSide side, Checkpoint checkpoint) =>
        Common < checkpoint.Size
        && new RangeProof(Before, side.After).Verify(Common, [side.Leaf], checkpoint.Size, checkpoint.Root);
}
