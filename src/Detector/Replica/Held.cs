using System.Collections.Frozen;
using FederationNode.Contracts;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;

namespace FederationNode.Detector.Replica;

/// <summary>What a replica answers from: replaced as a whole with each page.</summary>
internal sealed class Held
{
    private readonly FrozenSet<string> _counts;

    public Held(ReplicaList list, ReplicaPlace place)
    {
        (List, Place) = (list, place);
        _counts = place.Roster.Counts.ToFrozenSet(StringComparer.Ordinal);
    }

    public ReplicaList List { get; }

    public ReplicaPlace Place { get; }

    /// <summary>The list as of a second, for any number of checks within it.</summary>
    /// <param name="policy">What turns evidence into verdicts.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isStale">Whether the list may be out of date.</param>
    public ListChecker Open(VerdictPolicy policy, long now, bool isStale) => new(
        List.Matcher,
        List.TryGet,
        policy,
        _counts.Contains,
        now,
        new CheckLimits(Limits.MaxCheckPlaces, Limits.MaxCheckMatches))
    {
        IsStale = isStale,
    };
}
