using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// The kinds and schemes of the listings of a view, by number, and when each makes listings end: so that a row can be asked
/// without its payload.
/// </summary>
internal sealed class SchemeEnds
{
    private readonly Dictionary<(string Kind, string Scheme), int> _numbers = [];
    private readonly List<(string Kind, string Scheme)> _schemes = [];
    private EndsByScheme _ends = new([]);

    /// <summary>By what roster.</summary>
    public Lifetimes Lifetimes { get; private set; } = Lifetimes.Default;

    /// <summary>The number of a listing's kind and scheme. Kinds of which the protocol knows no scheme have one number each.</summary>
    public int NumberOf(Indicator indicator)
    {
        var scheme = (indicator.Kind, indicator.Kind == IndicatorKind.Seller ? indicator.Scheme : "");
        if (!_numbers.TryGetValue(scheme, out var number))
        {
            _numbers[scheme] = number = _schemes.Count;
            _schemes.Add(scheme);
            _ends.Of.Add(EndOf(scheme));
        }

        return number;
    }

    /// <summary>When a listing ends, in unix seconds.</summary>
    public long EndOf(ref EntryRow listing) => _ends.EndOf(ref listing);

    /// <summary>Another roster came into force; what held before.</summary>
    public EndsByScheme Put(Lifetimes lifetimes)
    {
        var before = _ends;
        Lifetimes = lifetimes;
        _ends = new EndsByScheme([.. _schemes.Select(EndOf)]);
        return before;
    }

    private (long Limit, long Until) EndOf((string Kind, string Scheme) of) =>
        (Lifetimes.LimitOf(of.Kind), Lifetimes.UntilOf(of.Scheme) ?? long.MaxValue);
}

/// <summary>When listings end by one roster, by the number of their scheme.</summary>
/// <param name="Of">The longest time from issue to end, and when all of the scheme end.</param>
internal readonly record struct EndsByScheme(List<(long Limit, long Until)> Of)
{
    /// <summary>When a listing ends, in unix seconds.</summary>
    public long EndOf(ref EntryRow listing)
    {
        var (limit, until) = Of[listing.Scheme];
        return Math.Min(Math.Min(listing.Expires, listing.Issued + limit), until);
    }
}
