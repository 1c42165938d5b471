using FederationNode.Matching.Keywords;
using Xunit;
using static FederationNode.Matching.Tests.Keywords.Rules;

namespace FederationNode.Matching.Tests.Keywords;

public sealed class KeywordLintTests
{
    [Theory]
    [InlineData("象牙")]
    [InlineData("tusk")]
    [InlineData("象xy")]
    [InlineData("слон")]
    [InlineData("상아")]
    [InlineData("ＴＵＳＫ")]
    public void TryAccept_LongEnough_Accepts(string text)
    {
        Assert.True(KeywordLint.TryAccept(Rule(text), out var reason));
        Assert.Null(reason);
    }

    [Theory]
    [InlineData("象")]
    [InlineData("xy")]
    [InlineData("xyz 2024 🐘")]
    [InlineData("t\u200Bu\u200Bs")]
    [InlineData("🐘🐘🐘🐘")]
    [InlineData("12345")]
    public void TryAccept_TooShort_NeedsAContext(string text)
    {
        Assert.False(KeywordLint.TryAccept(Rule(text), out var reason));
        Assert.Contains("too short to stand alone", reason, StringComparison.Ordinal);
        Assert.False(KeywordLint.TryAccept(Rule(text, none: ["coast"]), out _));
        Assert.False(KeywordLint.TryAccept(Rule(text, any: ["\u200B"]), out _));
        Assert.True(KeywordLint.TryAccept(Rule(text, any: ["牙"], window: 20), out _));
        Assert.True(KeywordLint.TryAccept(Rule(text, all: ["牙"], window: 20), out _));
    }

    [Fact]
    public void TryAccept_NothingVisible_Refuses()
    {
        Assert.False(KeywordLint.TryAccept(Rule(" \u200B", any: ["牙"]), out var reason));
        Assert.Contains("empty after normalising", reason, StringComparison.Ordinal);
    }
}
