using CsCheck;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

public sealed class NamesTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("0", true)]
    [InlineData("a-b", true)]
    [InlineData("a--b", true)]
    [InlineData("7-up", true)]
    [InlineData("", false)]
    [InlineData("-", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("A", false)]
    [InlineData("a b", false)]
    [InlineData("a_b", false)]
    [InlineData("a.b", false)]
    [InlineData("a/b", false)]
    [InlineData("a+b", false)]
    [InlineData("a\n", false)]
    [InlineData("a\0", false)]
    [InlineData("\u00e4", false)]
    [InlineData("\u0430", false)]
    [InlineData("\u0661", false)]
    public void IsNameAndIsCode_Text_FollowTheAlphabet(string text, bool ok)
    {
        Assert.Equal(ok, Names.IsName(text));
        Assert.Equal(ok, Names.IsCode(text));
    }

    [Theory]
    [InlineData(32, true, true)]
    [InlineData(33, true, false)]
    [InlineData(63, true, false)]
    [InlineData(64, false, false)]
    public void IsNameAndIsCode_Length_IsBounded(int length, bool name, bool code)
    {
        Assert.Equal(name, Names.IsName(new string('a', length)));
        Assert.Equal(code, Names.IsCode(new string('a', length)));
    }

    [Fact]
    public void TryParse_WrittenOrigin_IsTheSameOrigin() =>
        EntryGen.Origins.Sample(origin => Origin.Parse(origin.Text) == origin
            && origin == Origin.Create(origin.Coalition, origin.Member, origin.Log, origin.Epoch));

    [Theory]
    [InlineData("demo/alpha/indicators/1", true)]
    [InlineData("demo/alpha/x/999999", true)]
    [InlineData("demo/alpha/indicators/1000000", false)]
    [InlineData("demo/alpha/indicators/0", false)]
    [InlineData("demo/alpha/indicators/01", false)]
    [InlineData("demo/alpha/indicators/+1", false)]
    [InlineData("demo/alpha/indicators/-1", false)]
    [InlineData("demo/alpha/indicators/ 1", false)]
    [InlineData("demo/alpha/indicators/1 ", false)]
    [InlineData("demo/alpha/indicators/1,0", false)]
    [InlineData("demo/alpha/indicators/\u0661", false)]
    [InlineData("demo/alpha/indicators/", false)]
    [InlineData("demo/alpha/indicators", false)]
    [InlineData("demo/alpha/indicators/1/", false)]
    [InlineData("/demo/alpha/indicators/1", false)]
    [InlineData("demo//indicators/1", false)]
    [InlineData("demo/../indicators/1", false)]
    [InlineData("Demo/alpha/indicators/1", false)]
    [InlineData("demo/alpha/indicators/1\n", false)]
    [InlineData("demo/alpha/an-odd-log-of-a-kind-with-33-char/1", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TryParse_Origin_IsTakenOrRefused(string? text, bool ok)
    {
        Assert.Equal(ok, Origin.TryParse(text, out var origin, out var error));
        Assert.Equal(ok, error is null);
        Assert.Equal(ok ? text : null, origin?.Text);
    }

    [Fact]
    public void TryParse_ArbitraryText_NeverThrowsAndIsWrittenBack() =>
        Gen.OneOf(Gen.String, Gen.Char["ab0-/1"].Array[0, 30].Select(c => new string(c))).Sample(text =>
            !Origin.TryParse(text, out var origin, out _) || origin.ToString() == text);

    [Fact]
    public void Create_NotAnOrigin_Throws()
    {
        Assert.Throws<ArgumentException>(() => Origin.Create("demo", "alpha", "indicators", 0));
        Assert.Throws<ArgumentException>(() => Origin.Create("demo", "alpha/indicators", "1", 1));
        Assert.Throws<FormatException>(() => Origin.Parse("demo"));
    }
}
