using FederationNode.Matching.Keywords;
using FederationNode.Matching.Lists;
using FederationNode.Matching.Policy;

namespace FederationNode.Matching.Checking;

/// <summary>Lists that a thread uses for one item after another, so that an item without a match allocates nothing.</summary>
internal sealed class CheckScratch
{
    /// <summary>A thread gives back the memory of more matches than this.</summary>
    private const int KeptCapacity = 4096;

    [ThreadStatic]
    private static CheckScratch? s_scratch;

    /// <summary>What the matcher found.</summary>
    public List<IndicatorMatch> Found { get; } = [];

    /// <summary>What the matcher found of many items, each with the place of its item.</summary>
    public List<(int Place, IndicatorMatch Match)> Placed { get; } = [];

    /// <summary>Where the text has phrases that the policy allows.</summary>
    public List<KeywordHit> Phrases { get; } = [];

    /// <summary>The judged places of one indicator.</summary>
    public List<JudgedMatch> Places { get; } = [];

    /// <summary>One place of that indicator for each judgement that was made.</summary>
    public List<JudgedMatch> Known { get; } = [];

    /// <summary>What the policy made of single listings.</summary>
    public CountMemory Counts { get; } = new();

    /// <summary>The judged matches of the item.</summary>
    public List<JudgedMatch> Judged { get; } = [];

    /// <summary>This thread's lists, empty, taken from it until <see cref="Return"/>.</summary>
    public static CheckScratch Take()
    {
        var scratch = s_scratch ?? new CheckScratch();
        s_scratch = null;
        return scratch;
    }

    /// <summary>Hands the lists back.</summary>
    public void Return()
    {
        if (Found.Capacity <= KeptCapacity && Placed.Capacity <= KeptCapacity && Phrases.Capacity <= KeptCapacity)
        {
            Found.Clear();
            Placed.Clear();
            Phrases.Clear();
            Places.Clear();
            Known.Clear();
            Judged.Clear();
            s_scratch = this;
        }
    }
}
