using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;

namespace FederationNode.Grains.Logs;

/// <content>Outlines: what is given to others of this log.</content>
public sealed partial class StoredLog
{
    /// <summary>Reads entries of which some are to be whole, and of the others the hashes.</summary>
    /// <param name="from">First index.</param>
    /// <param name="end">Index above the last one wanted; at most the size.</param>
    /// <param name="maxBytes">After how many bytes to stop; one entry is always read.</param>
    /// <param name="whole">Those to be whole, in their order.</param>
    public async Task<(byte[] Hashes, List<WholeEntry> Whole)> ReadOutlineAsync(
        long from, long end, int maxBytes, IReadOnlyList<long> whole)
    {
        var (hashes, entries) = (new MemoryStream(), new List<WholeEntry>());
        var (next, bytes) = (0, 0);
        while (from < end && (bytes < maxBytes || bytes == 0))
        {
            var number = from / Width;
            var last = Math.Min(end, (number + 1) * Width);
            while (next < whole.Count && whole[next] < from)
            {
                next++;
            }

            IReadOnlyList<Hash256> leafHashes;
            IReadOnlyList<StoredEntry>? bundle;
            try
            {
                leafHashes = await ReadTileAsync(0, number);
                bundle = next < whole.Count && whole[next] < last ? await ReadBundleAsync(number) : null;
            }
            catch (CorruptStateException) when (bytes > 0)
            {
                // What comes before the damage is as good as ever; who reads on meets it again.
                break;
            }

            for (; from < last && (bytes < maxBytes || bytes == 0); from++)
            {
                var at = (int)(from % Width);
                if (next < whole.Count && whole[next] == from)
                {
                    next++;
                    entries.Add(new WholeEntry(from, bundle![at]));
                    bytes += bundle[at].WireSize;
                }
                else
                {
                    hashes.Write(leafHashes[at].Span);
                    bytes += Hash256.Size;
                }
            }
        }

        return (hashes.ToArray(), entries);
    }
}
