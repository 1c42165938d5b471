using System.Buffers;
using System.Runtime.InteropServices;
using FederationNode.Protocol;

namespace FederationNode.Matching.Checking;

/// <summary>
/// Leaves out keywords that overlap a longer one, so that "ivory bangle" is reported without the "ivory" in it. The verdict
/// of an item is never another by it: a longer keyword does not hide one that is graver. Docs/protocol.md section 14.
/// </summary>
internal static class LongestPlaces
{
    /// <summary>
    /// Goes through the places, the longest first, of equally long ones the first, and keeps one unless a place that was kept
    /// already overlaps it and is as grave at least. Several indicators at the same place are kept or not each for itself.
    /// </summary>
    /// <param name="judged">The matches of one text; sorted anew.</param>
    /// <param name="textLength">Length of the text in UTF-16 units.</param>
    public static void Keep(List<JudgedMatch> judged, int textLength)
    {
        judged.Sort(ByLength);

        // For each unit of the text, one more than the gravest verdict that covers it; 0: nothing does.
        var covered = ArrayPool<byte>.Shared.Rent(textLength);
        covered.AsSpan(0, textLength).Clear();
        var kept = 0;
        for (var start = 0; start < judged.Count;)
        {
            var place = judged[start].Match;
            var units = covered.AsSpan(place.Start, place.Length);
            var (gravest, from) = (Gravest(units), kept);
            for (; start < judged.Count && IsSamePlace(judged[start], place.Start, place.Length); start++)
            {
                if (CoverOf(judged[start]) > gravest)
                {
                    judged[kept++] = judged[start];
                }
            }

            foreach (var match in CollectionsMarshal.AsSpan(judged)[from..kept])
            {
                Cover(units, CoverOf(match));
            }
        }

        judged.RemoveRange(kept, judged.Count - kept);
        ArrayPool<byte>.Shared.Return(covered);
    }

    /// <summary>Keeps so many places of each indicator: the first of the list.</summary>
    public static void Limit(List<JudgedMatch> judged, int places)
    {
        var counts = new Dictionary<Hash256, int>();
        judged.RemoveAll(match =>
        {
            var count = counts.GetValueOrDefault(match.Match.IndicatorId);
            counts[match.Match.IndicatorId] = count + 1;
            return count >= places;
        });
    }

    private static byte Gravest(ReadOnlySpan<byte> units)
    {
        byte gravest = 0;
        foreach (var unit in units)
        {
            gravest = Math.Max(gravest, unit);
        }

        return gravest;
    }

    private static void Cover(Span<byte> units, byte cover)
    {
        foreach (ref var unit in units)
        {
            unit = Math.Max(unit, cover);
        }
    }

    private static byte CoverOf(JudgedMatch match) => (byte)((int)match.Judgement.Verdict + 1);

    private static bool IsSamePlace(JudgedMatch match, int start, int length) =>
        match.Match.Start == start && match.Match.Length == length;

    private static int ByLength(JudgedMatch a, JudgedMatch b) =>
        b.Match.Length.CompareTo(a.Match.Length) is var byLength and not 0 ? byLength
        : a.Match.Start.CompareTo(b.Match.Start) is var byStart and not 0 ? byStart
        : a.Match.IndicatorId.CompareTo(b.Match.IndicatorId);
}
