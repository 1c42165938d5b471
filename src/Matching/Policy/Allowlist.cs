using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Policy;

/// <summary>
/// What never counts against anybody here, whoever lists it. It goes above everything else in the policy. Immutable; safe
/// from any thread.
/// </summary>
public sealed class Allowlist
{
    private const string By = "allowed by policy.json: ";

    private readonly FrozenSet<Hash256> _ids;
    private readonly FrozenSet<(string Kind, string Value)> _values;
    private readonly FrozenSet<Hash256> _sellers;
    private readonly KeywordEngine? _phraseEngine;

    /// <summary>Makes an allowlist.</summary>
    /// <param name="ids">Ids of indicators.</param>
    /// <param name="values">Kinds and canonical values: a keyword as normalised text, others as lower-case hexadecimal digits.</param>
    /// <param name="phrases">Phrases, normalised, within which a keyword does not count.</param>
    /// <param name="sellers">Tags of this member's own verified sellers.</param>
    public Allowlist(
        IEnumerable<Hash256> ids,
        IEnumerable<(string Kind, string Value)> values,
        IEnumerable<string> phrases,
        IEnumerable<Hash256> sellers)
    {
        _ids = ids.ToFrozenSet();
        _values = values.ToFrozenSet();
        _sellers = sellers.ToFrozenSet();
        Phrases = [.. phrases.Distinct(StringComparer.Ordinal)];
        _phraseEngine = Phrases.IsEmpty ? null : EngineOf(Phrases);
    }

    /// <summary>Nothing is allowed.</summary>
    public static Allowlist Empty { get; } = new([], [], [], []);

    /// <summary>The phrases.</summary>
    public ImmutableArray<string> Phrases { get; }

    /// <summary>Number of own verified sellers.</summary>
    public int SellerCount => _sellers.Count;

    /// <summary>The phrases are this member's own: the seed need not be secret.</summary>
    private static KeywordEngine EngineOf(ImmutableArray<string> phrases)
    {
        var engine = new KeywordEngine(seed: 0);
        for (var i = 0; i < phrases.Length; i++)
        {
            _ = engine.Add(new KeywordRule(i, phrases[i], KeywordMatch.ByScript, [], [], [], 0));
        }

        return engine;
    }

    /// <summary>Why an indicator does not count, in words, or null.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="indicator">The indicator.</param>
    public string? ReasonFor(Hash256 id, Indicator indicator)
    {
        if (_ids.Count > 0 && _ids.Contains(id))
        {
            return By + "this indicator";
        }

        if (_sellers.Count > 0 && indicator.Kind == IndicatorKind.Seller && _sellers.Contains(new Hash256(indicator.Value.Span)))
        {
            return By + "a verified seller";
        }

        if (_values.Count == 0)
        {
            return null;
        }

        var isKeyword = indicator.Kind == IndicatorKind.Keyword;
        var value = isKeyword
            ? Encoding.UTF8.GetString(indicator.Value.Span)
            : Convert.ToHexStringLower(indicator.Value.Span);
        return _values.Contains((indicator.Kind, value)) ? By + (isKeyword ? value : $"this {indicator.Kind}") : null;
    }

    /// <summary>The places of allowed phrases in a text.</summary>
    /// <param name="text">UTF-16, not normalised.</param>
    /// <param name="places">Takes the places; the rule's id is the number of the phrase.</param>
    internal void FindPhrases(string text, List<KeywordHit> places) => _phraseEngine?.Find(text, places);

    /// <summary>Why a keyword within a phrase does not count, in words.</summary>
    /// <param name="phrase">Number of the phrase.</param>
    internal string ReasonForPhrase(int phrase) => By + Phrases[phrase];
}
