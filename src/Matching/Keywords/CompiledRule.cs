namespace FederationNode.Matching.Keywords;

/// <summary>A rule with its context terms as patterns of the engine's index of terms. Immutable.</summary>
/// <param name="Id">The caller's number.</param>
/// <param name="Window">How near terms must be; 0: anywhere.</param>
/// <param name="AnyOf">Numbers of terms of which one must be near; empty: no condition.</param>
/// <param name="AllOf">Numbers of terms that must all be near.</param>
/// <param name="NoneOf">Numbers of terms of which none may be near.</param>
/// <param name="Phrases">
/// Numbers of none-of terms that contain the keyword: phrases in which the keyword means something else. They hold up
/// only the places that lie in them.
/// </param>
internal sealed record CompiledRule(int Id, int Window, int[] AnyOf, int[] AllOf, int[] NoneOf, int[] Phrases)
{
    /// <summary>Whether the rule holds wherever its keyword stands.</summary>
    public bool IsUnconditional => AnyOf.Length + AllOf.Length + NoneOf.Length + Phrases.Length == 0;
}
