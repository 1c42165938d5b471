using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using MessagePack;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>Part 17.9 of the worked examples: a range with its proof, a push, and proofs of a fork in both forms.</summary>
internal static class ReplicationExamples
{
    public const int From = 2;
    public const int End = 4;
    public const int Size = 7;

    /// <summary>How the log goes on at its fifth entry, on the branch that alpha must not have signed.</summary>
    public static IReadOnlyList<ExampleEntry> OtherBranch { get; } =
    [
        .. DemoLogs.AlphaEntries.Take(4),
        new(DemoLogs.Alpha, 4, new WithdrawalPayload(DemoLogs.Keyword.Id, "legal"), DemoLogs.Count(0xb0, 16)) { Ref = 0 },
    ];

    public static RangeProof Range => RangeProof.Of(From, Nodes(DemoLogs.AlphaEntries, RangeProof.Nodes(From, End, Size)));

    public static ForkProof Diverging
    {
        get
        {
            var (fewer, more) = (OtherBranch, DemoLogs.AlphaEntries);
            var common = RangeProof.Of(4, Nodes(fewer, RangeProof.Nodes(4, 5, fewer.Count)));
            var behind = RangeProof.Of(4, Nodes(more, RangeProof.Nodes(4, 5, more.Count))).After;
            return ForkProof.Diverging(
                Note(fewer),
                new ForkSide(fewer[4].LeafHash, common.After),
                Note(more),
                new ForkSide(more[4].LeafHash, behind),
                4,
                common.Before);
        }
    }

    public static ForkProof Contradiction
    {
        get
        {
            var (fewer, more) = (OtherBranch, DemoLogs.AlphaEntries);
            return ForkProof.Contradiction(
                Note(fewer),
                Note(more),
                Nodes(more, CompactRange.Nodes(0, fewer.Count)),
                Nodes(more, CompactRange.Nodes(fewer.Count, more.Count)));
        }
    }

    public static byte[] Note(IReadOnlyList<ExampleEntry> log)
    {
        using var key = DemoLogs.AlphaKey();
        return DemoLogs.CheckpointOf(DemoLogs.HeadOf(log, log.Count)).Sign(key);
    }

    public static bool Open(string origin, ReadOnlySpan<byte> note, out Checkpoint? checkpoint, out string? error)
    {
        using var key = DemoLogs.AlphaKey();
        return Checkpoint.TryOpen(note, key.VerificationKey, out checkpoint, out error);
    }

    public static string Write() => new Page()
        .Heading("17.9 A range, a push, proofs of a fork")
        .Text($"Entries {From} and {End - 1} of `demo/alpha/indicators/1` under its checkpoint of size {Size}: `before` is the root of\n"
            + "`[0, 2)`, `after` those of `[4, 6)` and `[6, 7)`.")
        .Block(
        [
            .. Range.Before.Select((h, i) => ($"before {i}", (object)h)),
            .. Enumerable.Range(From, End - From).Select(i => ($"leaf hash {i}", (object)DemoLogs.AlphaEntries[i].LeafHash)),
            .. Range.After.Select((h, i) => ($"after {i}", (object)h)),
        ])
        .Text("The body of a push of these entries, and the answer of a peer that then holds four, with a head of size 2:")
        .Block(("push", Push()), ("answer", MessagePackSerializer.Serialize(new long[] { 2, 4 })))
        .Text("Alpha signs a second log that differs from its fifth entry on, and ends there. The proof that shows the different\n"
            + "leaves freezes the log at 4, the one that shows only that the larger tree does not begin with the smaller one, at 5.")
        .Block(("divergence", Diverging.Encode()), ("contradiction", Contradiction.Encode()))
        .ToString();

    public static Hash256 Live
    {
        get
        {
            using var digest = new LiveDigest();
            foreach (var index in LiveEntries)
            {
                digest.Add(index);
            }

            return digest.Finish();
        }
    }

    /// <summary>The opinion, the tally and the withdrawal.</summary>
    public static IReadOnlyList<long> LiveEntries => [2, 3, 4];

    public static string WriteOutline() => new Page()
        .Heading("17.10 An outline")
        .Text("Of the first seven entries of `demo/alpha/indicators/1` 2, 3 and 4 are live: 0 was replaced by 4, 1 is erased by 5,\n"
            + "and 6 writes no cell. The body of an answer with the whole outline, in which 5, an order to erase, is whole, too;\n"
            + "and the answer to a question for the live ones of these entries:")
        .Block(("outline", Outline()), ("live", MessagePackSerializer.Serialize(new[] { Live.ToArray() })))
        .ToString();

    /// <summary>The body of an answer with the whole outline.</summary>
    public static byte[] Outline()
    {
        int[] whole = [2, 3, 4, 5];
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(7);
        writer.Write(Note(DemoLogs.AlphaEntries));
        writer.Write(0);
        writer.Write(Size);
        writer.Write(new[] { 0, 1, 6 }.SelectMany(i => DemoLogs.AlphaEntries[i].LeafHash.ToArray()).ToArray());
        writer.WriteArrayHeader(whole.Length);
        foreach (var index in whole)
        {
            var entry = DemoLogs.AlphaEntries[index];
            writer.WriteArrayHeader(4);
            writer.Write(index);
            writer.Write(entry.Leaf.Encode());
            writer.Write(entry.Salt);
            writer.Write(entry.PayloadBytes);
        }

        writer.WriteArrayHeader(0);
        writer.WriteArrayHeader(0);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Push()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(6);
        writer.Write(Note(DemoLogs.AlphaEntries));
        writer.Write(Size);
        writer.Write(From);
        writer.WriteArrayHeader(End - From);
        foreach (var entry in DemoLogs.AlphaEntries.Skip(From).Take(End - From))
        {
            writer.WriteArrayHeader(3);
            writer.Write(entry.Leaf.Encode());
            writer.Write(entry.Salt);
            writer.Write(entry.PayloadBytes);
        }

        foreach (var hashes in new[] { Range.Before, Range.After })
        {
            writer.WriteArrayHeader(hashes.Count);
            foreach (var hash in hashes)
            {
                writer.Write(hash.ToArray());
            }
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static IReadOnlyList<Hash256> Nodes(IReadOnlyList<ExampleEntry> log, IReadOnlyList<NodeId> nodes) =>
        [.. nodes.Select(n => MerkleHash.Root([.. log.Skip((int)n.Begin).Take((int)(n.End - n.Begin)).Select(e => e.LeafHash)]))];
}
