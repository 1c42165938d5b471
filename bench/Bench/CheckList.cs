using System.Globalization;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Images;
using FederationNode.Protocol;

namespace FederationNode.Bench;

/// <summary>A list as it may be in a few years, and what is asked of it.</summary>
internal sealed class CheckList
{
    public const int Sellers = 1_000_000;
    public const int Hashes = 100_000;
    public const int Keywords = 10_000;
    public const int TextLength = 1_000;

    private const string Scheme = "voprf/tel/1";

    private readonly Random _random = new(11);
    private readonly string[] _words;

    public CheckList()
    {
        Tags = [.. Enumerable.Range(0, Sellers).Select(_ => new Hash256(Bytes()))];
        Pictures = new PictureHashes(7).Make(Hashes);

        // Of a vocabulary, so that texts are of the same words as keywords but have few of the keywords.
        _words = [.. Enumerable.Range(0, 20_000).Select(_ => Word())];
    }

    public Hash256[] Tags { get; }

    public PdqHash[] Pictures { get; }

    /// <summary>Lists all of it at a node.</summary>
    public async Task ImportAsync(RunningNode node)
    {
        var expected = Sellers + Hashes + Keywords;
        for (var at = 0; at < expected; at += Limits.MaxAppendEntries)
        {
            await node.PublishAsync(
                new ListingBatch([.. Enumerable.Range(at, Math.Min(Limits.MaxAppendEntries, expected - at)).Select(Listing)]),
                string.Create(CultureInfo.InvariantCulture, $"bench-checks-{at}"));
        }
    }

    /// <summary>Tags, of which so many in a hundred are listed.</summary>
    public Hash256[] AskTags(int count, int percent) =>
        [.. Enumerable.Range(0, count).Select(i => i % 100 < percent ? Tags[_random.Next(Sellers)] : new Hash256(Bytes()))];

    /// <summary>Hashes, of which so many in a hundred are 0 to 31 bits from a listed one.</summary>
    public PdqHash[] AskPictures(int count, int percent) =>
        [
            .. Enumerable.Range(0, count).Select(i => i % 100 < percent
                ? PictureHashes.Flip(Pictures[_random.Next(Hashes)], _random.Next(32), _random)
                : new PdqHash(Bytes())),
        ];

    /// <summary>A listing's text.</summary>
    public string AskText()
    {
        var text = new StringBuilder("For sale: ");
        while (text.Length < TextLength)
        {
            text.Append(_words[_random.Next(_words.Length)]).Append(_random.Next(8) == 0 ? ", " : " ");
        }

        return text.ToString(0, TextLength);
    }

    private ListingRequest Listing(int number) => number switch
    {
        < Sellers => new() { Kind = "seller", Scheme = Scheme, Value = Tags[number].ToString(), Category = "ivory" },
        < Sellers + Hashes => new() { Kind = "image-pdq", Value = Pictures[number - Sellers].ToString(), Category = "tiger" },
        _ => new()
        {
            Kind = "keyword",
            Value = $"{_words[_random.Next(_words.Length)]} {_words[_random.Next(_words.Length)]} {_words[_random.Next(_words.Length)]}",
            Category = "pangolin",
        },
    };

    private string Word() =>
        new([.. Enumerable.Range(0, _random.Next(4, 10)).Select(_ => (char)('a' + _random.Next(26)))]);

    private byte[] Bytes()
    {
        var bytes = new byte[Hash256.Size];
        _random.NextBytes(bytes);
        return bytes;
    }
}
