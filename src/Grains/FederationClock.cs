namespace FederationNode.Grains;

/// <summary>
/// The clock of the federation's own code is a keyed service, apart from the silo's: a test can turn it without making
/// Orleans' maintenance loops spin.
/// </summary>
public static class FederationClock
{
    /// <summary>Key under which the <see cref="TimeProvider"/> is registered.</summary>
    public const string Key = "fednode";
}
