using System.Collections.Immutable;

namespace FederationNode.Matching.Policy;

/// <summary>How many members must stand behind an indicator before it counts.</summary>
/// <param name="BlockAt">Members that must suggest blocking; 0: it never blocks.</param>
/// <param name="ReviewAt">Members that must suggest at least a review; 0: never a review.</param>
/// <param name="MinConfidence">Listings with less confidence, 0 to 100, only signal.</param>
/// <param name="MaxAgeDays">Listings issued longer ago do not count; 0: they count until they expire.</param>
public sealed record KindPolicy(int BlockAt, int ReviewAt, int MinConfidence, int MaxAgeDays = 0)
{
    /// <summary>
    /// Rules in place of this one for listings of a category. Such listings are counted among themselves; those of all other
    /// categories together.
    /// </summary>
    public ImmutableDictionary<string, KindPolicy> Categories { get; init; } =
        ImmutableDictionary.Create<string, KindPolicy>(StringComparer.Ordinal);

    /// <summary>How much a keyword gives at most where the text hides it.</summary>
    public EvasionCeilings Hidden { get; init; } = EvasionCeilings.None;

    /// <summary>Whether a listing was issued too long ago to count.</summary>
    /// <param name="issued">When it was issued, in unix seconds.</param>
    /// <param name="now">Unix seconds.</param>
    public bool IsTooOld(long issued, long now) => MaxAgeDays > 0 && now - issued > MaxAgeDays * 86_400L;
}
