using System.Text;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Lists;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Tests.Checking;

/// <summary>A small list in memory, with members whose statements stand in the order in which they are made.</summary>
internal sealed class Evidence
{
    public const long Now = 1_790_000_000;

    private readonly View _view = new();
    private readonly Dictionary<string, long> _indexes = [];

    public IndicatorMatcher Matcher { get; } = new(7);

    public static Indicator Image(byte value) =>
        new(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, Enumerable.Repeat(value, 32).ToArray());

    public static Indicator Seller(byte value) => new(IndicatorKind.Seller, "voprf/tel/1", Enumerable.Repeat(value, 32).ToArray());

    /// <summary>Lets a member list something; returns the entry's index in its log.</summary>
    public long List(
        string member,
        Indicator indicator,
        string action = "block",
        int confidence = 80,
        string category = "ivory",
        long issued = Now - 60,
        long expires = Now + 1000,
        KeywordContext? context = null)
    {
        var listing = new ListingPayload
        {
            Indicator = indicator,
            Category = category,
            Severity = 1,
            Confidence = confidence,
            Action = action,
            Expires = expires,
            Context = indicator.Kind == IndicatorKind.Keyword ? context ?? KeywordContext.None : null,
        };
        Matcher.Put(listing);
        return Put(member, listing, issued);
    }

    /// <summary>Lets a member dispute, or confirm, a listing; everybody's if no lister is named.</summary>
    public void Opine(string member, Indicator indicator, string stance = OpinionPayload.Dispute, string lister = "") =>
        Put(member, new OpinionPayload(indicator.Id, lister, stance, "other"), Now - 30);

    public bool TryGet(Hash256 id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IndicatorState? state) =>
        _view.TryGet(id, out state);

    public IndicatorState State(Indicator indicator) =>
        _view.TryGet(indicator.Id, out var state) ? state : throw new ArgumentException("Nobody says anything of it.");

    /// <summary>Where a member's log is.</summary>
    public static Origin Log(string member) => Origin.Parse($"demo/{member}/indicators/1");

    public ListChecker Checker(VerdictPolicy? policy = null, int places = 10, int matches = 1000) => new(
        Matcher, TryGet, policy ?? new VerdictPolicy { Self = "self" }, _ => true, Now, new CheckLimits(places, matches));

    private long Put(string member, Payload payload, long issued)
    {
        var index = _indexes.GetValueOrDefault(member);
        _indexes[member] = index + 1;
        var hash = Hash256.Of(Encoding.UTF8.GetBytes($"{member}/{index}"));
        _view.Apply(new LogEntry(Log(member), index, hash, issued, payload));
        return index;
    }
}
