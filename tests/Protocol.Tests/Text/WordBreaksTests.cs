using FederationNode.Protocol.Text;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

public sealed class WordBreaksTests
{
    /// <summary>WordBreakTest.txt of Unicode 15.0, every line.</summary>
    [Fact]
    public void Mark_EveryConformanceLine_BreaksWhereTheFileSays()
    {
        var lines = File.ReadLines(Path.Combine(TestFiles.Repository, "data", "unicode", "WordBreakTest.txt"))
            .Select(line => line.Split('#')[0].Trim())
            .Where(line => line.Length > 0)
            .ToArray();
        Assert.Equal(1823, lines.Length);
        Assert.All(lines, line => Assert.Equal(line, Marked(Parse(line))));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("ivory tusk", "ivory| |tusk")]
    [InlineData("ivorylike", "ivorylike")]
    [InlineData("can't stop 3.5kg", "can't| |stop| |3.5kg")]
    [InlineData("ivory象牙ivory", "ivory|象|牙|ivory")]
    [InlineData("งาช้าง", "ง|า|ช้|า|ง")]
    [InlineData("🐘🐘", "🐘|🐘")]
    public void Mark_Example_SplitsIntoWords(string text, string expected)
    {
        var boundaries = Boundaries(text);
        var words = text.SelectMany((unit, index) => index > 0 && boundaries[index] ? new[] { '|', unit } : [unit]);
        Assert.Equal(expected, string.Concat(words));
    }

    [Fact]
    public void Mark_LoneSurrogates_StandAlone() =>
        Assert.Equal([true, true, true, true], Boundaries("\uD800a\uDC00"));

    [Fact]
    public void Mark_WrongLength_Throws() =>
        Assert.Throws<ArgumentException>(() => WordBreaks.Mark("abc", new bool[3]));

    private static bool[] Boundaries(string text)
    {
        var boundaries = new bool[text.Length + 1];
        WordBreaks.Mark(text, boundaries);
        return boundaries;
    }

    private static string Parse(string line) =>
        PlainNormalizer.Text(
            line.Split(' ').Where(part => part is not ("÷" or "×")).Select(code => Convert.ToInt32(code, 16)));

    private static string Marked(string text)
    {
        var boundaries = Boundaries(text);
        var parts = new List<string>();
        for (var index = 0; index < text.Length; index += char.IsSurrogate(text[index]) ? 2 : 1)
        {
            parts.Add(boundaries[index] ? "÷" : "×");
            parts.Add(char.ConvertToUtf32(text, index).ToString("X4"));
        }

        return string.Join(' ', parts.Append(boundaries[^1] ? "÷" : "×"));
    }
}
