namespace FederationNode.Protocol.Text;

/// <summary>
/// Normalises one text after another by <c>wlnorm/1</c> without allocating once it has grown to the longest: what a
/// matcher keeps per thread. The result stays valid until the next <see cref="Load"/>. Not thread-safe.
/// Time and memory are linear in the length of the text, at most 18 units a unit; the caller bounds the text.
/// </summary>
public sealed class NormalizationBuffer
{
    private const char Space = ' ';

    private static readonly char[] AsciiFolding = MakeAsciiFolding();

    private readonly CombiningSequence _sequence = new();
    private char[] _text = [];
    private int[] _starts = [];
    private int[] _ends = [];
    private int _length;

    /// <summary>The normalised text.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Units that fit without growing: what the buffer costs is ten bytes for each.</summary>
    public int Capacity => _text.Length;

    /// <summary>Normalises <paramref name="source"/>, which may be ill-formed; forgets the text before.</summary>
    public void Load(ReadOnlySpan<char> source)
    {
        _length = 0;
        if (_text.Length < source.Length)
        {
            Grow(source.Length);
        }

        for (var index = 0; index < source.Length;)
        {
            index = AppendAscii(source, index);
            if (index < source.Length)
            {
                index = AppendUnit(source, index);
            }
        }

        if (_length > 0 && _text[_length - 1] == Space)
        {
            _length--;
        }
    }

    /// <summary>The part of the original text that one normalised unit stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The normalised text has no such unit.</exception>
    public SourceRange Source(int index) => Source(index, 1);

    /// <summary>
    /// The part of the original text that <paramref name="length"/> (at least 1) normalised units stand for. A base
    /// and the marks that combine with it stand for one part, so the part may be more than the units alone would be.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The normalised text has no such units.</exception>
    public SourceRange Source(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _length - start);
        return new SourceRange(_starts[start], _ends[start + length - 1]);
    }

    /// <summary>A copy that no later text changes.</summary>
    public NormalizedText ToNormalizedText() =>
        new(Text.ToString(), _starts.AsSpan(0, _length).ToArray(), _ends.AsSpan(0, _length).ToArray());

    private static char[] MakeAsciiFolding()
    {
        var folding = new char[0x80];
        for (var unit = 0; unit < folding.Length; unit++)
        {
            var mapping = new Mapping(TextTables.Folding[unit]);
            folding[unit] = mapping.IsIdentity ? (char)unit : (char)mapping.CodePoint;
        }

        return folding;
    }

    /// <summary>Appends ASCII as long as nothing but ASCII can combine with it; returns where it stopped.</summary>
    private int AppendAscii(ReadOnlySpan<char> source, int index)
    {
        for (; index < source.Length && source[index] < 0x80; index++)
        {
            if (index + 1 < source.Length && source[index + 1] >= 0x80)
            {
                break;
            }

            AppendChar(AsciiFolding[source[index]], index, index + 1);
        }

        return index;
    }

    /// <summary>Appends one unit of normalisation: a code point, or several that may combine.</summary>
    private int AppendUnit(ReadOnlySpan<char> source, int index)
    {
        var codePoint = Utf16.CodePointAt(source, index, out var width);
        var mapping = new Mapping(TextTables.Folding[codePoint]);
        var end = index + width;
        if (mapping.StartsUnit && (end == source.Length || StartsUnit(source, end, out width)))
        {
            AppendMapped(codePoint, mapping, index, end);
            return end;
        }

        while (end < source.Length && !StartsUnit(source, end, out width))
        {
            end += width;
        }

        AppendSequence(source, index, end);
        return end;
    }

    private static bool StartsUnit(ReadOnlySpan<char> source, int index, out int width) =>
        new Mapping(TextTables.Folding[Utf16.CodePointAt(source, index, out width)]).StartsUnit;

    private void AppendSequence(ReadOnlySpan<char> source, int start, int end)
    {
        var first = end;
        var last = start;
        _sequence.Clear();
        for (var index = start; index < end;)
        {
            var codePoint = Utf16.CodePointAt(source, index, out var width);
            _sequence.Append(codePoint);
            if (!new Mapping(TextTables.Folding[codePoint]).IsRemoval)
            {
                first = Math.Min(first, index);
                last = index + width;
            }

            index += width;
        }

        _sequence.ToNfkcCasefold();
        for (var index = 0; index < _sequence.Count; index++)
        {
            // What composition gave is folded already (the generator checks it): this adds the step from V0 to V1.
            AppendMapped(_sequence[index], new Mapping(TextTables.Folding[_sequence[index]]), first, last);
        }
    }

    private void AppendMapped(int codePoint, Mapping mapping, int start, int end)
    {
        if (mapping.IsIdentity || mapping.IsSingle)
        {
            AppendCodePoint(mapping.IsSingle ? mapping.CodePoint : codePoint, start, end);
            return;
        }

        foreach (var unit in mapping.Text)
        {
            AppendChar(unit, start, end);
        }
    }

    private void AppendCodePoint(int codePoint, int start, int end)
    {
        if (codePoint < 0x10000)
        {
            AppendChar((char)codePoint, start, end);
            return;
        }

        AppendChar((char)(0xD7C0 + (codePoint >> 10)), start, end);
        AppendChar((char)(0xDC00 + (codePoint & 0x3FF)), start, end);
    }

    private void AppendChar(char unit, int start, int end)
    {
        if (unit == Space && (_length == 0 || _text[_length - 1] == Space))
        {
            if (_length > 0)
            {
                _ends[_length - 1] = end;
            }

            return;
        }

        if (_length == _text.Length)
        {
            Grow(_length * 2);
        }

        _text[_length] = unit;
        _starts[_length] = start;
        _ends[_length++] = end;
    }

    private void Grow(int capacity)
    {
        capacity = Math.Max(capacity, 64);
        Array.Resize(ref _text, capacity);
        Array.Resize(ref _starts, capacity);
        Array.Resize(ref _ends, capacity);
    }
}
