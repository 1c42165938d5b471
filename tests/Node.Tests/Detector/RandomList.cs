using System.Globalization;
using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Node.Tests.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>A list of all kinds that grows at random, and items of which many match it.</summary>
/// <param name="random">Its seed is the test's.</param>
/// <param name="node">Publishes and receives.</param>
/// <param name="lifetime">Seconds after which the last listing expires.</param>
internal sealed class RandomList(Random random, ApiNode node, int lifetime = 3000)
{
    private readonly List<string> _words = [];
    private readonly List<string> _hashes = [];
    private readonly List<string> _ids = [];

    public IReadOnlyList<string> Words => _words;

    public IReadOnlyList<string> Hashes => _hashes;

    public IReadOnlyList<string> Ids => _ids;

    public async Task GrowAsync(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            await StepAsync();
        }
    }

    public List<CheckItem> Items(int count) => [.. Enumerable.Range(0, count).Select(i => random.Next(3) switch
    {
        0 => new CheckItem("text", Text(), i.ToString(CultureInfo.InvariantCulture), random.Next(2) == 0),
        _ => new CheckItem(Pick(["seller", "image-sha256", "image-pdq", "image-pdq"]), Near(random.Next(5) == 0 ? Hex() : Pick(_hashes)), null),
    })];

    private async Task StepAsync()
    {
        var foreign = random.Next(2) == 0;
        var action = Pick(["block", "block", "review", "signal"]);
        var confidence = random.Next(30, 101);
        switch (random.Next(10))
        {
            case < 3:
                var word = random.Next(4) == 0 && _words.Count > 0 ? Pick(_words) : Pick(["象牙", "穿山甲", "tusk ", "rhino "]) + Letters(6);
                _words.Add(word);
                if (foreign)
                {
                    await node.ReceiveAsync(Some.ForeignKeyword(word, Expiry(), action, confidence));
                    _ids.Add(Some.KeywordId(word));
                }
                else
                {
                    var context = new KeywordRuleRequest(
                        Match: Pick(["auto", "substring", "word", "prefix"]),
                        AnyOf: random.Next(2) == 0 ? [] : ["ivory", "牙"],
                        NoneOf: random.Next(2) == 0 ? [] : ["coast"],
                        Window: random.Next(2) * 20);
                    await PublishAsync(Some.Keyword(word, l => l with
                    {
                        Action = action,
                        Confidence = confidence,
                        Expires = Expiry(),
                        Context = context,
                        OverrideLint = "test",
                    }));
                }

                break;
            case < 7:
                var kind = Pick(["seller", "image-sha256", "image-pdq"]);
                var scheme = kind == "seller" ? "voprf/tel/1" : null;
                var hash = random.Next(3) == 0 && _hashes.Count > 0 ? Pick(_hashes) : Hex();
                _hashes.Add(hash);
                if (foreign)
                {
                    var listing = Some.ForeignHash(kind, hash, Expiry(), action, scheme) with { Confidence = confidence };
                    await node.ReceiveAsync(listing);
                    _ids.Add(listing.Indicator.Id.ToString());
                }
                else
                {
                    await PublishAsync(new ListingRequest
                    {
                        Kind = kind,
                        Value = hash,
                        Scheme = scheme,
                        Category = "tiger",
                        Action = action,
                        Confidence = confidence,
                        Expires = Expiry(),
                    });
                }

                break;
            case 7 when foreign && _ids.Count > 0 && Hash256.TryParseHex(Pick(_ids), out var id):
                await node.ReceiveAsync(new WithdrawalPayload(id, "error"));
                break;
            case 8 when foreign && _ids.Count > 0 && Hash256.TryParseHex(Pick(_ids), out var about):
                await node.ReceiveAsync(new OpinionPayload(about, Pick(["", "acme"]), Pick(["confirm", "dispute", "none"]), "seen-too"));
                break;
            default:
                if (_ids.Count > 0)
                {
                    using var answer = await node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(
                        Pick(_ids), Pick(["confirm", "dispute", "none"]), Pick(["", "globex"])));
                    Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity);
                }

                break;
        }
    }

    private async Task PublishAsync(ListingRequest listing) => _ids.AddRange((await node.PublishAsync(listing)).IndicatorIds);

    private long Expiry() => node.Now + random.Next(100, lifetime);

    private string Text() => string.Join(
        Pick([" ", "", ", "]),
        Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(3) == 0 && _words.Count > 0 ? Hidden(Pick(_words)) : Pick(["ivory", "coast", "a", "牙", Letters(5)])));

    /// <summary>Mostly the word itself.</summary>
    private string Hidden(string word) => random.Next(8) switch
    {
        0 => word.Replace('a', '\u0430').Replace('o', '0'),
        1 => string.Join('.', word.AsEnumerable()),
        2 => word.Replace("i", "iiii", StringComparison.Ordinal),
        _ => word,
    };

    private string Near(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var flips = random.Next(2) * random.Next(40); flips > 0; flips--)
        {
            bytes[random.Next(32)] ^= (byte)(1 << random.Next(8));
        }

        return Convert.ToHexStringLower(bytes);
    }

    private string Hex()
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private string Letters(int count) => new([.. Enumerable.Range(0, count).Select(_ => (char)('a' + random.Next(26)))]);

    private string Pick(List<string> from) => from[random.Next(from.Count)];
}
