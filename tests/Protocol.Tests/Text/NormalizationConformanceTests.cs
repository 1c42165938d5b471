using FederationNode.Protocol.Text;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

/// <summary>NormalizationTest.txt of Unicode 15.0, every line and column.</summary>
public sealed class NormalizationConformanceTests
{
    private static readonly string[][] Lines = ReadLines();

    private static readonly Dictionary<int, string> Compatibility = ReadCompatibility();

    [Fact]
    public void ToNfc_EveryLine_GivesColumnTwoOrFour()
    {
        Assert.Equal(19074, Lines.Length);
        Assert.All(Lines, c =>
        {
            Assert.Equal([c[1], c[1], c[1]], c[..3].Select(column => Wlnorm.ToNfc(column)));
            Assert.Equal([c[3], c[3]], c[3..5].Select(column => Wlnorm.ToNfc(column)));
        });
    }

    [Fact]
    public void ToNfc_AfterCompatibilityDecomposition_GivesColumnFour() =>
        Assert.All(Lines, c => Assert.All(c, column => Assert.Equal(c[3], Wlnorm.ToNfc(Decompose(column)))));

    [Fact]
    public void ToNfc_CodePointThatTheFileLeavesOut_StaysItself()
    {
        var listed = Lines.Select(c => c[0]).ToHashSet(StringComparer.Ordinal);
        var changed = AllCodePoints().Where(text => !listed.Contains(text) && Wlnorm.ToNfc(text) != text);
        Assert.Empty(changed);
    }

    [Fact]
    public void Normalize_ColumnsOfOneLine_AllTheSame() =>
        Assert.All(Lines, c => Assert.Single(c.Select(column => Wlnorm.Normalize(column)).Distinct()));

    [Fact]
    public void Normalize_EveryCodePointAlone_AsTheDefinitionSays()
    {
        var wrong = AllCodePoints().Where(text => Wlnorm.Normalize(text) != PlainNormalizer.Normalize(text));
        Assert.Empty(wrong);
    }

    [Fact]
    public void Normalize_EveryCodePointTwice_ChangesNothing()
    {
        var changed = AllCodePoints().Where(text => Wlnorm.Normalize(Wlnorm.Normalize(text)) != Wlnorm.Normalize(text));
        Assert.Empty(changed);
    }

    private static IEnumerable<string> AllCodePoints() =>
        Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32);

    private static string Decompose(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune =>
            Compatibility.TryGetValue(rune.Value, out var mapping) ? Decompose(mapping) : rune.ToString()));

    private static string[][] ReadLines() =>
        [.. File.ReadLines(Path.Combine(TestFiles.Repository, "data", "unicode", "NormalizationTest.txt"))
            .Where(line => line.Length > 0 && line[0] is not ('#' or '@'))
            .Select(line => line.Split(';')[..5].Select(Parse).ToArray())];

    /// <summary>One-step decompositions, canonical and compatibility, of UnicodeData.txt.</summary>
    private static Dictionary<int, string> ReadCompatibility() =>
        File.ReadLines(Path.Combine(TestFiles.Repository, "data", "unicode", "UnicodeData.txt"))
            .Select(line => line.Split(';'))
            .Where(fields => fields[5].Length > 0)
            .ToDictionary(fields => Convert.ToInt32(fields[0], 16), fields => Parse(fields[5].Split("> ")[^1]));

    private static string Parse(string codePoints) =>
        PlainNormalizer.Text(codePoints.Split(' ').Select(code => Convert.ToInt32(code, 16)));
}
