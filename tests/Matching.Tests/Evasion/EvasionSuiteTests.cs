using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>The suite itself: that it is as large, as varied and as consistent as it claims.</summary>
public sealed partial class EvasionSuiteTests
{
    private static readonly EvasionSuite Suite = EvasionSuite.Load();

    [Fact]
    public void Load_Ids_AreUniqueAndBeginWithTheLanguage()
    {
        Assert.Equal(Suite.Keywords.Length, Suite.Keywords.Select(keyword => keyword.Id).Distinct().Count());
        Assert.Equal(Suite.Cases.Length, Suite.Cases.Select(text => text.Id).Distinct().Count());
        Assert.All(Suite.Cases, text => Assert.Matches($"^{Regex.Escape(text.Language)}-[0-9]{{3}}$", text.Id));
    }

    [Fact]
    public void Load_Texts_AreUnique() =>
        Assert.Empty(Suite.Cases.GroupBy(text => text.Text).Where(group => group.Count() > 1).SelectMany(group => group));

    [Fact]
    public void Load_Sizes_AreAtLeastWhatIsClaimed()
    {
        Assert.InRange(Suite.Keywords.Length, 100, 200);
        Assert.True(Suite.Cases.Count(text => text.IsEvasion) >= 800);
        Assert.True(Suite.Cases.Count(text => text.IsNearMiss) >= 500);
        Assert.True(Suite.Cases.Count(text => text.Technique == EvasionSuite.Plain) >= 50);
    }

    [Fact]
    public void Load_Languages_AreManyAndNotTokens()
    {
        var evasions = Suite.Cases.Where(text => text.IsEvasion).CountBy(text => text.Language).ToList();
        var nearMisses = Suite.Cases.Where(text => text.IsNearMiss).CountBy(text => text.Language).ToList();
        Assert.True(evasions.Count >= 20, $"{evasions.Count} languages have evasions.");
        Assert.True(evasions.Count(language => language.Value >= 10) >= 13, string.Join(' ', evasions));
        Assert.True(nearMisses.Count(language => language.Value >= 10) >= 13, string.Join(' ', nearMisses));
    }

    [Theory]
    [InlineData("lookalike", 150)]
    [InlineData("separated", 280)]
    [InlineData("repeated", 50)]
    public void Load_Evasions_AreCoveredInManyLanguages(string evasion, int atLeast)
    {
        var cases = Suite.Cases.Where(text => text.Evasions.Contains(evasion)).ToList();
        Assert.True(cases.Count >= atLeast, $"{cases.Count} cases.");
        Assert.True(cases.DistinctBy(text => text.Language).Count() >= 10);
    }

    /// <summary>What each technique has at least, so that none shrinks to a token; a new one needs a line.</summary>
    [Fact]
    public void Load_Techniques_AreTheKnownOnes()
    {
        var atLeast = new Dictionary<string, int>
        {
            ["plain"] = 50,
            // Found in the normalised text.
            ["fullwidth"] = 12,
            ["math-letters"] = 8,
            ["enclosed-letters"] = 6,
            ["zero-width"] = 60,
            ["case"] = 4,
            ["combining"] = 15,
            ["halfwidth-kana"] = 6,
            ["presentation-forms"] = 2,
            ["compatibility-ideograph"] = 10,
            ["traditional"] = 12,
            ["traditional-mixed"] = 10,
            ["transliteration"] = 1,
            // Other characters that look alike.
            ["homoglyph"] = 45,
            ["homoglyph-capital"] = 4,
            ["small-capitals"] = 5,
            ["leet"] = 65,
            ["symbol"] = 10,
            ["lookalike-ascii"] = 6,
            ["diacritics"] = 8,
            ["combining-marks"] = 5,
            ["no-diacritics"] = 15,
            // Something between the characters.
            ["punctuation"] = 130,
            ["sentence-punctuation"] = 25,
            ["keyword-space"] = 12,
            ["emoji"] = 55,
            ["spaced"] = 60,
            // Characters written again.
            ["repeated"] = 50,
            // Several at once, and words that need their context.
            ["combined"] = 40,
            ["code-word"] = 40,
            ["pinyin"] = 20,
            ["description"] = 50,
            ["allow-phrase"] = 120,
            // Near-misses.
            ["contains"] = 95,
            ["inflected"] = 10,
            ["one-letter-off"] = 15,
            ["out-of-context"] = 75,
            ["window"] = 8,
            ["across-boundary"] = 15,
            ["number"] = 15,
            ["url"] = 7,
            ["everyday"] = 95,
        };
        var counts = Suite.Cases.CountBy(text => text.Technique).ToDictionary();
        Assert.Equal(atLeast.Keys.Order(), counts.Keys.Order());
        Assert.All(atLeast, technique => Assert.True(
            counts[technique.Key] >= technique.Value, $"{technique.Key}: {counts[technique.Key]} cases"));
    }

    [Fact]
    public void Load_Expectations_ReferToKeywordsAndEvasionsThatExist()
    {
        var keywords = Suite.Keywords.Select(keyword => keyword.Id).ToHashSet();
        Assert.All(Suite.Cases, text =>
        {
            Assert.Subset(keywords, text.Expect.ToHashSet());
            Assert.Equal(text.Expect.Distinct(), text.Expect);
            Assert.Subset(EvasionSuite.Evasions.ToHashSet(), text.Evasions.ToHashSet());
            Assert.Equal(text.Evasions.Distinct(), text.Evasions);
            Assert.False(text.IsNearMiss && !text.Evasions.IsEmpty, text.ToString());
            Assert.False(text.Technique == EvasionSuite.Plain && !text.Evasions.IsEmpty, text.ToString());
            Assert.NotEmpty(text.Why);
        });
        Assert.Empty(keywords.Except(Suite.Cases.SelectMany(text => text.Expect)));
    }

    [Fact]
    public void Load_KeywordsAndTerms_AreInNormalForm() =>
        Assert.All(Suite.Keywords, keyword =>
        {
            Assert.All(
                [keyword.Text, .. keyword.AnyOf, .. keyword.AllOf, .. keyword.NoneOf],
                text => Assert.Equal(Wlnorm.Normalize(text), text));
            Assert.InRange(keyword.Window, 0, 100);
            Assert.NotEmpty(keyword.Category);
        });

    /// <summary>Listings are short, and nobody's number or address stands in them.</summary>
    [Fact]
    public void Load_Texts_AreShortAndNameNobody() =>
        Assert.All(Suite.Cases, text =>
        {
            Assert.InRange(text.Text.Length, 1, 400);
            Assert.DoesNotMatch(LongNumber(), text.Text);
            Assert.DoesNotMatch(ForeignAddress(), text.Text);
        });

    /// <summary>A reviewer must be able to see every character, and an editor must not compose any.</summary>
    [Fact]
    public void Files_InvisibleCharacters_AreEscaped()
    {
        foreach (var file in new[] { EvasionSuite.KeywordsFile, EvasionSuite.CasesFile })
        {
            var hidden = File.ReadAllText(file).EnumerateRunes().Where(IsHidden).Select(rune => $"U+{rune.Value:X4}");
            Assert.Empty(hidden.Distinct());
        }
    }

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Control => rune.Value != '\n',
        UnicodeCategory.SpaceSeparator => rune.Value is not (' ' or 0x3000),
        // Variation selectors, marks that an editor might compose, fillers, the Braille blank.
        _ => rune.Value is (>= 0x0300 and <= 0x036F) or 0x115F or 0x1160 or 0x2800 or 0x3099 or 0x309A or 0x3164
            or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF),
    };

    [GeneratedRegex(@"\d([ .\-]?\d){6}")]
    private static partial Regex LongNumber();

    [GeneratedRegex(@"@[\w.\-]+\.\w+(?<!\.example)$|https?://(?!example\.(com|net|org)\b)", RegexOptions.Multiline)]
    private static partial Regex ForeignAddress();
}
