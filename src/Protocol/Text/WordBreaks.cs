using static FederationNode.Protocol.Text.WordBreakClass;

namespace FederationNode.Protocol.Text;

/// <summary>
/// Default word boundaries of UAX #29 (Unicode 15.0), from the pinned tables. One pass forward, linear whatever the
/// text. Rule WB3c uses a stand-in for Extended_Pictographic (see data/README.md); it needs a zero-width joiner, which
/// normalised text never has.
/// </summary>
public static class WordBreaks
{
    private const uint ClassMask = 31;
    private const uint Pictographic = 1u << 5;

    /// <summary>
    /// Writes for every position of <paramref name="text"/> (UTF-16, may be ill-formed), from 0 to its length, whether
    /// a word boundary is there. Never inside a surrogate pair.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="boundaries"/> has not length + 1 elements.</exception>
    public static void Mark(ReadOnlySpan<char> text, Span<bool> boundaries)
    {
        if (boundaries.Length != text.Length + 1)
        {
            throw new ArgumentException("One element more than the text has units is needed.", nameof(boundaries));
        }

        boundaries.Clear();
        if (text.IsEmpty)
        {
            return;
        }

        boundaries[0] = true;
        boundaries[^1] = true;
        var state = default(State);
        state.Advance(Class(text, 0, out var index));
        while (index < text.Length)
        {
            var next = Class(text, index, out var width);
            boundaries[index] = state.BreaksBefore(next, text, index + width);
            state.Advance(next);
            index += width;
        }
    }

    private static uint Class(ReadOnlySpan<char> text, int index, out int width) =>
        TextTables.Classes[Utf16.CodePointAt(text, index, out width)];

    private static WordBreakClass Of(uint bits) => (WordBreakClass)(bits & ClassMask);

    private static bool IsLetter(WordBreakClass kind) => kind is AlphabeticLetter or HebrewLetter;

    private static bool IsMidLetter(WordBreakClass kind) => kind is MidLetter or MidNumberLetter or SingleQuote;

    private static bool IsMidNumber(WordBreakClass kind) => kind is MidNumber or MidNumberLetter or SingleQuote;

    private static bool IsIgnored(WordBreakClass kind) => kind is Extend or Format or ZeroWidthJoiner;

    private static bool IsLine(WordBreakClass kind) => kind is CarriageReturn or LineFeed or Newline;

    /// <summary>The class of the next code point at or behind an index that WB4 does not skip, or Other.</summary>
    private static WordBreakClass NextKept(ReadOnlySpan<char> text, int index)
    {
        while (index < text.Length)
        {
            var kind = Of(Class(text, index, out var width));
            if (!IsIgnored(kind))
            {
                return kind;
            }

            index += width;
        }

        return Other;
    }

    /// <summary>What stands before a position, as far as the rules look back.</summary>
    private struct State
    {
        private WordBreakClass _adjacent;
        private WordBreakClass _last;
        private WordBreakClass _secondLast;
        private bool _oddIndicators;

        /// <summary>Takes in the next code point.</summary>
        public void Advance(uint bits)
        {
            var kind = Of(bits);
            // WB4. After a line end nothing is skipped, but nothing joins there either.
            if (!IsIgnored(kind))
            {
                _secondLast = _last;
                _last = kind;
                _oddIndicators = kind == RegionalIndicator && !_oddIndicators;
            }

            _adjacent = kind;
        }

        /// <summary>Whether a boundary is before the code point that ends at <paramref name="end"/>.</summary>
        public readonly bool BreaksBefore(uint bits, ReadOnlySpan<char> text, int end)
        {
            var kind = Of(bits);
            if (IsLine(_adjacent) || IsLine(kind))
            {
                return !(_adjacent == CarriageReturn && kind == LineFeed); // WB3, WB3a, WB3b
            }

            if ((_adjacent == ZeroWidthJoiner && (bits & Pictographic) != 0) // WB3c
                || (_adjacent == WhiteSpace && kind == WhiteSpace) // WB3d
                || IsIgnored(kind)) // WB4
            {
                return false;
            }

            return !(JoinsLetters(kind, text, end) || JoinsNumbers(kind, text, end) || JoinsRuns(kind));
        }

        /// <summary>WB5, WB6, WB7, WB7a, WB7b, WB7c.</summary>
        private readonly bool JoinsLetters(WordBreakClass kind, ReadOnlySpan<char> text, int end)
        {
            if (IsLetter(_last))
            {
                return IsLetter(kind)
                    || (_last == HebrewLetter && kind == SingleQuote)
                    || (IsMidLetter(kind) && IsLetter(NextKept(text, end)))
                    || (_last == HebrewLetter && kind == DoubleQuote && NextKept(text, end) == HebrewLetter);
            }

            return (IsMidLetter(_last) && IsLetter(_secondLast) && IsLetter(kind))
                || (_last == DoubleQuote && _secondLast == HebrewLetter && kind == HebrewLetter);
        }

        /// <summary>WB8, WB9, WB10, WB11, WB12.</summary>
        private readonly bool JoinsNumbers(WordBreakClass kind, ReadOnlySpan<char> text, int end) =>
            kind == Numeric
                ? _last == Numeric || IsLetter(_last) || (IsMidNumber(_last) && _secondLast == Numeric)
                : _last == Numeric
                    && (IsLetter(kind) || (IsMidNumber(kind) && NextKept(text, end) == Numeric));

        /// <summary>WB13, WB13a, WB13b, WB15, WB16.</summary>
        private readonly bool JoinsRuns(WordBreakClass kind) =>
            (_last == Katakana && kind == Katakana)
            || (kind == ExtendNumberLetter && (JoinsUnderscore(_last) || _last == ExtendNumberLetter))
            || (_last == ExtendNumberLetter && JoinsUnderscore(kind))
            || (kind == RegionalIndicator && _last == RegionalIndicator && _oddIndicators);

        private static bool JoinsUnderscore(WordBreakClass kind) => IsLetter(kind) || kind is Numeric or Katakana;
    }
}
