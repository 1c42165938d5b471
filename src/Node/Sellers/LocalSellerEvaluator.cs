using FederationNode.Contracts.Peers;
using FederationNode.Node.Peers;

namespace FederationNode.Node.Sellers;

/// <summary>Answers requests for seller tags with the keys of this node.</summary>
internal sealed class LocalSellerEvaluator(SellerKeyHolder keys) : ISellerEvaluator
{
    /// <inheritdoc/>
    public Task<Evaluation> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        if (!keys.Holds(request.Type, request.Epoch))
        {
            return Task.FromResult(new Evaluation(
                EvaluationOutcome.UnknownKey, null, $"This node holds no key for {request.Type}, epoch {request.Epoch}."));
        }

        // Thousands of scalar multiplications: off the request's thread, so that other requests go on.
        return Task.Run(
            () => keys.TryEvaluate(request, out var answer, out var error)
                ? new Evaluation(EvaluationOutcome.Evaluated, answer, null)
                : new Evaluation(EvaluationOutcome.BadPoint, null, error),
            cancellationToken);
    }
}
