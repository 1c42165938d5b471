using System.Globalization;

namespace FederationNode.Matching.Policy;

/// <summary>A log grew by more than the policy lets pass: what stands in it from some entry on only signals.</summary>
/// <param name="Log">The log's origin.</param>
/// <param name="Member">Who writes it.</param>
/// <param name="From">Index of the first entry that only signals.</param>
/// <param name="Entries">By how many entries it grew.</param>
/// <param name="Seconds">In how many seconds.</param>
/// <param name="Last">When it was last seen to grow too much, in unix seconds.</param>
public sealed record Quarantine(string Log, string Member, long From, long Entries, long Seconds, long Last)
{
    /// <summary>The excess in words.</summary>
    public string Excess => string.Create(
        CultureInfo.InvariantCulture, $"{Member} added {Entries:N0} entries within {(Seconds + 3599) / 3600:N0} h");
}
