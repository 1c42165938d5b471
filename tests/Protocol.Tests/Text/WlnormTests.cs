using CsCheck;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

public sealed class WlnormTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Ivory", "ivory")]
    [InlineData("ＩＶＯＲＹ　ｔｕｓｋ", "ivory tusk")]
    [InlineData("iv\u200Bo\u200Dr\u2060y\uFEFF", "ivory")]
    [InlineData("i\u00ADvo\uFE0Fry", "ivory")]
    [InlineData("象牙", "象牙")]
    [InlineData("犀牛角 龍 麵 乾", "犀牛角 龙 面 干")]
    [InlineData("\u85B4\u82E7\u82CE", "\u82CE\u82CE\u82CE")]
    [InlineData("ΟΔΟΣ", "οδοσ")]
    [InlineData("οδος", "οδοσ")]
    [InlineData("Straße STRASSE", "strasse strasse")]
    [InlineData("\u0130", "i\u0307")]
    [InlineData("ﬁsh", "fish")]
    [InlineData("cafe\u0301", "café")]
    [InlineData("CAFE\u0301", "café")]
    [InlineData("q\u0323\u0307 q\u0307\u0323", "q\u0323\u0307 q\u0323\u0307")]
    [InlineData("\u1100\u1161\u11A8", "각")]
    [InlineData("ｶﾞ", "ガ")]
    [InlineData("٠١٢٣ ۴۵۶ ７８９ १२ 𝟎𝟗", "0123 456 789 12 09")]
    [InlineData("①Ⅳ²", "1iv2")]
    [InlineData("\u1F80\u0301", "\u1F04\u03B9")]
    [InlineData("ﷺ", "صلى الله عليه وسلم")]
    [InlineData("  a \t\r\n b\u2028\u3000c\u0085 ", "a b c")]
    [InlineData(" \u200B \u200B ", "")]
    [InlineData("a\u00A8b", "a \u0308b")]
    [InlineData("🐘 𝕀𝕍𝕆ℝ𝕐", "🐘 ivory")]
    public void Normalize_Example_GivesCanonicalValue(string text, string expected) =>
        Assert.Equal(expected, Wlnorm.Normalize(text));

    /// <summary>Facts, not theory data: an attribute cannot hold ill-formed text.</summary>
    [Fact]
    public void Normalize_LoneSurrogate_BecomesReplacementCharacter()
    {
        Assert.Equal("\uFFFD", Wlnorm.Normalize("\uD800"));
        Assert.Equal("a\uFFFDb", Wlnorm.Normalize("a\uDC00b"));
        Assert.Equal("\uFFFD🐘", Wlnorm.Normalize("\uD83D\uD83D\uDC18"));
        Assert.Equal("e\uFFFD\u0301", Wlnorm.Normalize("e\uD800\u0301"));
        Assert.Equal("\uFFFD\uFFFD", Wlnorm.Normalize("\uDC18\uD83D"));
    }

    [Fact]
    public void Normalize_AnyText_AsTheDefinitionSays() =>
        TextGenerators.Text.Sample(
            text => Wlnorm.Normalize(text) == PlainNormalizer.Normalize(text), iter: 20_000, print: Escaped);

    [Fact]
    public void Normalize_LongRunOfMarks_AsTheDefinitionSays() =>
        TextGenerators.Marks.Sample(
            text => Wlnorm.Normalize(text) == PlainNormalizer.Normalize(text), iter: 1_000, print: Escaped);

    [Fact]
    public void Normalize_Twice_ChangesNothing() =>
        TextGenerators.Text.Sample(
            text => Wlnorm.Normalize(text) is var once && Wlnorm.Normalize(once) == once, iter: 20_000, print: Escaped);

    [Fact]
    public void NormalizeWithOffsets_AnyText_PartsAreInsideOrderedAndCoverWhatIsLeft() =>
        TextGenerators.Text.Sample(
            text =>
            {
                var normalized = Wlnorm.NormalizeWithOffsets(text);
                Assert.Equal(Wlnorm.Normalize(text), normalized.Text);
                var covered = new bool[text.Length];
                var last = new SourceRange(0, 0);
                for (var index = 0; index < normalized.Text.Length; index++)
                {
                    var part = normalized.Source(index);
                    Assert.True(part.Start >= last.Start && part.End >= last.End, "parts go back");
                    Assert.True(part.Length > 0 && part.End <= text.Length, "part outside the text");
                    covered.AsSpan(part.Start, part.Length).Fill(true);
                    last = part;
                }

                // What no unit stands for is white space at an end or default-ignorable.
                var rest = text.Where((_, index) => !covered[index]).ToArray();
                Assert.Equal("", Wlnorm.Normalize(rest));
            },
            iter: 20_000,
            print: Escaped);

    [Theory]
    [InlineData("aB", "0-1 1-2")]
    [InlineData(" a  b ", "1-2 2-4 4-5")]
    [InlineData("i\u200Bv", "0-1 2-3")]
    [InlineData("i\u200B", "0-1")]
    [InlineData("e\u0301x", "0-2 2-3")]
    [InlineData("q\u0307\u0323y", "0-3 0-3 0-3 3-4")]
    [InlineData("ßa", "0-1 0-1 1-2")]
    [InlineData("𝕀a", "0-2 2-3")]
    [InlineData("a🐘b", "0-1 1-3 1-3 3-4")]
    [InlineData("e\u200B\u0301", "0-3")]
    public void NormalizeWithOffsets_Example_MapsEveryUnit(string text, string expected)
    {
        var normalized = Wlnorm.NormalizeWithOffsets(text);
        var parts = Enumerable.Range(0, normalized.Text.Length).Select(normalized.Source);
        Assert.Equal(expected, string.Join(' ', parts.Select(part => $"{part.Start}-{part.End}")));
    }

    [Fact]
    public void Source_SeveralUnits_SpansFromFirstToLast()
    {
        var buffer = new NormalizationBuffer();
        buffer.Load("x i\u200BVORY");
        Assert.Equal("x ivory", buffer.Text.ToString());
        Assert.Equal(new SourceRange(2, 8), buffer.Source(2, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Source(2, 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Source(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Source(-1, 1));
    }

    [Fact]
    public void Load_ShorterTextAfterLonger_ForgetsTheLonger()
    {
        var buffer = new NormalizationBuffer();
        buffer.Load("a long text with e\u0301 in it");
        buffer.Load("B");
        Assert.Equal("b", buffer.Text.ToString());
        Assert.Equal(new SourceRange(0, 1), buffer.Source(0));
    }

    private static string Escaped(string text) => string.Join(' ', text.Select(unit => ((int)unit).ToString("X4")));
}
