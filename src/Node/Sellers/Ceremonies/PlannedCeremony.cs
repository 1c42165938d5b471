using FederationNode.Protocol.Sellers.Ceremonies;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>A ceremony that the secretariat has planned, as far as it has come.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Planned">When it was planned, in unix seconds.</param>
internal sealed record PlannedCeremony(CeremonyPlan Plan, long Planned)
{
    /// <summary>
    /// How long after its plan nodes say anything in a ceremony: operators on several sites have to agree. Later another attempt
    /// is planned.
    /// </summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>A word that is missing for so long is late: nodes that run need seconds.</summary>
    public static readonly TimeSpan StepTime = TimeSpan.FromDays(1);

    /// <summary>The ceremony; null while the roster that names the key to be handed over is not here.</summary>
    public Ceremony? Ceremony { get; init; }

    /// <summary>The newest time of issue of what was said, in unix seconds.</summary>
    public long Heard { get; set; } = Planned;

    /// <summary>Since when it is at its step.</summary>
    public long Since { get; set; } = Planned;

    /// <summary>Whether it is the newest for its key.</summary>
    public bool IsNewest { get; set; }

    /// <summary>Whether its time is over.</summary>
    public bool IsOver(long now) => now - Planned > (long)Lifetime.TotalSeconds;

    /// <summary>Whether somebody has a part in it.</summary>
    public bool HasPart(string member) => Ceremony?.Participants.Contains(member) ?? Plan.Holders.Contains(member);

    /// <summary>Whether a holder has said that it has its share.</summary>
    public bool HasConfirmed(string holder) => Ceremony is { Step: CeremonyStep.Confirmations or CeremonyStep.Done } ceremony
        && Plan.Holders.Contains(holder) && !ceremony.Awaited.Contains(holder);
}
