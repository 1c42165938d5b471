using FederationNode.Matching.Images;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Matching.Tests.Lists;

/// <summary>What has a value of 32 bytes: sellers and images.</summary>
public class IndicatorMatcherTests
{
    [Fact]
    public void Match_SameValueUnderSchemesAndKinds_FindsEachIndicatorOnce()
    {
        var matcher = new IndicatorMatcher(7);
        var value = Value(1);
        Indicator[] sellers = [.. Enumerable.Range(1, 6).Select(epoch => Seller(value, epoch))];
        foreach (var seller in sellers.Concat(sellers))
        {
            matcher.Put(Listing(seller));
        }

        var image = new Indicator(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, value.ToArray());
        Indicator[] pictures = [.. new[] { IndicatorScheme.Pdq1, "pdq/2" }.Select(scheme =>
            new Indicator(IndicatorKind.ImagePdq, scheme, value.ToArray()))];
        matcher.Put(Listing(image));
        foreach (var picture in pictures.Concat(pictures))
        {
            matcher.Put(Listing(picture));
        }

        var found = new List<IndicatorMatch>();
        matcher.MatchSeller(value, found);
        Assert.Equal(sellers.Select(seller => seller.Id).Order(), found.Select(match => match.IndicatorId).Order());
        found.Clear();
        matcher.MatchImage(value, found);
        Assert.Equal(image.Id, Assert.Single(found).IndicatorId);
        found.Clear();
        matcher.MatchPdq(new PdqHash(value.Span).WithBitFlipped(9), found);
        Assert.Equal(pictures.Select(picture => picture.Id).Order(), found.Select(match => match.IndicatorId).Order());
        Assert.All(found, match => Assert.Equal(1, match.Distance));
        found.Clear();
        matcher.MatchSeller(Value(2), found);
        matcher.MatchImage(Value(2), found);
        Assert.Empty(found);
    }

    [Fact]
    public void MatchMany_AnyValues_EqualsOneAfterTheOther()
    {
        var matcher = new IndicatorMatcher(8);
        for (var number = 0; number < 40_000; number++)
        {
            matcher.Put(Listing(Seller(Value(number), 1)));
            matcher.Put(Listing(new Indicator(
                IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, Value(number + 20_000).ToArray())));
        }

        Hash256[] asked = [.. Enumerable.Range(0, 1_000).Select(number => Value(number * 83))];
        var (sellers, images) = (new List<(int, IndicatorMatch)>(), new List<(int, IndicatorMatch)>());
        matcher.MatchSellers(asked, sellers);
        matcher.MatchImages(asked, images);
        Assert.Equal(OneByOne(asked, matcher.MatchSeller), sellers.Select(found => (found.Item1, found.Item2.IndicatorId)));
        Assert.Equal(OneByOne(asked, matcher.MatchImage), images.Select(found => (found.Item1, found.Item2.IndicatorId)));
        Assert.InRange(sellers.Count, 400, 500);
        Assert.InRange(images.Count, 400, 500);
    }

    private static List<(int, Hash256)> OneByOne(Hash256[] asked, Action<Hash256, List<IndicatorMatch>> match)
    {
        var all = new List<(int, Hash256)>();
        for (var place = 0; place < asked.Length; place++)
        {
            var found = new List<IndicatorMatch>();
            match(asked[place], found);
            all.AddRange(found.Select(one => (place, one.IndicatorId)));
        }

        return all;
    }

    private static Indicator Seller(Hash256 tag, int epoch) => new(IndicatorKind.Seller, $"voprf/tel/{epoch}", tag.ToArray());

    private static Hash256 Value(int number) => Hash256.Of(BitConverter.GetBytes(number));

    private static ListingPayload Listing(Indicator indicator) => new()
    {
        Indicator = indicator,
        Category = "ivory",
        Severity = 2,
        Confidence = 90,
        Action = "block",
        Expires = 2_000_000_000,
    };
}
