namespace FederationNode.Protocol.Text;

/// <summary>
/// The slow path of normalisation: a few code points that may combine or change places. Holds them decomposed, brings
/// them into canonical order, folds and composes them (Unicode 15.0 sections 3.11 and 3.13). Linear in their number,
/// whatever they are, since a hostile text may be one long run of combining marks. Reusable; not thread-safe.
/// </summary>
internal sealed class CombiningSequence
{
    private const int HangulBase = 0xAC00;
    private const int LeadingBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailingBase = 0x11A7;
    private const int LeadingCount = 19;
    private const int VowelCount = 21;
    private const int TrailingCount = 28;
    private const int HangulCount = LeadingCount * VowelCount * TrailingCount;

    private const int ClassShift = 24;
    private const uint CodePointMask = 0x1FFFFF;
    private const int InsertionSortLimit = 16;

    // Each element: the code point, and its combining class in bits 24-31.
    private uint[] _elements = new uint[32];
    private uint[] _spare = new uint[32];
    private int _count;

    /// <summary>Number of code points held.</summary>
    public int Count => _count;

    /// <summary>The code point at <paramref name="index"/>.</summary>
    public int this[int index] => (int)(_elements[index] & CodePointMask);

    /// <summary>Forgets all code points.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds the full canonical decomposition of a code point.</summary>
    public void Append(int codePoint)
    {
        var index = codePoint - HangulBase;
        if (index is >= 0 and < HangulCount)
        {
            Add(LeadingBase + (index / (VowelCount * TrailingCount)));
            Add(VowelBase + (index % (VowelCount * TrailingCount) / TrailingCount));
            if (index % TrailingCount != 0)
            {
                Add(TrailingBase + (index % TrailingCount));
            }

            return;
        }

        AddMapped(codePoint, new Mapping(TextTables.Canonical[codePoint]));
    }

    /// <summary>Brings what was appended into NFC.</summary>
    public void ToNfc()
    {
        Reorder();
        Compose();
    }

    /// <summary>
    /// Applies toNFKC_Casefold to what was appended. Since that was decomposed and is ordered first, texts that are
    /// canonically equivalent give the same result (Unicode 15.0 section 3.13, D147).
    /// </summary>
    public void ToNfkcCasefold()
    {
        Reorder();
        (_elements, _spare) = (_spare, _elements);
        var count = _count;
        _count = 0;
        for (var index = 0; index < count; index++)
        {
            var codePoint = (int)(_spare[index] & CodePointMask);
            AddMapped(codePoint, new Mapping(TextTables.Casefold[codePoint]));
        }

        ToNfc();
    }

    private void AddMapped(int codePoint, Mapping mapping)
    {
        if (mapping.IsIdentity)
        {
            Add(codePoint);
        }
        else if (mapping.IsSingle)
        {
            Add(mapping.CodePoint);
        }
        else
        {
            var text = mapping.Text;
            for (var index = 0; index < text.Length;)
            {
                Add(Utf16.CodePointAt(text, index, out var width));
                index += width;
            }
        }
    }

    private void Add(int codePoint)
    {
        if (_count == _elements.Length)
        {
            Array.Resize(ref _elements, _count * 2);
        }

        var combiningClass = new Mapping(TextTables.Canonical[codePoint]).CombiningClass;
        _elements[_count++] = (uint)codePoint | (combiningClass << ClassShift);
    }

    /// <summary>Sorts every run of marks by combining class and keeps the order of equals.</summary>
    private void Reorder()
    {
        for (var start = 0; start < _count;)
        {
            if (_elements[start] >> ClassShift == 0)
            {
                start++;
                continue;
            }

            var end = start + 1;
            while (end < _count && _elements[end] >> ClassShift != 0)
            {
                end++;
            }

            var marks = _elements.AsSpan(start..end);
            if (marks.Length <= InsertionSortLimit)
            {
                InsertionSort(marks);
            }
            else
            {
                CountingSort(marks);
            }

            start = end;
        }
    }

    private static void InsertionSort(Span<uint> marks)
    {
        for (var index = 1; index < marks.Length; index++)
        {
            var mark = marks[index];
            var hole = index;
            for (; hole > 0 && marks[hole - 1] >> ClassShift > mark >> ClassShift; hole--)
            {
                marks[hole] = marks[hole - 1];
            }

            marks[hole] = mark;
        }
    }

    private void CountingSort(Span<uint> marks)
    {
        Span<int> next = stackalloc int[257];
        next.Clear();
        foreach (var mark in marks)
        {
            next[(int)(mark >> ClassShift) + 1]++;
        }

        for (var index = 1; index < next.Length; index++)
        {
            next[index] += next[index - 1];
        }

        if (_spare.Length < marks.Length)
        {
            _spare = new uint[_elements.Length];
        }

        foreach (var mark in marks)
        {
            _spare[next[(int)(mark >> ClassShift)]++] = mark;
        }

        _spare.AsSpan(0, marks.Length).CopyTo(marks);
    }

    private void Compose()
    {
        var count = 0;
        var starter = -1;
        for (var index = 0; index < _count; index++)
        {
            var element = _elements[index];
            // A mark is blocked from the starter by a mark of the same or a higher class between them (D115).
            var blocked = starter < 0
                || (count - 1 > starter && _elements[count - 1] >> ClassShift >= element >> ClassShift);
            var composite = blocked ? -1 : Composite(this[starter], this[index]);
            if (composite >= 0)
            {
                // Every primary composite is a starter.
                _elements[starter] = (uint)composite;
                continue;
            }

            _elements[count] = element;
            if (element >> ClassShift == 0)
            {
                starter = count;
            }

            count++;
        }

        _count = count;
    }

    private static int Composite(int first, int second)
    {
        if (first - LeadingBase is >= 0 and < LeadingCount && second - VowelBase is >= 0 and < VowelCount)
        {
            return HangulBase + ((((first - LeadingBase) * VowelCount) + second - VowelBase) * TrailingCount);
        }

        var syllable = first - HangulBase;
        if (syllable is >= 0 and < HangulCount && syllable % TrailingCount == 0
            && second - TrailingBase is > 0 and < TrailingCount)
        {
            return first + second - TrailingBase;
        }

        return TextTables.Composite(first, second);
    }
}
