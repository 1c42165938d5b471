using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

/// <summary>
/// What a policy made of single listings that nobody else speaks of, as nearly all are: it is the same for all of a member
/// that are alike but for the value, so it is counted and put into words once. For one thread.
/// </summary>
internal sealed class CountMemory
{
    /// <summary>Members choose categories and confidence: what they choose must not fill the memory.</summary>
    private const int MaxKept = 1024;

    private readonly Dictionary<Likeness, PolicyCount> _counts = [];
    private VerdictPolicy? _policy;
    private Likeness _asked;

    /// <summary>What was made of a listing like this one, or null.</summary>
    /// <param name="policy">The policy; of another one everything is forgotten.</param>
    /// <param name="entry">The listing's entry, in no quarantine.</param>
    /// <param name="evasions">How the text hides the keyword.</param>
    public PolicyCount? Of(VerdictPolicy policy, LogEntry entry, KeywordEvasions evasions)
    {
        if (!ReferenceEquals(policy, _policy))
        {
            _counts.Clear();
            _policy = policy;
        }

        var listing = (ListingPayload)entry.Payload;
        _asked = new Likeness(
            entry.Member, listing.Indicator.Kind, listing.Category, listing.Action, listing.Confidence, evasions);
        return _counts.GetValueOrDefault(_asked);
    }

    /// <summary>Remembers what was made of the listing that was asked for last.</summary>
    public PolicyCount Add(PolicyCount count)
    {
        if (_counts.Count == MaxKept)
        {
            _counts.Clear();
        }

        return _counts[_asked] = count;
    }

    private readonly record struct Likeness(
        string Member, string Kind, string Category, string Action, int Confidence, KeywordEvasions Evasions);
}
