namespace FederationNode.TableGenerator;

/// <summary>
/// NFD and NFC by the letter of the standard (Unicode 15.0 section 3.11), slow and plain: the tables come from here.
/// </summary>
internal sealed class CanonicalForms
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private readonly CharacterDatabase _characters;

    public CanonicalForms(CharacterDatabase characters)
    {
        _characters = characters;
        Compositions = characters.Decomposition
            .Where(entry => entry.Value.Length == 2 && !characters.NeverComposed.Contains(entry.Key))
            .ToDictionary(entry => (entry.Value[0], entry.Value[1]), entry => entry.Key);
    }

    /// <summary>Primary composites by their pair; Hangul is not among them.</summary>
    public Dictionary<(int First, int Second), int> Compositions { get; }

    /// <summary>Whether the code point is a Hangul syllable, whose decomposition is arithmetic.</summary>
    public static bool IsHangulSyllable(int codePoint) => codePoint is >= HangulBase and < HangulBase + HangulCount;

    /// <summary>Full canonical decomposition, in canonical order.</summary>
    public int[] Decompose(IEnumerable<int> text)
    {
        if (text is int[] and [var single]
            && !_characters.Decomposition.ContainsKey(single) && !IsHangulSyllable(single))
        {
            return [single];
        }

        var result = new List<int>();
        foreach (var codePoint in text)
        {
            Expand(codePoint, result);
        }

        return [.. Reorder(result)];
    }

    /// <summary>NFC.</summary>
    public int[] Compose(IEnumerable<int> text)
    {
        var decomposed = Decompose(text);
        if (decomposed.Length == 1)
        {
            return decomposed;
        }

        var result = new List<int>();
        var starter = -1;
        var lastClass = 0;
        foreach (var codePoint in decomposed)
        {
            var thisClass = _characters.CombiningClass[codePoint];
            var blocked = starter < 0 || (result.Count - 1 > starter && lastClass >= thisClass);
            if (!blocked && Pair(result[starter], codePoint) is { } composite)
            {
                result[starter] = composite;
                continue;
            }

            result.Add(codePoint);
            lastClass = thisClass;
            if (thisClass == 0)
            {
                starter = result.Count - 1;
            }
        }

        return [.. result];
    }

    private void Expand(int codePoint, List<int> result)
    {
        if (IsHangulSyllable(codePoint))
        {
            var index = codePoint - HangulBase;
            result.Add(0x1100 + (index / 588));
            result.Add(0x1161 + (index % 588 / 28));
            if (index % 28 != 0)
            {
                result.Add(0x11A7 + (index % 28));
            }
        }
        else if (_characters.Decomposition.TryGetValue(codePoint, out var mapping))
        {
            foreach (var part in mapping)
            {
                Expand(part, result);
            }
        }
        else
        {
            result.Add(codePoint);
        }
    }

    private IEnumerable<int> Reorder(List<int> text)
    {
        var index = 0;
        while (index < text.Count)
        {
            var marks = text.Skip(index).TakeWhile(codePoint => _characters.CombiningClass[codePoint] != 0).ToList();
            foreach (var mark in marks.OrderBy(codePoint => _characters.CombiningClass[codePoint]))
            {
                yield return mark;
            }

            index += marks.Count;
            if (index < text.Count)
            {
                yield return text[index++];
            }
        }
    }

    private int? Pair(int first, int second)
    {
        if (first is >= 0x1100 and < 0x1113 && second is >= 0x1161 and < 0x1176)
        {
            return HangulBase + ((((first - 0x1100) * 21) + second - 0x1161) * 28);
        }

        if (IsHangulSyllable(first) && (first - HangulBase) % 28 == 0 && second is > 0x11A7 and < 0x11C3)
        {
            return first + second - 0x11A7;
        }

        return Compositions.TryGetValue((first, second), out var composite) ? composite : null;
    }
}
