using FederationNode.Contracts.Peers;

namespace FederationNode.Node.Peers;

/// <summary>What became of a request for seller tags.</summary>
public enum EvaluationOutcome
{
    /// <summary>All points were evaluated.</summary>
    Evaluated,

    /// <summary>The roster here names no key of the type and epoch, or this node holds no share of it.</summary>
    UnknownKey,

    /// <summary>A point is not a canonical encoding, or is the identity. Nothing was evaluated.</summary>
    BadPoint,

    /// <summary>Who asks is neither a member nor the secretariat by its roles. Nothing was evaluated.</summary>
    NoMember,

    /// <summary>The member has used up what it may ask for. Nothing was evaluated.</summary>
    QuotaExceeded,
}

/// <summary>The answer of a key holder.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Answer">The points and their proof; null unless <see cref="EvaluationOutcome.Evaluated"/>.</param>
/// <param name="Error">What was wrong, for the sender; null when nothing was.</param>
/// <param name="RetryAfter">When quota is free again, with <see cref="EvaluationOutcome.QuotaExceeded"/>.</param>
public sealed record Evaluation(
    EvaluationOutcome Outcome, EvaluatedMessage? Answer, string? Error, TimeSpan RetryAfter = default);

/// <summary>A key holder's side of seller tags, docs/protocol.md, section 12. Safe for concurrent use.</summary>
public interface ISellerEvaluator
{
    /// <summary>Evaluates blinded points.</summary>
    /// <param name="member">Who asks, by its TLS key.</param>
    /// <param name="request">1 to 4,000 points of 32 bytes, not yet checked to be points.</param>
    /// <param name="cancellationToken">Ends when the asker has gone.</param>
    Task<Evaluation> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken);
}
