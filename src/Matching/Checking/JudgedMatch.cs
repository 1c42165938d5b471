using FederationNode.Matching.Lists;
using FederationNode.Matching.Policy;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Checking;

/// <summary>A match of which at least one listing is in force, and what the policy makes of it.</summary>
/// <param name="Match">The match, as it was found.</param>
/// <param name="Judgement">The judgement.</param>
public sealed record JudgedMatch(IndicatorMatch Match, Judgement Judgement)
{
    /// <summary>The highest confidence of the listings in force, 0 to 100.</summary>
    public int Confidence { get; } = HighestConfidence(Judgement);

    /// <summary>The listing in force that was issued last.</summary>
    public ListingPayload Newest
    {
        get
        {
            LogEntry? newest = null;
            foreach (var entry in Judgement.Listings)
            {
                newest = newest is null || entry.Issued > newest.Issued ? entry : newest;
            }

            return (ListingPayload)newest!.Payload;
        }
    }

    private static int HighestConfidence(Judgement judgement)
    {
        var highest = 0;
        foreach (var entry in judgement.Listings)
        {
            highest = Math.Max(highest, ((ListingPayload)entry.Payload).Confidence);
        }

        return highest;
    }
}
