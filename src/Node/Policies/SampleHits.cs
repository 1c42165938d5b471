using System.Collections.Immutable;
using FederationNode.Matching.Lists;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Policies;

/// <summary>Tries keywords on a recorded sample, before they are published.</summary>
internal static class SampleHits
{
    /// <summary>How many texts each listing hits, with the first places.</summary>
    /// <param name="listings">Listings; those of other kinds than keyword hit nothing.</param>
    /// <param name="texts">The sample.</param>
    /// <param name="places">How many places are kept for each listing.</param>
    public static IReadOnlyList<ListingHits> Count(
        IReadOnlyList<ListingPayload> listings, ImmutableArray<string> texts, int places = 0)
    {
        // Its values come from this member: the seed need not be secret.
        var matcher = new IndicatorMatcher(0);
        foreach (var listing in listings)
        {
            matcher.Put(listing);
        }

        var byId = listings.Select((listing, i) => (listing, i)).ToLookup(l => l.listing.Indicator.Id);
        var hits = listings.Select(_ => new ListingHits()).ToArray();
        Parallel.For(0, texts.Length, () => new List<IndicatorMatch>(), (at, _, found) =>
        {
            found.Clear();
            matcher.MatchText(texts[at], found);
            foreach (var match in found)
            {
                foreach (var (listing, i) in byId[match.IndicatorId].Where(l => match.Applies(l.listing)))
                {
                    hits[i].Add(at, match, places);
                }
            }

            return found;
        }, _ => { });
        return hits;
    }
}

/// <summary>What one listing hits. Safe from any thread while it is counted.</summary>
internal sealed class ListingHits
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, (int Start, int Length)> _places = [];
    private readonly HashSet<int> _texts = [];

    /// <summary>Number of texts.</summary>
    public int Texts => _texts.Count;

    /// <summary>The first places, one a text: the number of the text, and where in it.</summary>
    public IEnumerable<(int Text, int Start, int Length)> Places => _places.Select(p => (p.Key, p.Value.Start, p.Value.Length));

    /// <summary>Counts a match.</summary>
    public void Add(int text, IndicatorMatch match, int places)
    {
        lock (_lock)
        {
            if (!_texts.Add(text))
            {
                return;
            }

            _places[text] = (match.Start, match.Length);
            if (_places.Count > places)
            {
                _places.Remove(_places.Keys.Last());
            }
        }
    }
}
