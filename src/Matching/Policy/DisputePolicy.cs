namespace FederationNode.Matching.Policy;

/// <summary>What it does to a verdict that members dispute a listing.</summary>
/// <param name="Members">Members that must dispute it before their word lowers the verdict, from 1.</param>
/// <param name="LowerTo">What they lower it to, if it is graver.</param>
/// <param name="Own">What this member's own dispute lowers it to, if it is graver.</param>
public sealed record DisputePolicy(int Members, Verdict LowerTo, Verdict Own)
{
    /// <summary>Any dispute lowers a block to a review, the own one anything to a signal.</summary>
    public static DisputePolicy Default { get; } = new(1, Verdict.Review, Verdict.Signal);
}
