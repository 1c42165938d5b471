using System.Text;
using FederationNode.Matching.Exact;
using FederationNode.Matching.Images;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Lists;

/// <summary>
/// Finds the indicators that an item matches. It knows values and contexts only; whether a match means anything now is
/// decided from the merged view, so what was withdrawn may stay in here without harm. What was erased is taken out.
/// <see cref="Put"/>, <see cref="Remove"/> and <see cref="Compact"/> by one thread at a time, readers by any number at the same time: what was put is found at once.
/// </summary>
public sealed class IndicatorMatcher
{
    /// <summary>A thread keeps no longer list of hits.</summary>
    private const int MaxKeptHits = 4096;

    /// <summary>Keys that are looked up at once; their rows stand on the stack.</summary>
    private const int Together = 256;

    /// <summary>Stands where a rule was removed.</summary>
    private static readonly KeywordContext s_none = new("", "auto", [], [], [], 0);

    private readonly ExactIndex _sellers;
    private readonly ExactIndex _images;
    private readonly PdqIndex _pdq = new();
    private readonly ValueRows _rows = new();
    private readonly HashSet<(Hash256 Indicator, KeywordContext Context)> _ruleSeen = [];
    private readonly Dictionary<KeywordContext, KeywordContext> _plain = [];
    private readonly KeywordEngine _keywords;

    // Empty, so that an item that matches nothing allocates nothing.
    [ThreadStatic]
    private static List<KeywordHit>? t_hits;

    [ThreadStatic]
    private static List<PdqMatch>? t_pdq;

    // Written before the rule is found, replaced as a whole when it grows.
    private volatile Rule[] _rules = new Rule[16];
    private int _ruleCount;

    /// <summary>An empty matcher.</summary>
    /// <param name="seed">A number that members cannot guess: they choose hash values, and must not choose collisions.</param>
    public IndicatorMatcher(ulong seed)
    {
        _keywords = new KeywordEngine(seed);
        _sellers = new ExactIndex(seed, _rows);
        _images = new ExactIndex(seed, _rows);
    }

    /// <summary>Takes note of a listing.</summary>
    public void Put(ListingPayload listing)
    {
        var indicator = listing.Indicator;
        switch (indicator.Kind)
        {
            case IndicatorKind.Keyword when listing.Context is { } context:
                PutKeyword(indicator, context);
                break;
            case IndicatorKind.Seller:
                PutExact(_sellers, indicator);
                break;
            case IndicatorKind.ImageSha256:
                PutExact(_images, indicator);
                break;
            case IndicatorKind.ImagePdq:
                PutPdq(indicator);
                break;
        }
    }

    /// <summary>
    /// Takes out indicators of which no listing is left, and overwrites their values, but for a value that stands under
    /// another scheme, too. Keywords are found no more at once, and leave the memory with <see cref="Compact"/>, hashes of
    /// pictures when their part of the index is next merged. Looks through all keyword rules if there is a keyword among them.
    /// </summary>
    public void Remove(IReadOnlyCollection<Indicator> indicators)
    {
        foreach (var indicator in indicators)
        {
            switch (indicator.Kind)
            {
                case IndicatorKind.Seller:
                    RemoveExact(_sellers, indicator);
                    break;
                case IndicatorKind.ImageSha256:
                    RemoveExact(_images, indicator);
                    break;
                case IndicatorKind.ImagePdq:
                    RemovePdq(indicator);
                    break;
            }
        }

        var keywords = indicators.Where(i => i.Kind == IndicatorKind.Keyword).DistinctBy(i => i.Id).ToDictionary(i => i.Id);
        if (keywords.Count > 0)
        {
            RemoveKeywords(keywords);
        }
    }

    /// <summary>Whether keywords that were removed are still in memory.</summary>
    public bool IsWorn => _keywords.IsWorn;

    /// <summary>Makes the tables of keywords anew, without those that were removed: about a microsecond for each that stays.</summary>
    public void Compact() => _keywords.Compact();

    private void RemoveKeywords(Dictionary<Hash256, Indicator> keywords)
    {
        var rules = _rules;
        for (var id = 0; id < _ruleCount; id++)
        {
            var (indicator, context) = rules[id];
            if (keywords.TryGetValue(indicator, out var keyword) && _ruleSeen.Remove((indicator, context)))
            {
                _ = _keywords.Remove(id, Encoding.UTF8.GetString(keyword.Value.Span), ModeOf(context.Match));
                rules[id] = new Rule(default, s_none);
            }
        }
    }

    private void RemoveExact(ExactIndex index, Indicator indicator)
    {
        var value = new Hash256(indicator.Value.Span);
        if (!index.TryGet(value, out var row))
        {
            return;
        }

        if (_rows.IsLast(row, indicator))
        {
            index.Remove(value);
            _rows.Wipe(row);
        }
        else
        {
            _rows.Unwant(row, indicator);
        }
    }

    /// <inheritdoc cref="RemoveExact"/>
    private void RemovePdq(Indicator indicator)
    {
        var hash = new PdqHash(indicator.Value.Span);
        if (!_pdq.TryGet(hash, out var row))
        {
            return;
        }

        if (_rows.IsLast(row, indicator))
        {
            _pdq.Remove(hash, row);
            _rows.Wipe(row);
        }
        else
        {
            _rows.Unwant(row, indicator);
        }
    }

    /// <summary>Adds the keywords found in a text, one match for each place and indicator.</summary>
    public void MatchText(string text, List<IndicatorMatch> matches)
    {
        var hits = t_hits ??= [];
        _keywords.Find(text, hits);
        if (hits.Count > 0)
        {
            // Apart, since what it needs is allocated where it begins.
            AddText(hits, matches);
            hits.Clear();
            t_hits = hits.Capacity > MaxKeptHits ? null : hits;
        }
    }

    private void AddText(List<KeywordHit> hits, List<IndicatorMatch> matches)
    {
        var rules = _rules;
        foreach (var place in hits.GroupBy(h => (rules[h.RuleId].Indicator, h.Start, h.Length)))
        {
            matches.Add(new IndicatorMatch(
                place.Key.Indicator,
                place.Key.Start,
                place.Key.Length,
                0,
                place.Min(h => h.Evasions),
                [.. place.Select(h => rules[h.RuleId].Context).Distinct()]));
        }
    }

    /// <summary>Adds the sellers with this tag.</summary>
    public void MatchSeller(Hash256 tag, List<IndicatorMatch> matches) => MatchExact(_sellers, tag, matches);

    /// <summary>
    /// Adds the sellers with any of these tags, each with the place of its tag: faster for many than one after the other.
    /// </summary>
    public void MatchSellers(ReadOnlySpan<Hash256> tags, List<(int Place, IndicatorMatch Match)> matches) =>
        MatchExact(_sellers, tags, matches);

    /// <summary>Adds the images with this SHA-256.</summary>
    public void MatchImage(Hash256 sha256, List<IndicatorMatch> matches) => MatchExact(_images, sha256, matches);

    /// <summary>
    /// Adds the images with any of these SHA-256, each with the place of its hash: faster for many than one after the
    /// other.
    /// </summary>
    public void MatchImages(ReadOnlySpan<Hash256> hashes, List<(int Place, IndicatorMatch Match)> matches) =>
        MatchExact(_images, hashes, matches);

    /// <summary>Adds the images within Hamming distance 31 of a hash.</summary>
    public void MatchPdq(PdqHash hash, List<IndicatorMatch> matches)
    {
        var found = t_pdq ??= [];
        _pdq.Find(hash, found);
        AddPdq(found, matches);
    }

    /// <summary>Adds the images within Hamming distance 31 of any of the eight orientations of an image.</summary>
    public void MatchPdq(PdqResult image, List<IndicatorMatch> matches)
    {
        var found = t_pdq ??= [];
        foreach (var hash in image.Orientations)
        {
            _pdq.Find(hash, found);
        }

        AddPdq(found, matches);
    }

    private void AddPdq(List<PdqMatch> found, List<IndicatorMatch> matches)
    {
        if (found.Count == 0)
        {
            return;
        }

        t_pdq = null;
        foreach (var nearest in found.GroupBy(m => m.Id).Select(g => g.MinBy(m => m.Distance)))
        {
            for (var i = 0; i < _rows.CountOf(nearest.Id); i++)
            {
                matches.Add(Whole(_rows.IdOf(nearest.Id, i), nearest.Distance));
            }
        }
    }

    private void MatchExact(ExactIndex index, Hash256 key, List<IndicatorMatch> matches)
    {
        if (index.TryGet(key, out var row))
        {
            for (var i = 0; i < _rows.CountOf(row); i++)
            {
                matches.Add(Whole(_rows.IdOf(row, i)));
            }
        }
    }

    private void MatchExact(
        ExactIndex index, ReadOnlySpan<Hash256> keys, List<(int Place, IndicatorMatch Match)> matches)
    {
        Span<int> rows = stackalloc int[Math.Min(keys.Length, Together)];
        for (var start = 0; start < keys.Length; start += Together)
        {
            var part = keys.Slice(start, Math.Min(Together, keys.Length - start));
            if (index.TryGetMany(part, rows) == 0)
            {
                continue;
            }

            for (var i = 0; i < part.Length; i++)
            {
                for (var number = 0; rows[i] >= 0 && number < _rows.CountOf(rows[i]); number++)
                {
                    matches.Add((start + i, Whole(_rows.IdOf(rows[i], number))));
                }
            }
        }
    }

    /// <summary>A match of an item that is looked up as a whole.</summary>
    private static IndicatorMatch Whole(Hash256 id, int distance = 0) => new(id, -1, 0, distance, KeywordEvasions.None, []);

    private void PutKeyword(Indicator indicator, KeywordContext context)
    {
        context = Shared(context);
        if (!_ruleSeen.Add((indicator.Id, context)))
        {
            return;
        }

        var rules = _rules;
        if (_ruleCount == rules.Length)
        {
            Array.Resize(ref rules, rules.Length * 2);
        }

        rules[_ruleCount] = new Rule(indicator.Id, context);
        _rules = rules;
        _ = _keywords.Add(new KeywordRule(
            _ruleCount,
            Encoding.UTF8.GetString(indicator.Value.Span),
            ModeOf(context.Match),
            context.AnyOf,
            context.AllOf,
            context.NoneOf,
            context.Window));
        _ruleCount++;
    }

    /// <summary>Contexts without terms, which most keywords have, are few: each is kept once.</summary>
    private KeywordContext Shared(KeywordContext context)
    {
        if (context.AnyOf.Length + context.AllOf.Length + context.NoneOf.Length > 0)
        {
            return context;
        }

        _plain.TryAdd(context, context);
        return _plain[context];
    }

    /// <summary>The same value under two schemes is one row with two indicators.</summary>
    private void PutExact(ExactIndex index, Indicator indicator)
    {
        var value = new Hash256(indicator.Value.Span);
        if (index.TryGet(value, out var row))
        {
            _rows.AddTo(row, indicator);
        }
        else
        {
            index.Set(value, _rows.Add(indicator));
        }
    }

    /// <inheritdoc cref="PutExact"/>
    private void PutPdq(Indicator indicator)
    {
        var hash = new PdqHash(indicator.Value.Span);
        if (_pdq.TryGet(hash, out var row))
        {
            _rows.AddTo(row, indicator);
        }
        else
        {
            _pdq.Add(hash, _rows.Add(indicator));
        }
    }

    private static KeywordMatch ModeOf(string match) => match switch
    {
        "word" => KeywordMatch.Word,
        "substring" => KeywordMatch.Substring,
        "prefix" => KeywordMatch.Prefix,
        _ => KeywordMatch.ByScript,
    };

    private readonly record struct Rule(Hash256 Indicator, KeywordContext Context);
}
