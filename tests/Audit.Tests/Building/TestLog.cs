using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using MessagePack;
using Xunit;

namespace FederationNode.Audit.Tests.Building;

/// <summary>
/// A log and its tiles, written straight from docs/protocol.md section 4 and the definitions of RFC 6962, without the
/// tree code of the product: what the auditor accepts must not depend on the code that it shares with others.
/// </summary>
internal sealed class TestLog
{
    public TestLog(string origin, byte seed = 0)
    {
        Origin = origin;
        Key = SigningKey.FromSeed(origin, SHA256.HashData(Encoding.UTF8.GetBytes($"{origin}#{seed}")));
    }

    public string Origin { get; }

    public SigningKey Key { get; }

    public List<byte[]> Leaves { get; } = [];

    public List<(byte[] Salt, byte[] Payload)?> Payloads { get; } = [];

    public long Size => Leaves.Count;

    public int Add(Payload payload, long issued = 1_790_000_000) => Add(payload.Kind, payload.Encode(), issued);

    public int Add(string kind, byte[] payload, long issued = 1_790_000_000, string? origin = null)
    {
        var salt = SHA256.HashData(Encoding.UTF8.GetBytes($"{Origin}|{Leaves.Count}"))[..16];
        var leaf = Leaf.Of(origin ?? Origin, issued, null, kind, salt, payload);
        Leaves.Add(leaf.Encode());
        Payloads.Add((salt, payload));
        return Leaves.Count - 1;
    }

    public void AddRaw(byte[] leaf)
    {
        Leaves.Add(leaf);
        Payloads.Add(null);
    }

    public void AddListings(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Add(Listing(string.Create(CultureInfo.InvariantCulture, $"word {Leaves.Count}")), 1_790_000_000 + i);
        }
    }

    public static ListingPayload Listing(string keyword) => new()
    {
        Indicator = Indicator.Keyword(keyword),
        Category = "ivory",
        Severity = 2,
        Confidence = 80,
        Action = "review",
        Expires = 1_795_000_000,
        Context = KeywordContext.None,
    };

    /// <summary>The first entries, with their meaning.</summary>
    public IEnumerable<LogEntry> Entries(int size)
    {
        for (var i = 0; i < size; i++)
        {
            var (leaf, (salt, payload)) = (Leaves[i], Payloads[i]!.Value);
            Assert.True(LogEntry.TryInterpret(
                Protocol.Origin.Parse(Origin), i, Hash256.Of([0, .. leaf]), leaf, salt, payload, out var entry, out _));
            yield return entry;
        }
    }

    public LogHead Head(int size) => new(Origin, size, Root(size));

    public Hash256 Root(int size) => size == 0 ? new Hash256(SHA256.HashData([])) : Mth(0, size);

    /// <summary>The hash over a complete subtree.</summary>
    public Hash256 Node(NodeId node) => Mth((int)node.Begin, (int)node.End);

    /// <summary>Another history of this log, signed by the same key, that parts in an entry.</summary>
    public TestLog Fork(int common, int size)
    {
        var other = new TestLog(Origin);
        other.Leaves.AddRange(Leaves[..common]);
        other.Payloads.AddRange(Payloads[..common]);
        for (var i = common; i < size; i++)
        {
            other.Add(Listing(string.Create(CultureInfo.InvariantCulture, $"other {i}")));
        }

        return other;
    }

    /// <summary>The proof that two histories part in an entry.</summary>
    public static ForkProof Divergence(TestLog one, TestLog other, int common) => ForkProof.Diverging(
        one.Checkpoint((int)one.Size),
        one.SideFrom(common),
        other.Checkpoint((int)other.Size),
        other.SideFrom(common),
        common,
        [.. CompactRange.Nodes(0, common).Select(one.Node)]);

    /// <summary>The proof that a signed head is none of another, larger history.</summary>
    public static ForkProof Contradiction(TestLog smaller, TestLog larger) => ForkProof.Contradiction(
        smaller.Checkpoint((int)smaller.Size),
        larger.Checkpoint((int)larger.Size),
        smaller.Size == larger.Size ? [] : [.. CompactRange.Nodes(0, smaller.Size).Select(larger.Node)],
        smaller.Size == larger.Size ? [] : [.. CompactRange.Nodes(smaller.Size, larger.Size).Select(larger.Node)]);

    public byte[] Checkpoint(int size) => new Checkpoint(Origin, size, Root(size)).Sign(Key);

    /// <summary>Every file of the log at a size.</summary>
    public Dictionary<string, byte[]> Files(int? atSize = null)
    {
        var size = atSize ?? Leaves.Count;
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["checkpoint"] = Checkpoint(size),
            ["vkey"] = Encoding.UTF8.GetBytes($"{Key.VerificationKey}\n"),
        };
        AddTiles(files, "entries", size, (begin, end) => [.. Leaves[begin..end].SelectMany(Prefixed)]);
        AddTiles(files, "payloads", size, EncodePayloads);
        for (var level = 0; size >> (8 * level) > 0; level++)
        {
            var width = 1 << (8 * level);
            AddTiles(files, level.ToString(CultureInfo.InvariantCulture), size >> (8 * level), (begin, end) =>
                [.. Enumerable.Range(begin, end - begin).SelectMany(i => Mth(i * width, (i + 1) * width).ToArray())]);
        }

        return files;
    }

    public MemorySource Source(int? atSize = null, string name = "memory") => new($"{name}:{Origin}", Files(atSize));

    /// <summary>A copy that holds entries beyond its checkpoint, if it has one, under a larger one.</summary>
    public MemorySource Covered(int signed, int held, int cover, string name = "covered")
    {
        var files = Files(held);
        files.Remove("checkpoint");
        if (signed > 0)
        {
            files["checkpoint"] = Checkpoint(signed);
        }

        return new MemorySource($"{name}:{Origin}", files)
        {
            Beyond = new HeldBeyond(Checkpoint(cover), held, [.. CompactRange.Nodes(held, cover).Select(Node)]),
        };
    }

    private static void AddTiles(
        Dictionary<string, byte[]> files, string level, int count, Func<int, int, byte[]> encode)
    {
        for (var begin = 0; begin < count; begin += 256)
        {
            var width = Math.Min(256, count - begin);
            var partial = width == 256 ? "" : string.Create(CultureInfo.InvariantCulture, $".p/{width}");
            files[string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{begin / 256:000}{partial}")] =
                encode(begin, begin + width);
        }
    }

    private static byte[] Prefixed(byte[] leaf)
    {
        var prefix = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)leaf.Length);
        return [.. prefix, .. leaf];
    }

    private ForkSide SideFrom(int common) =>
        new(Node(new NodeId(0, common)), [.. CompactRange.Nodes(common + 1, Size).Select(Node)]);

    private byte[] EncodePayloads(int begin, int end)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(end - begin);
        foreach (var item in Payloads[begin..end])
        {
            if (item is not { } held)
            {
                writer.WriteNil();
                continue;
            }

            writer.WriteArrayHeader(2);
            writer.Write(held.Salt);
            writer.Write(held.Payload);
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>MTH(D[begin:end]) of RFC 6962 section 2.1, word for word.</summary>
    private Hash256 Mth(int begin, int end)
    {
        if (end - begin == 1)
        {
            return Hash256.Of([0, .. Leaves[begin]]);
        }

        var split = 1;
        while (split * 2 < end - begin)
        {
            split *= 2;
        }

        return Hash256.Of([1, .. Mth(begin, begin + split).ToArray(), .. Mth(begin + split, end).ToArray()]);
    }
}

/// <summary>A copy of a log in memory.</summary>
internal sealed class MemorySource(string name, Dictionary<string, byte[]> files, string? origin = null) : ILogSource
{
    public Dictionary<string, byte[]> Files { get; } = files;

    public string Name { get; } = name;

    public string? Origin { get; } = origin;

    public HeldBeyond? Beyond { get; init; }

    public Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken) =>
        Task.FromResult(Files.GetValueOrDefault(path));

    public MemorySource With(string path, byte[]? bytes)
    {
        var copy = new Dictionary<string, byte[]>(Files, StringComparer.Ordinal);
        if (bytes is null)
        {
            copy.Remove(path);
        }
        else
        {
            copy[path] = bytes;
        }

        return new MemorySource(Name, copy, Origin) { Beyond = Beyond };
    }

    public MemorySource Flip(string path, int position, byte mask = 1)
    {
        var bytes = Files[path].ToArray();
        bytes[position] ^= mask;
        return With(path, bytes);
    }
}
