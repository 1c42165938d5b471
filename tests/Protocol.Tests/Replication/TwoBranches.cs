using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>A log of numbered entries whose origin forked: from some entry on, the branches have different ones.</summary>
internal sealed class Branch(string name, long common, long size)
{
    public const string Origin = "test/forker/indicators/1";

    private static readonly SigningKey s_key = SigningKey.FromSeed(Origin, SHA256.HashData("two branches"u8));

    public long Size => size;

    public byte[] NoteAt(long at) => new Checkpoint(Origin, at, MerkleHash.Root(Leaves(0, at))).Sign(s_key);

    public byte[] Note => NoteAt(size);

    public static bool Open(
        string origin,
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error) =>
        Checkpoint.TryOpen(note, s_key.VerificationKey, out checkpoint, out error);

    public byte[] Entry(long index) => [.. System.Text.Encoding.UTF8.GetBytes($"{(index < common ? "" : name)}{index}")];

    public Hash256[] Leaves(long from, long end) =>
        [.. Enumerable.Range((int)from, (int)(end - from)).Select(i => MerkleHash.Leaf(Entry(i)))];

    public IReadOnlyList<Hash256> Nodes(IReadOnlyList<NodeId> nodes) =>
        [.. nodes.Select(n => MerkleHash.Root(Leaves(n.Begin, n.End)))];

    public VerifiedRange Range(long from, int count)
    {
        var end = Math.Min(size, from + count);
        var proof = RangeProof.Of(from, Nodes(RangeProof.Nodes(from, end, size)));
        List<SentEntry> entries = [.. Enumerable.Range((int)from, (int)(end - from)).Select(i => new SentEntry(Entry(i), null, null))];
        return VerifiedRange.TryVerify(Origin, Note, from, entries, proof, Open, out var range, out var error)
            ? range
            : throw new InvalidOperationException(error);
    }
}
