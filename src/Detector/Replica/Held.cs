using System.Collections.Frozen;
using FederationNode.Contracts;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;

namespace FederationNode.Detector.Replica;

/// <summary>What a replica answers from: replaced as a whole with each page.</summary>
internal sealed class Held
{
    private readonly FrozenSet<string> _counts;

    public Held(ReplicaList list, ReplicaPlace place, VerdictPolicy policy)
    {
        (List, Place, Policy) = (list, place, policy);
        _counts = place.Roster.Counts.ToFrozenSet(StringComparer.Ordinal);
    }

    public ReplicaList List { get; }

    public ReplicaPlace Place { get; }

    public VerdictPolicy Policy { get; }

    /// <summary>The list as of a second, for any number of checks within it.</summary>
    public ListChecker Open(long now) => new(
        List.Matcher,
        List.TryGet,
        Policy,
        _counts.Contains,
        now,
        new CheckLimits(Limits.MaxCheckPlaces, Limits.MaxCheckMatches));
}
