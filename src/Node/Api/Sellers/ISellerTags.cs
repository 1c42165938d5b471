using FederationNode.Grains.Peers;

namespace FederationNode.Node.Api.Sellers;

/// <summary>
/// The way to the holder of the seller keys: over the peer transport, or straight to the evaluator where this node is
/// the holder. Sees blinded points only. Safe for concurrent use; nothing is retried.
/// </summary>
public interface ISellerTags
{
    /// <summary>Evaluates a batch.</summary>
    /// <param name="type">The identifier type, such as <c>tel</c>.</param>
    /// <param name="epoch">The key's epoch, from 1.</param>
    /// <param name="blinded">1 to 4,000 ristretto255 points of 32 bytes.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>As many points in the same order, and one DLEQ proof of 64 bytes for all.</returns>
    /// <exception cref="PeerException">
    /// The holder was not reached (<see cref="PeerException.Status"/> 0) or refused: 422 a bad point, 429 too much.
    /// </exception>
    Task<SellerEvaluation> EvaluateAsync(
        string type, int epoch, IReadOnlyList<byte[]> blinded, CancellationToken cancellationToken);
}

/// <summary>Evaluated points with the proof for all of them.</summary>
/// <param name="Evaluated">Points of 32 bytes.</param>
/// <param name="Proof">64 bytes.</param>
public sealed record SellerEvaluation(IReadOnlyList<byte[]> Evaluated, byte[] Proof);
