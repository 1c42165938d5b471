using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// The entries of a tile (C2SP tlog-tiles v0.1.0). Bytes: for each entry its length (u16, big-endian), then the entry.
/// At most 256 entries of at most 65,535 bytes.
/// </summary>
public static class EntryBundle
{
    /// <summary>Longest entry in bytes: 65,535.</summary>
    public const int MaxEntrySize = ushort.MaxValue;

    /// <summary>Longest bundle in bytes: 256 entries of the longest kind.</summary>
    public const int MaxSize = MerkleTree.TileWidth * (LengthSize + MaxEntrySize);

    private const int LengthSize = sizeof(ushort);

    /// <summary>Writes a bundle.</summary>
    /// <exception cref="ArgumentException">More than 256 entries, or one longer than 65,535 bytes.</exception>
    public static byte[] Encode(params ReadOnlySpan<ReadOnlyMemory<byte>> entries)
    {
        if (entries.Length > MerkleTree.TileWidth)
        {
            throw new ArgumentException(
                $"A bundle has at most {MerkleTree.TileWidth} entries, not {entries.Length}.", nameof(entries));
        }

        var size = 0;
        foreach (var entry in entries)
        {
            if (entry.Length > MaxEntrySize)
            {
                throw new ArgumentException(
                    $"An entry has at most {MaxEntrySize} bytes, not {entry.Length}.", nameof(entries));
            }

            size += LengthSize + entry.Length;
        }

        var bundle = new byte[size];
        var rest = bundle.AsSpan();
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)entry.Length);
            entry.Span.CopyTo(rest[LengthSize..]);
            rest = rest[(LengthSize + entry.Length)..];
        }

        return bundle;
    }

    /// <summary>
    /// Reads a bundle of exactly <paramref name="width"/> entries, which stay in the caller's memory. Allocates one
    /// array of that many slices, and only once the whole bundle has been checked.
    /// </summary>
    /// <param name="bundle">The bytes.</param>
    /// <param name="width">Entries expected, 1 to 256.</param>
    /// <param name="entries">The entries in order.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bundle,
        int width,
        [NotNullWhen(true)] out ReadOnlyMemory<byte>[]? entries,
        [NotNullWhen(false)] out string? error)
    {
        entries = null;
        if (!Check(bundle.Span, width, out error))
        {
            return false;
        }

        entries = new ReadOnlyMemory<byte>[width];
        for (var i = 0; i < width; i++)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span);
            entries[i] = bundle.Slice(LengthSize, length);
            bundle = bundle[(LengthSize + length)..];
        }

        return true;
    }

    /// <summary>
    /// Hashes the entries of a bundle straight from its bytes, one for each place in <paramref name="leafHashes"/>,
    /// without any allocation. The caller compares the root with a checkpoint, which proves every byte.
    /// </summary>
    /// <param name="bundle">The bytes, with exactly as many entries as there are places.</param>
    /// <param name="leafHashes">1 to 256 places; unchanged if the bundle is refused.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryHash(
        ReadOnlySpan<byte> bundle, Span<Hash256> leafHashes, [NotNullWhen(false)] out string? error)
    {
        if (!Check(bundle, leafHashes.Length, out error))
        {
            return false;
        }

        foreach (ref var hash in leafHashes)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle);
            hash = MerkleHash.Leaf(bundle.Slice(LengthSize, length));
            bundle = bundle[(LengthSize + length)..];
        }

        return true;
    }

    private static bool Check(ReadOnlySpan<byte> bundle, int width, [NotNullWhen(false)] out string? error)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, MerkleTree.TileWidth);
        for (var i = 0; i < width; i++)
        {
            if (bundle.Length < LengthSize
                || bundle.Length - LengthSize < BinaryPrimitives.ReadUInt16BigEndian(bundle))
            {
                error = $"The bundle ends inside entry {i} of {width}: fetch it again.";
                return false;
            }

            bundle = bundle[(LengthSize + BinaryPrimitives.ReadUInt16BigEndian(bundle))..];
        }

        error = bundle.IsEmpty ? null : $"The bundle has {bundle.Length} bytes after its {width} entries.";
        return error is null;
    }
}
