using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Peers;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Peers;

namespace FederationNode.Node.Sellers;

/// <summary>At the key holder: requests of its own detectors and analysts go straight to its keys.</summary>
internal sealed class LocalSellerTags(ISellerEvaluator evaluator, NodeIdentity identity) : ISellerTags
{
    /// <inheritdoc/>
    public async Task<SellerEvaluation> EvaluateAsync(
        string type, int epoch, IReadOnlyList<byte[]> blinded, CancellationToken cancellationToken)
    {
        var request = new EvaluateMessage { Type = type, Epoch = epoch, Blinded = [.. blinded] };
        var evaluation = await evaluator.EvaluateAsync(identity.Member, request, cancellationToken);
        return evaluation.Answer is { } answer
            ? new SellerEvaluation(answer.Evaluated, answer.Proof)
            : throw new PeerException(identity.Member, evaluation.Error ?? "refused") { Status = StatusOf(evaluation.Outcome) };
    }

    private static int StatusOf(EvaluationOutcome outcome) => outcome switch
    {
        EvaluationOutcome.UnknownKey => StatusCodes.Status404NotFound,
        EvaluationOutcome.QuotaExceeded => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}
