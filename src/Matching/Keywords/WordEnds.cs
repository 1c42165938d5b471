using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// Whether the ends of a place are word boundaries by UAX #29 too, which has fewer of them than pieces have ends: none
/// within <c>ivory.shop</c>. Tailored as its section 4.1 proposes for elision: an apostrophe or underscore ends a word, as
/// in <c>d'ivoire</c>, <c>ivory's</c>, <c>ivory_box</c>.
/// </summary>
internal static class WordEnds
{
    private const int MaxContext = 64;
    private const int MaxStack = 512;

    /// <summary>Asks for the ends that are needed.</summary>
    public static bool AreAt(ScanText text, int start, int end, Boundaries needed)
    {
        var atStart = (needed & Boundaries.Start) != 0 && IsDoubtful(text, start);
        var atEnd = (needed & Boundaries.End) != 0 && IsDoubtful(text, end);
        if (!atStart && !atEnd)
        {
            return true;
        }

        // UAX #29 speaks of view V1, in which there are no invisible characters.
        var (from, to) = (Reach(text.Units, start, -1), Reach(text.Units, end, 1));
        Span<char> view = to - from <= MaxStack ? stackalloc char[to - from] : new char[to - from];
        var (length, startAt, endAt) = (0, 0, 0);
        for (var index = from; index < to;)
        {
            startAt = index == start ? length : startAt;
            endAt = index == end ? length : endAt;
            var isIgnored = text.KindAt(index, out var width) == UnitKind.Ignored;
            for (var behind = Math.Min(index + width, to); index < behind; index++)
            {
                var unit = text.Units[index];
                if (!isIgnored || TextUnits.Folded[unit] != 0)
                {
                    view[length++] = char.IsSurrogate(unit) ? unit : TextUnits.Folded[unit];
                }
            }
        }

        endAt = end == to ? length : endAt;
        Span<bool> boundaries = length < MaxStack ? stackalloc bool[length + 1] : new bool[length + 1];
        WordBreaks.Mark(view[..length], boundaries);
        return (!atStart || boundaries[startAt]) && (!atEnd || boundaries[endAt]);
    }

    /// <summary>Next to white space, or to nothing, there is no doubt.</summary>
    private static bool IsDoubtful(ScanText text, int index)
    {
        var before = text.KindBefore(index, out var at);
        var behind = text.KindFrom(index, out var next);
        return before != UnitKind.Space && behind != UnitKind.Space && next < text.Length
            && !EndsWords(text.Units[at]) && !EndsWords(text.Units[next]);
    }

    private static bool EndsWords(char unit) => unit is '\'' or '\u2019' or '_';

    private static int Reach(ReadOnlySpan<char> text, int index, int step)
    {
        var limit = step < 0 ? Math.Max(0, index - MaxContext) : Math.Min(text.Length, index + MaxContext);
        while (index != limit && !char.IsWhiteSpace(text[step < 0 ? index - 1 : index]))
        {
            index += step;
        }

        return index;
    }
}
