using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

public sealed class ScriptsTests
{
    [Theory]
    [InlineData('象', Script.Han, true)]
    [InlineData('々', Script.Han, true)]
    [InlineData('〇', Script.Han, true)]
    [InlineData(0x20000, Script.Han, true)]
    [InlineData('ぞ', Script.Hiragana, true)]
    [InlineData('ゾ', Script.Katakana, true)]
    [InlineData('ー', Script.Katakana, true)]
    [InlineData('상', Script.Hangul, false)]
    [InlineData('ง', Script.Thai, true)]
    [InlineData('\u0E49', Script.Thai, true)]
    [InlineData('ງ', Script.Lao, true)]
    [InlineData('ភ', Script.Khmer, true)]
    [InlineData('ဆ', Script.Myanmar, true)]
    [InlineData('i', Script.Other, false)]
    [InlineData('я', Script.Other, false)]
    [InlineData('ع', Script.Other, false)]
    [InlineData('1', Script.Other, false)]
    [InlineData('。', Script.Other, false)]
    [InlineData('฿', Script.Other, false)]
    [InlineData(0x1F418, Script.Other, false)]
    [InlineData(0x10FFFF, Script.Other, false)]
    public void Of_CodePoint_GivesScript(int codePoint, Script script, bool withoutSpaces)
    {
        Assert.Equal(script, Scripts.Of(codePoint));
        Assert.Equal(withoutSpaces, Scripts.IsWrittenWithoutSpaces(codePoint));
    }

    [Theory]
    [InlineData('a', true)]
    [InlineData('象', true)]
    [InlineData('상', true)]
    [InlineData('1', false)]
    [InlineData('\u0301', false)]
    [InlineData(0x1F418, false)]
    public void IsLetter_CodePoint_SaysWhether(int codePoint, bool letter) =>
        Assert.Equal(letter, Scripts.IsLetter(codePoint));

    [Theory]
    [InlineData(-1)]
    [InlineData(0x110000)]
    public void Of_NotACodePoint_Throws(int value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Scripts.Of(value));
}
