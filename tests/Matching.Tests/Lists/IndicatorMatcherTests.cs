using CsCheck;
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

    /// <summary>The same value under two schemes goes with the second of them, and comes back when it is listed again.</summary>
    [Fact]
    public void Remove_ValueUnderTwoSchemes_GoesWithTheLast()
    {
        var matcher = new IndicatorMatcher(9);
        var (first, second, other) = (Seller(Value(1), 1), Seller(Value(1), 2), Seller(Value(2), 1));
        matcher.Put(Listing(first));
        matcher.Put(Listing(second));
        matcher.Put(Listing(other));

        matcher.Remove([first, Seller(Value(3), 1)]);
        Assert.Contains(second.Id, Sellers(matcher, 1));
        matcher.Remove([second, second]);
        Assert.Empty(Sellers(matcher, 1));
        Assert.Equal([other.Id], Sellers(matcher, 2));

        matcher.Put(Listing(second));
        Assert.Equal([second.Id], Sellers(matcher, 1));
        matcher.Put(Listing(first));
        matcher.Remove([first]);
        matcher.Put(Listing(first));
        matcher.Remove([second]);
        Assert.Contains(first.Id, Sellers(matcher, 1));
        matcher.Remove([first]);
        Assert.Empty(Sellers(matcher, 1));
    }

    [Fact]
    public void Remove_Pictures_AreFoundNoMore()
    {
        var matcher = new IndicatorMatcher(9);
        for (var number = 0; number < 10_000; number++)
        {
            matcher.Put(Listing(new Indicator(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, Value(number).ToArray())));
            matcher.Put(Listing(new Indicator(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, Value(number).ToArray())));
        }

        matcher.Remove([.. Enumerable.Range(0, 5_000).SelectMany(n => (Indicator[])
        [
            new(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, Value(2 * n).ToArray()),
            new(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, Value(2 * n).ToArray()),
        ])]);

        for (var number = 0; number < 10_000; number++)
        {
            var found = new List<IndicatorMatch>();
            matcher.MatchImage(Value(number), found);
            matcher.MatchPdq(new PdqHash(Value(number).Span), found);
            Assert.Equal(number % 2 * 2, found.Count);
        }
    }

    /// <summary>Keywords with and without terms are listed, removed and listed again; what is left is found as by a new matcher.</summary>
    [Fact]
    public void RemoveAndCompact_AnyKeywords_FindsWhatANewMatcherFinds()
    {
        string[] words = ["tusk", "ivory", "tusk bangle", "carved tusk", "horn", "象牙", "elfenbein"];
        KeywordContext[] contexts =
        [
            new("en", "auto", [], [], [], 0),
            new("en", "substring", [], [], [], 0),
            new("en", "word", ["sale", "offer"], [], ["museum"], 40),
            new("en", "auto", [], ["carved"], [], 0),
        ];
        const string Text = "For sale: a carved tusk bangle of ivory, horn and 象牙; the museum has elfenbeintusk on offer, too.";
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, words.Length - 1], Gen.Int[0, contexts.Length - 1]).Array[1, 60].Sample(
            steps =>
            {
                var (matcher, listed) = (new IndicatorMatcher(11), new HashSet<(int Word, int Context)>());
                foreach (var (step, word, context) in steps)
                {
                    switch (step)
                    {
                        case 0:
                            matcher.Put(Keyword(words[word], contexts[context]));
                            listed.Add((word, context));
                            break;
                        case 1:
                            matcher.Remove([Indicator.Keyword(words[word])]);
                            listed.RemoveWhere(l => l.Word == word);
                            break;
                        default:
                            matcher.Compact();
                            break;
                    }

                    var fresh = new IndicatorMatcher(12);
                    foreach (var (w, c) in listed)
                    {
                        fresh.Put(Keyword(words[w], contexts[c]));
                    }

                    Assert.Equal(Found(fresh, Text), Found(matcher, Text));
                }
            },
            iter: 200);
    }

    private static List<string> Found(IndicatorMatcher matcher, string text)
    {
        var found = new List<IndicatorMatch>();
        matcher.MatchText(text, found);
        return [.. found.Select(m => $"{m.IndicatorId} {m.Start} {m.Length} {m.Contexts.Length}").Order(StringComparer.Ordinal)];
    }

    private static List<Hash256> Sellers(IndicatorMatcher matcher, int number)
    {
        var found = new List<IndicatorMatch>();
        matcher.MatchSeller(Value(number), found);
        return [.. found.Select(m => m.IndicatorId)];
    }

    private static ListingPayload Keyword(string word, KeywordContext context) =>
        Listing(Indicator.Keyword(word)) with { Context = context };

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
