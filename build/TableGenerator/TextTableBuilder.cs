using System.Security.Cryptography;
using System.Text;

namespace FederationNode.TableGenerator;

/// <summary>
/// Makes the tables of wlnorm/1, the same bytes on every machine. Layout, little-endian:
/// the name "wlnorm/1" (8 bytes); four tries (see TrieWriter): folding (u32), canonical decomposition and combining
/// class (u32), NFKC_Casefold (u32), character classes (u16); the mapping pool (i32 count, u16 each);
/// the compositions (i32 count, then first, second, composite as u32 each, sorted by first and second);
/// a trie (u32) of lookalikes, bit n for the letter a + n.
/// </summary>
internal sealed class TextTableBuilder
{
    private const uint Boundary = 1u << 23;
    private const int CombiningClassShift = 24;

    /// <summary>White_Space of PropList.txt.</summary>
    private static readonly HashSet<int> WhiteSpace =
    [
        0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
        0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
    ];

    private readonly CharacterDatabase _characters;
    private readonly CanonicalForms _forms;
    private readonly MappingPool _pool = new();
    private readonly HashSet<int> _composeBackward;

    private TextTableBuilder(CharacterDatabase characters)
    {
        _characters = characters;
        _forms = new CanonicalForms(characters);
        _composeBackward = [.. _forms.Compositions.Keys.Select(pair => pair.Second)];
        _composeBackward.UnionWith(Enumerable.Range(0x1161, 21));
        _composeBackward.UnionWith(Enumerable.Range(0x11A8, 27));
    }

    /// <summary>Reads the files below <paramref name="data"/> and returns the tables.</summary>
    public static byte[] Build(string data)
    {
        var builder = new TextTableBuilder(new CharacterDatabase(data));
        builder.CheckStability();
        builder.CheckLookalikes();
        return builder.Write();
    }

    /// <summary>The C# source that pins the tables' hash.</summary>
    public static string HashSource(byte[] tables) =>
        $$"""
        // Written by build/TableGenerator.
        namespace FederationNode.Protocol.Text;

        /// <summary>Pins the bytes of TextTables.bin.</summary>
        internal static class TextTablesHash
        {
            /// <summary>SHA-256 of TextTables.bin, in hexadecimal.</summary>
            public const string Sha256 = "{{Convert.ToHexStringLower(SHA256.HashData(tables))}}";
        }

        """.ReplaceLineEndings("\n");

    private byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var output = new BinaryWriter(bytes);
        output.Write(Encoding.ASCII.GetBytes("wlnorm/1"));
        TrieWriter.Write(output, ForEveryCodePoint(Folding), sizeof(uint));
        TrieWriter.Write(output, ForEveryCodePoint(Canonical), sizeof(uint));
        TrieWriter.Write(output, ForEveryCodePoint(c => _pool.Encode(c, Casefolded(c))), sizeof(uint));
        TrieWriter.Write(output, ForEveryCodePoint(c => CharacterClasses.Of(_characters, c)), sizeof(ushort));
        output.Write(_pool.Units.Length);
        foreach (var unit in _pool.Units)
        {
            output.Write((ushort)unit);
        }

        output.Write(_forms.Compositions.Count);
        foreach (var ((first, second), composite) in _forms.Compositions.OrderBy(entry => entry.Key))
        {
            output.Write(first);
            output.Write(second);
            output.Write(composite);
        }

        TrieWriter.Write(
            output, ForEveryCodePoint(c => _characters.Lookalikes.GetValueOrDefault(c)), sizeof(uint));
        output.Flush();
        return bytes.ToArray();
    }

    /// <summary>Surrogates keep zero: the reader replaces them before it looks anything up.</summary>
    private static uint[] ForEveryCodePoint(Func<int, uint> value) =>
        [.. Enumerable.Range(0, CharacterDatabase.CodePoints).Select(c => c is >= 0xD800 and <= 0xDFFF ? 0 : value(c))];

    /// <summary>What a code point becomes when nothing combines with it, and whether a unit starts here.</summary>
    private uint Folding(int codePoint)
    {
        var folded = Folded(codePoint);
        var final = _forms.Compose(folded).Select(Converge).ToArray();
        return _pool.Encode(codePoint, final) | (StartsUnit(codePoint, folded) ? Boundary : 0);
    }

    private uint Canonical(int codePoint)
    {
        // Hangul syllables decompose by arithmetic.
        var mapping = CanonicalForms.IsHangulSyllable(codePoint) ? [codePoint] : _forms.Decompose([codePoint]);
        return _pool.Encode(codePoint, mapping) | ((uint)_characters.CombiningClass[codePoint] << CombiningClassShift);
    }

    /// <summary>NFKC_Casefold of one code point, decomposed.</summary>
    private int[] Casefolded(int codePoint) =>
        _characters.Casefold.TryGetValue(codePoint, out var mapping) ? _forms.Decompose(mapping)
        : CanonicalForms.IsHangulSyllable(codePoint) ? [codePoint]
        : _forms.Decompose([codePoint]);

    private int[] Folded(int codePoint)
    {
        var decomposed = _forms.Decompose([codePoint]);
        return decomposed is [var single]
            ? Casefolded(single)
            : _forms.Decompose(decomposed.SelectMany(Casefolded));
    }

    /// <summary>The step from V0 to V1, of one code point.</summary>
    private int Converge(int codePoint) =>
        WhiteSpace.Contains(codePoint) ? ' '
        : _characters.DecimalDigit.TryGetValue(codePoint, out var digit) ? '0' + digit
        : _characters.Simplified.GetValueOrDefault(codePoint, codePoint);

    /// <summary>Matching looks lookalikes up in view V1, so each must be there as it is.</summary>
    private void CheckLookalikes()
    {
        foreach (var codePoint in _characters.Lookalikes.Keys)
        {
            if (_forms.Compose(Folded(codePoint)) is not [var same] || Converge(same) != codePoint)
            {
                throw new InvalidDataException($"Lookalike U+{codePoint:X4} is not what view V1 makes of it.");
            }
        }
    }

    private bool StartsUnit(int codePoint, int[] folded) =>
        _characters.CombiningClass[_forms.Decompose([codePoint])[0]] == 0
        && folded.Length > 0
        && _characters.CombiningClass[folded[0]] == 0
        && !_composeBackward.Contains(folded[0]);

    /// <summary>
    /// The reader applies Folding to what composition gave. That is right, and normalising twice changes nothing, only
    /// if folding leaves everything alone that folding can give.
    /// </summary>
    private void CheckStability()
    {
        var results = Enumerable.Range(0, CharacterDatabase.CodePoints)
            .Where(c => c is < 0xD800 or > 0xDFFF)
            .SelectMany(Folded)
            .Distinct()
            .ToHashSet();
        var composites = _forms.Compositions.Values.Where(c => _forms.Decompose([c]).All(results.Contains));
        foreach (var codePoint in results.Concat(composites))
        {
            if (_forms.Compose(Folded(codePoint)) is not [var same] || same != codePoint)
            {
                throw new InvalidDataException($"Folding U+{codePoint:X4} again changes it.");
            }

            var converged = Converge(codePoint);
            if (_forms.Compose(Folded(converged)) is not [var still] || Converge(still) != converged
                || (converged != codePoint && !StartsUnit(converged, Folded(converged))))
            {
                throw new InvalidDataException($"U+{codePoint:X4} becomes U+{converged:X4}, which folds again.");
            }
        }
    }
}
