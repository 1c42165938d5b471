using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Sellers;

/// <summary>Passes batches on to the secretariat's node, which holds the seller keys.</summary>
/// <param name="transport">The wire to it.</param>
public sealed class RemoteSellerTags(IPeerTransport transport) : ISellerTags
{
    /// <inheritdoc/>
    public async Task<SellerEvaluation> EvaluateAsync(
        string type, int epoch, IReadOnlyList<byte[]> blinded, CancellationToken cancellationToken)
    {
        var answer = await transport.EvaluateAsync(
            Origin.Secretariat,
            new EvaluateMessage { Type = type, Epoch = epoch, Blinded = [.. blinded] },
            cancellationToken);
        return new SellerEvaluation(answer.Evaluated, answer.Proof);
    }
}
