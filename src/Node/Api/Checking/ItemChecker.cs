using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Replica;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Rosters;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Images;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Checking;

/// <summary>Puts what the list says of an item into the shapes of the local API. Safe from any thread.</summary>
internal sealed class ItemChecker(MergedList list, RosterBoard roster, PolicyBoard policy)
{
    public const string Text = VerdictShapes.Text;

    /// <summary>What is wrong with an item, without its value, or null.</summary>
    public static string? FaultOf(CheckItem? item) =>
        item is null ? "must be an object"
        : item.Id is { Length: > Limits.MaxItemId } ? $".id must have at most {Limits.MaxItemId} characters"
        : item.Longest && item.Kind != Text ? $".longest must be left out: it is for items of kind {Text} only"
        : item.Kind switch
        {
            Text => item.Value.Length is > 0 and <= Limits.MaxCheckText
                ? null
                : $".value must have 1 to {Limits.MaxCheckText} UTF-16 code units",
            IndicatorKind.ImagePdq or IndicatorKind.ImageSha256 or IndicatorKind.Seller =>
                Hash256.TryParseLowerHex(item.Value, out _) ? null
                : ".value must be 64 lower-case hexadecimal digits",
            _ => $".kind must be {Text}, "
                + $"{IndicatorKind.ImagePdq}, {IndicatorKind.ImageSha256} or {IndicatorKind.Seller}",
        };

    private readonly IndicatorLookup _lookup = list.TryGet;

    /// <summary>The list as it stands now, for all items of one request.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isStale">Whether it may be out of date.</param>
    public ListChecker Open(long now, bool isStale)
    {
        // One roster and one policy for all items: they must not change between two of them.
        var document = roster.Current;
        return new ListChecker(
            list.Matcher,
            _lookup,
            policy.Verdicts,
            member => document?.Counts(member) ?? false,
            now,
            new CheckLimits(Limits.MaxCheckPlaces, Limits.MaxCheckMatches))
        {
            Quarantines = policy.Quarantines,
            IsStale = isStale,
        };
    }

    /// <summary>Checks an item.</summary>
    /// <param name="checker">What <see cref="Open"/> gave.</param>
    /// <param name="item">The item.</param>
    public static ItemVerdict Check(ListChecker checker, in AskedItem item) => item.Kind switch
    {
        Text => checker.CheckText(item.Text!, item.Longest),
        IndicatorKind.ImagePdq => checker.CheckPdq(new PdqHash(item.Value.Span)),
        IndicatorKind.ImageSha256 => checker.CheckImage(item.Value),
        IndicatorKind.Seller => checker.CheckSeller(item.Value),
        var kind => throw new ArgumentException($"There is no kind {kind}.", nameof(item)),
    };

    /// <summary>Puts a verdict into the API's shape.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <param name="kind">The item's kind.</param>
    /// <param name="id">The caller's name for the item.</param>
    /// <param name="hits">Takes the indicators that it matches.</param>
    public static CheckVerdict Answer(ItemVerdict verdict, string kind, string? id, List<Hash256> hits)
    {
        if (verdict.Matches is [var only])
        {
            hits.Add(only.Match.IndicatorId);
        }
        else
        {
            hits.AddRange(verdict.Matches.Select(m => m.Match.IndicatorId).Distinct());
        }

        return VerdictShapes.Of(verdict, kind, id);
    }
}
