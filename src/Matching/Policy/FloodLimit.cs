using System.Collections.Immutable;

namespace FederationNode.Matching.Policy;

/// <summary>How much a member may add to its log before what it adds only signals.</summary>
/// <param name="Entries">Entries that one log may grow by within the time.</param>
/// <param name="Hours">The time, in hours, from 1.</param>
/// <param name="HoldHours">Hours without excess after which a quarantine ends by itself; 0: only an operator ends it.</param>
/// <param name="Released">Members that are not held in quarantine, whatever they add.</param>
public sealed record FloodLimit(int Entries, int Hours, int HoldHours, ImmutableHashSet<string> Released)
{
    /// <summary>The time in seconds.</summary>
    public long Window => Hours * 3600L;
}
