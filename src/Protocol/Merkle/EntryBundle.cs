using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// Up to 256 entries, each as <c>uint16 length (big-endian) || entry</c> (C2SP tlog-tiles, "Log entries").
/// </summary>
public static class EntryBundle
{
    /// <summary>Entries of a full bundle.</summary>
    public const int MaxEntries = 256;

    private const int LengthSize = 2;

    /// <summary>Joins entries.</summary>
    /// <exception cref="ArgumentException">There are more than 256, or one is empty or longer than 65,535 bytes.</exception>
    public static byte[] Encode(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        if (entries.Count > MaxEntries || entries.Any(e => e.Length is 0 or > ProtocolLimits.MaxEntry))
        {
            throw new ArgumentException("A bundle has at most 256 entries of 1 to 65,535 bytes.", nameof(entries));
        }

        var bundle = new byte[entries.Sum(e => LengthSize + e.Length)];
        var rest = bundle.AsSpan();
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)entry.Length);
            entry.Span.CopyTo(rest[LengthSize..]);
            rest = rest[(LengthSize + entry.Length)..];
        }

        return bundle;
    }

    /// <summary>Splits a bundle that must hold exactly <paramref name="count"/> entries; nothing is copied.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bundle,
        int count,
        [NotNullWhen(true)] out IReadOnlyList<ReadOnlyMemory<byte>>? entries,
        [NotNullWhen(false)] out string? error)
    {
        entries = null;
        if (!Check(bundle.Span, count, out error))
        {
            return false;
        }

        var found = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span);
            found[i] = bundle.Slice(LengthSize, length);
            bundle = bundle[(LengthSize + length)..];
        }

        entries = found;
        return true;
    }

    /// <summary>
    /// Hashes the entries of a bundle straight from its bytes, one for each place in <paramref name="leafHashes"/>,
    /// without any allocation. The caller compares the root with a checkpoint, which proves every byte.
    /// </summary>
    /// <param name="bundle">The bytes, with exactly as many entries as there are places.</param>
    /// <param name="leafHashes">At most 256 places; unchanged if the bundle is refused.</param>
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

    /// <summary>Walks over the whole bundle before anything is allocated or hashed.</summary>
    private static bool Check(ReadOnlySpan<byte> bundle, int count, [NotNullWhen(false)] out string? error)
    {
        if (count is < 0 or > MaxEntries)
        {
            error = $"A bundle has at most {MaxEntries} entries.";
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var length = bundle.Length < LengthSize ? 0 : BinaryPrimitives.ReadUInt16BigEndian(bundle);
            if (length == 0 || bundle.Length < LengthSize + length)
            {
                error = $"The bundle ends within entry {i} of {count}, or that entry is empty.";
                return false;
            }

            bundle = bundle[(LengthSize + length)..];
        }

        error = bundle.IsEmpty ? null : $"Bytes follow the last of {count} entries.";
        return error is null;
    }
}
