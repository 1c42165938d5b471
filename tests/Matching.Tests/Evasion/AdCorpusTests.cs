using FederationNode.Matching.Keywords;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>
/// The suite's keywords on 16,509 real classified ads for pet birds (samples/ads). 30 of them offer African greys, which are
/// on CITES Appendix I and among the keywords; whatever else is found is a false positive.
/// </summary>
public sealed class AdCorpusTests
{
    private static readonly string[] Ads =
    [
        .. File.ReadLines(Path.Combine(TestFiles.Repository, "samples", "ads", "text_w_labels.csv")).Skip(1).Select(line => line.Split(',')[1]),
    ];

    [Theory]
    [InlineData("en")]
    [InlineData("")]
    public void Find_RealAds_FindsTheAfricanGreysAndNothingElse(string language)
    {
        var suite = EvasionSuite.Load();
        var engine = suite.MakeEngine(language);

        Assert.Equal(16_509, Ads.Length);
        var hit = new List<string>();
        var hits = new List<KeywordHit>();
        foreach (var ad in Ads)
        {
            hits.Clear();
            engine.Find(ad, hits);
            if (hits.Count > 0)
            {
                hit.Add($"{suite.Keywords[hits[0].RuleId].Id} ({hits[0].Evasions}): {ad.Substring(hits[0].Start, hits[0].Length)}");
            }
        }

        Assert.Equal(30, hit.Count);
        Assert.All(hit, found => Assert.Equal("en-african-grey (None): african grey", found));
    }
}
