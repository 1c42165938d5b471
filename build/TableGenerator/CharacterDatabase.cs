using System.Globalization;

namespace FederationNode.TableGenerator;

/// <summary>What the generator needs to know of every code point, as the publishers' files say it.</summary>
internal sealed class CharacterDatabase
{
    /// <summary>Number of code points: 0x110000.</summary>
    public const int CodePoints = 0x110000;

    /// <summary>Opens the files below <paramref name="data"/> (the repository's data folder).</summary>
    public CharacterDatabase(string data)
    {
        ReadUnicodeData(Path.Combine(data, "unicode", "UnicodeData.txt"));
        ReadNormalizationProps(Path.Combine(data, "unicode", "DerivedNormalizationProps.txt"));
        foreach (var fields in UnicodeFiles.Fields(Path.Combine(data, "unicode", "WordBreakProperty.txt")))
        {
            foreach (var codePoint in UnicodeFiles.Range(fields[0]))
            {
                WordBreak[codePoint] = fields[1];
            }
        }

        ReadSimplified(Path.Combine(data, "opencc", "TSCharacters.txt"));
        foreach (var fields in UnicodeFiles.Fields(Path.Combine(data, "lookalikes.txt")))
        {
            Lookalikes.Add(
                UnicodeFiles.CodePoints(fields[0])[0],
                fields[1].Split(' ').Aggregate(0u, (letters, letter) => letters | (1u << (letter[0] - 'a'))));
        }
    }

    /// <summary>Character name; in a range of UnicodeData.txt, the name of its end.</summary>
    public string?[] Name { get; } = new string?[CodePoints];

    /// <summary>General category, two letters; null where unassigned.</summary>
    public string?[] Category { get; } = new string?[CodePoints];

    /// <summary>Canonical combining class.</summary>
    public byte[] CombiningClass { get; } = new byte[CodePoints];

    /// <summary>Canonical decomposition mapping, one step, by code point.</summary>
    public Dictionary<int, int[]> Decomposition { get; } = [];

    /// <summary>Value 0-9 of the decimal digits (Nd), by code point.</summary>
    public Dictionary<int, int> DecimalDigit { get; } = [];

    /// <summary>NFKC_Casefold mapping, by code point; absent means itself, empty means removed.</summary>
    public Dictionary<int, int[]> Casefold { get; } = [];

    /// <summary>Full_Composition_Exclusion.</summary>
    public HashSet<int> NeverComposed { get; } = [];

    /// <summary>Word_Break, by code point; absent means Other.</summary>
    public Dictionary<int, string> WordBreak { get; } = [];

    /// <summary>Simplified form of a traditional character, by code point; only where it differs.</summary>
    public Dictionary<int, int> Simplified { get; } = [];

    /// <summary>Letters that a character may stand for, bit n for a + n, by code point.</summary>
    public Dictionary<int, uint> Lookalikes { get; } = [];

    private void ReadUnicodeData(string path)
    {
        var rangeStart = -1;
        foreach (var fields in UnicodeFiles.Fields(path))
        {
            var last = UnicodeFiles.CodePoints(fields[0])[0];
            var first = fields[1].EndsWith(", Last>", StringComparison.Ordinal) ? rangeStart : last;
            rangeStart = last;
            for (var codePoint = first; codePoint <= last; codePoint++)
            {
                Name[codePoint] = fields[1];
                Category[codePoint] = fields[2];
                CombiningClass[codePoint] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
            }

            if (fields[5].Length > 0 && fields[5][0] != '<')
            {
                Decomposition[last] = UnicodeFiles.CodePoints(fields[5]);
            }

            if (fields[2] == "Nd")
            {
                DecimalDigit[last] = int.Parse(fields[6], CultureInfo.InvariantCulture);
            }
        }
    }

    private void ReadNormalizationProps(string path)
    {
        foreach (var fields in UnicodeFiles.Fields(path))
        {
            switch (fields[1])
            {
                case "NFKC_CF":
                    var mapping = UnicodeFiles.CodePoints(fields[2]);
                    foreach (var codePoint in UnicodeFiles.Range(fields[0]))
                    {
                        Casefold[codePoint] = mapping;
                    }

                    break;
                case "Full_Composition_Exclusion":
                    NeverComposed.UnionWith(UnicodeFiles.Range(fields[0]));
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>
    /// Takes the first target of every character and follows chains to their end (one exists: U+85B4 to U+82E7 to
    /// U+82CE), because normalising twice must not change the text again.
    /// </summary>
    private void ReadSimplified(string path)
    {
        var first = new Dictionary<int, int>();
        foreach (var line in File.ReadLines(path).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var columns = line.Split('\t');
            first[Single(columns[0])] = Single(columns[1].Split(' ')[0]);
        }

        foreach (var traditional in first.Keys)
        {
            var target = traditional;
            for (var steps = 0; first.TryGetValue(target, out var next) && next != target; steps++)
            {
                target = steps < 4
                    ? next
                    : throw new InvalidDataException($"TSCharacters.txt runs in a circle at U+{target:X4}.");
            }

            if (target != traditional)
            {
                Simplified[traditional] = target;
            }
        }
    }

    private static int Single(string text)
    {
        var codePoint = char.ConvertToUtf32(text, 0);
        return char.ConvertFromUtf32(codePoint) == text
            ? codePoint
            : throw new InvalidDataException($"'{text}' in TSCharacters.txt is not one character.");
    }
}
