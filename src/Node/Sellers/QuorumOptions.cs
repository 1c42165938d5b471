namespace FederationNode.Node.Sellers;

/// <summary>How long holders of keys for seller tags are waited for.</summary>
internal sealed record QuorumOptions
{
    /// <summary>
    /// After this time without an answer another holder is asked beside the slow one: 5 s. A full batch takes a holder about
    /// a second; each holder that is asked counts it against this member's quota.
    /// </summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Batches of this node that are asked for at once; others wait their turn: 4. A holder works at one or two of a member's at a
    /// time, so with more of them each would look slow.
    /// </summary>
    public int AtOnce { get; init; } = 4;

    /// <summary>After this time a holder is given up: 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
