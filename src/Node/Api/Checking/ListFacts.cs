using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Status;

namespace FederationNode.Node.Api.Checking;

/// <summary>Which list a check asked, and how fresh it is.</summary>
/// <param name="Version">Digest of the merged list, in hexadecimal.</param>
/// <param name="Size">Indicators with a listing in force.</param>
/// <param name="AgeSeconds">Silence of the peer that was silent longest; null if one was never heard of.</param>
/// <param name="Stale">Whether the list may be out of date.</param>
internal readonly record struct ListFacts(string Version, long Size, double? AgeSeconds, bool Stale);

/// <summary>Says which list is asked. Safe from any thread.</summary>
internal sealed class ListWatch(MergedList list, ListFollower follower, PeerWatch peers)
{
    /// <summary>The list now. Asked before items are checked: nothing newer than what is said of it goes unmentioned.</summary>
    public MergedList.Snapshot Current => list.Latest;

    /// <summary>Whether the list may be out of date.</summary>
    public bool IsStale => peers.Freshness().Stale || IsIncomplete;

    private bool IsIncomplete => !follower.IsReady || follower.HeldUp.Count > 0;

    /// <summary>What an answer says of the list that was current.</summary>
    public ListFacts Describe(MergedList.Snapshot current)
    {
        var freshness = peers.Freshness();
        return new ListFacts(
            current.Digest.ToString(),
            current.InForce,
            freshness.AgeSeconds,
            freshness.Stale || IsIncomplete);
    }
}
