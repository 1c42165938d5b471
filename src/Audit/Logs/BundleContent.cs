using System.Buffers.Binary;
using System.Globalization;

namespace FederationNode.Audit.Logs;

/// <summary>
/// What an entry bundle holds, each as <c>uint16 length (big-endian) || leaf</c>. Unlike a node, which refuses a
/// malformed bundle whole, an auditor reads as far as it can to name the entry at which it breaks.
/// </summary>
/// <param name="Leaves">The entries that could be read, in order; nothing is copied.</param>
/// <param name="Length">Bytes that the wanted entries take.</param>
/// <param name="Error">What is wrong, or null.</param>
internal sealed record BundleContent(IReadOnlyList<ReadOnlyMemory<byte>> Leaves, int Length, string? Error)
{
    /// <summary>Reads the first <paramref name="width"/> entries of a bundle of <paramref name="found"/>.</summary>
    public static BundleContent Parse(ReadOnlyMemory<byte> bytes, int found, int width)
    {
        var leaves = new List<ReadOnlyMemory<byte>>(width);
        var at = 0;
        while (leaves.Count < width)
        {
            var rest = bytes.Length - at - sizeof(ushort);
            var length = rest < 0 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[at..]);
            if (length == 0 || length > rest)
            {
                return Malformed(
                    leaves, at, $"The bundle ends within entry {leaves.Count} of {width}, or that entry is empty.");
            }

            leaves.Add(bytes.Slice(at + sizeof(ushort), length));
            at += sizeof(ushort) + length;
        }

        return found == width && at != bytes.Length
            ? Malformed(leaves, at, $"{bytes.Length - at} bytes follow the last of {width} entries.")
            : new BundleContent(leaves, at, null);
    }

    private static BundleContent Malformed(List<ReadOnlyMemory<byte>> leaves, int at, FormattableString error) =>
        new(leaves, at, error.ToString(CultureInfo.InvariantCulture));
}
