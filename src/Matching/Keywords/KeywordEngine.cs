using System.Collections.Immutable;
using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// Finds all rules that hold in a text, in all views of <c>wlnorm/1</c>, in one pass over the text as it comes, however
/// many rules there are; a second pass looks for context terms, if a keyword that needs them was found.
/// <para>
/// Any number of threads may search beside one that adds; a rule is found by every search that starts after
/// <see cref="Add"/> returned. The time grows with the length of the text and what is found; the caller bounds the text.
/// A search allocates nothing but what <c>hits</c> needs, once the calling thread has searched a text as long before.
/// </para>
/// </summary>
public sealed class KeywordEngine
{
    /// <summary>A thread gives back the memory of longer texts than this, in UTF-16 units.</summary>
    private const int KeptCapacity = 1 << 18;

    /// <summary>Units that a phrase may begin before the keyword in it, separators and all.</summary>
    private const int MaxPhrase = 1024;

    [ThreadStatic]
    private static KeywordScratch? s_scratch;

    private readonly ulong _seed;

    // Replaced together: rules name terms by their numbers.
    private volatile Indexes _now;

    /// <summary>Makes an engine without rules.</summary>
    /// <param name="seed">
    /// Random, secret, new in every process: without it a hostile member could choose keywords that make look-ups slow.
    /// </param>
    public KeywordEngine(ulong seed)
    {
        _seed = seed;
        _now = new Indexes(seed);
    }

    /// <summary>Number of rules that can be found at all.</summary>
    public int RuleCount { get; private set; }

    /// <summary>Number of different keywords, and of different context terms.</summary>
    public int PatternCount => _now.PatternCount;

    /// <summary>Bytes that the tables take, without the keywords' texts.</summary>
    public long MemoryBytes => _now.MemoryBytes;

    /// <summary>Writer only. Whether texts of rules that were removed are still in memory: see <see cref="Compact"/>.</summary>
    public bool IsWorn { get; private set; }

    /// <summary>
    /// Writer only. Adds a rule. One whose text is empty or not normalised, or whose context can never hold (a required
    /// term that normalises to nothing), is left out: it is the same on every node, so it is no error here.
    /// </summary>
    /// <returns>Whether it can be found.</returns>
    /// <exception cref="ArgumentException">The window is negative, or the match mode is not defined.</exception>
    public bool Add(KeywordRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (rule.Window < 0)
        {
            throw new ArgumentException($"Rule {rule.Id} has the window {rule.Window}; it must be 0 or more.");
        }

        if (!Enum.IsDefined(rule.Match))
        {
            throw new ArgumentException($"Rule {rule.Id} has the match mode {(int)rule.Match}, which is not defined.");
        }

        var any = Normalize(rule.AnyOf);
        var all = Normalize(rule.AllOf);
        var usable = any.Where(term => term.Length > 0).ToArray();
        var canHold = (any.Length == 0 || usable.Length > 0) && !all.Contains("");
        if (!canHold || rule.Text.Length == 0 || Wlnorm.Normalize(rule.Text) != rule.Text)
        {
            return false;
        }

        var none = Normalize(rule.NoneOf).Where(term => term.Length > 0).ToLookup(
            term => term.Contains(rule.Text, StringComparison.Ordinal));
        _ = _now.Keywords.Add(rule.Text, BoundariesOf.Text(rule.Match, rule.Text), new CompiledRule(
            rule.Id,
            rule.Window,
            [.. usable.Select(AddTerm)],
            [.. all.Select(AddTerm)],
            [.. none[false].Select(AddTerm)],
            [.. none[true].Select(AddTerm)]));
        RuleCount++;
        return true;
    }

    /// <summary>Writer only. Removes a rule: no search that starts afterwards finds it.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="text">Its text.</param>
    /// <param name="match">Its match mode.</param>
    /// <returns>Whether it was there.</returns>
    public bool Remove(int id, string text, KeywordMatch match)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0 || !_now.Keywords.RemoveRule(text, BoundariesOf.Text(match, text), id))
        {
            return false;
        }

        RuleCount--;
        IsWorn = true;
        return true;
    }

    /// <summary>
    /// Writer only. Makes the tables anew without the texts and context terms of which no rule is left, as a copy: readers go
    /// on in what they have. About as long as adding all rules again.
    /// </summary>
    public void Compact()
    {
        var (old, fresh) = (_now, new Indexes(_seed));
        int[] Renumbered(int[] terms) =>
        [
            .. terms.Select(t => old.Terms.All[t]).Select(t => fresh.Terms.Add(t.Text, t.Boundaries, null).Number),
        ];
        foreach (var pattern in old.Keywords.All)
        {
            foreach (var rule in pattern.Rules)
            {
                _ = fresh.Keywords.Add(pattern.Text, pattern.Boundaries, rule with
                {
                    AnyOf = Renumbered(rule.AnyOf),
                    AllOf = Renumbered(rule.AllOf),
                    NoneOf = Renumbered(rule.NoneOf),
                    Phrases = Renumbered(rule.Phrases),
                });
            }
        }

        _now = fresh;
        IsWorn = false;
    }

    /// <summary>
    /// Adds a hit for every rule and every place where it holds, overlapping ones too: in the order in which they end, at
    /// the same end the longest first.
    /// </summary>
    /// <param name="originalText">UTF-16, may be ill-formed, not normalised.</param>
    /// <param name="hits">Takes the hits; what it holds already stays.</param>
    public void Find(ReadOnlySpan<char> originalText, List<KeywordHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        var now = _now;
        var table = now.Keywords.Table;
        if (table.NodeCount == 0)
        {
            return;
        }

        var scratch = s_scratch ??= new KeywordScratch();
        scratch.Clear();
        var text = new ScanText(originalText, isNormalized: false);
        if (!KeywordScan.TryRun(table, now.Keywords.Seed, text, scratch.Hits))
        {
            scratch.Hits.Clear();
            text = new ScanText(scratch.Normalize(originalText), isNormalized: true);
            _ = KeywordScan.TryRun(table, now.Keywords.Seed, text, scratch.Hits);
        }

        if (scratch.Hits.Count > 0)
        {
            KeywordScratch.Settle(scratch.Hits);
            AddHits(table, now.Terms, text, scratch, hits);
        }

        if (scratch.Capacity > KeptCapacity)
        {
            s_scratch = null;
        }
    }

    private static string[] Normalize(ImmutableArray<string> terms) =>
        terms.IsDefaultOrEmpty ? [] : [.. terms.Select(term => Wlnorm.Normalize(term))];

    private int AddTerm(string term) => _now.Terms.Add(term, BoundariesOf.Text(KeywordMatch.ByScript, term), null).Number;

    private static void AddHits(
        KeywordTable table, KeywordIndex terms, in ScanText text, KeywordScratch scratch, List<KeywordHit> hits)
    {
        var hasTerms = false;
        foreach (var (number, place) in CollectionsMarshal.AsSpan(scratch.Hits))
        {
            if (table.HasOnly(number, out var only))
            {
                Report(only, place, text, scratch, hits);
                continue;
            }

            foreach (var rule in table.PatternOf(number).Rules)
            {
                if (!rule.IsUnconditional && !hasTerms)
                {
                    hasTerms = true;
                    _ = KeywordScan.TryRun(terms.Table, terms.Seed, text, scratch.Terms);
                    scratch.SortTerms();
                }

                if (rule.IsUnconditional || ContextHolds(rule, place, text, scratch))
                {
                    Report(rule.Id, place, text, scratch, hits);
                }
            }
        }
    }

    private static void Report(int rule, in PatternPlace place, in ScanText text, KeywordScratch scratch, List<KeywordHit> hits)
    {
        var (start, length) = text.IsNormalized && scratch.Source(place) is var source
            ? (source.Start, source.Length)
            : (place.Start, place.End - place.Start);
        hits.Add(new KeywordHit(rule, start, length, place.Evasions));
    }

    private static bool ContextHolds(CompiledRule rule, PatternPlace place, in ScanText text, KeywordScratch scratch)
    {
        var any = rule.AnyOf.Length == 0;
        foreach (var term in rule.AnyOf)
        {
            if (IsNear(term, rule.Window, place, text, scratch))
            {
                any = true;
                break;
            }
        }

        if (!any)
        {
            return false;
        }

        foreach (var term in rule.AllOf)
        {
            if (!IsNear(term, rule.Window, place, text, scratch))
            {
                return false;
            }
        }

        foreach (var term in rule.NoneOf)
        {
            if (IsNear(term, rule.Window, place, text, scratch))
            {
                return false;
            }
        }

        foreach (var phrase in rule.Phrases)
        {
            if (LiesIn(scratch.PlacesOf(phrase), place))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsNear(int term, int window, PatternPlace place, in ScanText text, KeywordScratch scratch)
    {
        var places = scratch.PlacesOf(term);
        if (window == 0 || places.IsEmpty)
        {
            return !places.IsEmpty;
        }

        var from = scratch.Position(text, place.Start) - (long)window;
        var to = scratch.Position(text, place.End) + (long)window;
        var (low, high) = (0, places.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = scratch.Position(text, places[middle].Place.Start) < from ? (middle + 1, high) : (low, middle);
        }

        for (; low < places.Length && scratch.Position(text, places[low].Place.Start) <= to; low++)
        {
            if (scratch.Position(text, places[low].Place.End) <= to)
            {
                return true;
            }
        }

        return false;
    }

    private static bool LiesIn(ReadOnlySpan<PatternHit> phrases, PatternPlace place)
    {
        var (low, high) = (0, phrases.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = phrases[middle].Place.Start <= place.Start ? (middle + 1, high) : (low, middle);
        }

        for (var index = low - 1; index >= 0 && place.Start - phrases[index].Place.Start <= MaxPhrase; index--)
        {
            if (phrases[index].Place.End >= place.End)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is looked for, and the terms that must or must not stand near it.</summary>
    private sealed class Indexes(ulong seed)
    {
        public KeywordIndex Keywords { get; } = new(seed);

        public KeywordIndex Terms { get; } = new(seed ^ KeywordHash.Multiplier);

        public int PatternCount => Keywords.Count + Terms.Count;

        public long MemoryBytes => Keywords.Table.MemoryBytes + Terms.Table.MemoryBytes;
    }
}
