using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>
/// What a log hashes: the MessagePack array <c>[1, origin, kind, issued, ref, C]</c>, of a listing mostly with its
/// <see cref="ListingTerm"/> behind. It names the log it belongs to and holds nothing personal and nothing that can be guessed: the content is behind the commitment C, whose salt
/// stands beside the payload only. docs/protocol.md, "Leaf".
/// </summary>
/// <param name="Origin">The log that this entry belongs to. An entry that names another log does nothing.</param>
/// <param name="Kind">The kind of the payload: one of <see cref="EntryKind"/> or an unknown code.</param>
/// <param name="Issued">The writer's claim of the time, in unix seconds. Nothing is decided by it but expiry limits.</param>
/// <param name="Ref">Index of the earlier entry of the same log that this one amends, or null.</param>
/// <param name="Commitment">C: see <see cref="Commit"/>.</param>
public sealed record Leaf(string Origin, string Kind, long Issued, long? Ref, Hash256 Commitment)
{
    private const int MaxStack = 1024;
    private const int Items = 6;
    private const int ItemsWithTerm = 9;

    /// <summary>
    /// What a listing's leaf says of when it ends, or null: it is still known when the payload is gone. Always null for
    /// other kinds.
    /// </summary>
    public ListingTerm? Term { get; init; }

    private static ReadOnlySpan<byte> CommitmentDomain => "fednode/payload/1\0"u8;

    /// <summary>
    /// The commitment <c>SHA-256("fednode/payload/1" || 0x00 || salt || payload)</c>. With the salt erased, nobody can
    /// test a guess of the payload against it.
    /// </summary>
    /// <param name="salt">16 uniformly random bytes, fresh for each entry.</param>
    /// <param name="payload">The encoded payload.</param>
    /// <exception cref="ArgumentException">The salt is not 16 bytes long.</exception>
    public static Hash256 Commit(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload)
    {
        if (salt.Length != ProtocolLimits.SaltSize)
        {
            throw new ArgumentException($"A salt has {ProtocolLimits.SaltSize} bytes, not {salt.Length}.", nameof(salt));
        }

        var length = CommitmentDomain.Length + salt.Length + payload.Length;
        var rented = length > MaxStack ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> input = rented ?? stackalloc byte[MaxStack];
        CommitmentDomain.CopyTo(input);
        salt.CopyTo(input[CommitmentDomain.Length..]);
        payload.CopyTo(input[(CommitmentDomain.Length + salt.Length)..]);
        var hash = Hash256.Of(input[..length]);
        if (rented is not null)
        {
            // It may be erased later: no copy is left behind.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }

        return hash;
    }

    /// <summary>The leaf of an entry: of a listing with its term.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="issued">Unix seconds.</param>
    /// <param name="amends">Index of the earlier entry of the log that it amends, or null.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="salt">16 uniformly random bytes, fresh for each entry.</param>
    /// <param name="payload">The encoded payload.</param>
    public static Leaf Of(
        string origin, long issued, long? amends, string kind, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload)
    {
        var leaf = new Leaf(origin, kind, issued, amends, Commit(salt, payload));
        return kind == EntryKind.Listing && Payload.TryDecode(kind, payload, out var content, out _)
            ? leaf with { Term = ListingTerm.Of((ListingPayload)content) }
            : leaf;
    }

    /// <summary>Whether <paramref name="salt"/> and <paramref name="payload"/> are what this leaf commits to.</summary>
    public bool Opens(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload) =>
        salt.Length == ProtocolLimits.SaltSize && Commit(salt, payload) == Commitment;

    /// <summary>The canonical bytes: what the log stores and hashes.</summary>
    public byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <summary>
    /// Reads a leaf. A refusal is the same on every node and makes the entry a no-op; it does not stop the log.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out Leaf? leaf,
        [NotNullWhen(false)] out string? error)
    {
        if (bytes.Length > ProtocolLimits.MaxLeaf)
        {
            leaf = null;
            error = $"A leaf has at most {ProtocolLimits.MaxLeaf} bytes, not {bytes.Length}.";
            return false;
        }

        return CanonicalReader.TryRead(bytes, Read, Write, out leaf, out error);
    }

    private static Leaf Read(ref MessagePackReader reader)
    {
        var items = reader.ReadCount(ItemsWithTerm, "A leaf");
        if (items is not (Items or ItemsWithTerm))
        {
            throw new CanonicalReader.ShapeException($"A leaf is an array of {Items} items, a listing's also of {ItemsWithTerm}.");
        }

        reader.ExpectVersion("The leaf");
        var origin = reader.ReadWord(Protocol.Origin.MaxLength, "A leaf's origin");
        var kind = reader.ReadCode("A leaf's kind");
        var issued = reader.ReadNumber(ProtocolLimits.MaxTime, "A leaf's time of issue");
        long? amends = reader.TryReadNil() ? null : reader.ReadNumber(ProtocolLimits.MaxLogSize, "A leaf's ref");
        var commitment = reader.ReadHash("A leaf's commitment");
        var leaf = new Leaf(origin, kind, issued, amends, commitment);
        return items == Items ? leaf
            : kind == EntryKind.Listing ? leaf with { Term = ListingTerm.Read(ref reader) }
            : throw new CanonicalReader.ShapeException($"The leaf of an entry of kind {kind} has {Items} items.");
    }

    private static void Write(ref MessagePackWriter writer, Leaf leaf)
    {
        writer.WriteArrayHeader(leaf.Term is null ? Items : ItemsWithTerm);
        writer.Write(1);
        writer.Write(leaf.Origin);
        writer.Write(leaf.Kind);
        writer.Write(leaf.Issued);
        if (leaf.Ref is { } amends)
        {
            writer.Write(amends);
        }
        else
        {
            writer.WriteNil();
        }

        writer.WriteHash(leaf.Commitment);
        leaf.Term?.Write(ref writer);
    }
}
