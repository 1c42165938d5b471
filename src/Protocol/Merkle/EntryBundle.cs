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
        if (count is < 0 or > MaxEntries)
        {
            error = $"A bundle has at most {MaxEntries} entries.";
            return false;
        }

        var found = new List<ReadOnlyMemory<byte>>(count);
        while (found.Count < count)
        {
            if (bundle.Length < LengthSize
                || BinaryPrimitives.ReadUInt16BigEndian(bundle.Span) is var length && (length == 0 || bundle.Length < LengthSize + length))
            {
                error = $"The bundle ends within entry {found.Count} of {count}, or that entry is empty.";
                return false;
            }

            found.Add(bundle.Slice(LengthSize, length));
            bundle = bundle[(LengthSize + length)..];
        }

        if (!bundle.IsEmpty)
        {
            error = $"Bytes follow the last of {count} entries.";
            return false;
        }

        entries = found;
        error = null;
        return true;
    }
}
