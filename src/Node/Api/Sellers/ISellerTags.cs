using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Api.Sellers;

/// <summary>
/// The way to the holders of a key for seller tags. Sees blinded points only. Safe for concurrent use.
/// </summary>
internal interface ISellerTags
{
    /// <summary>Has a batch evaluated by as many holders as the key needs, and checks what each answers.</summary>
    /// <param name="key">The key, by the roster in force.</param>
    /// <param name="blinded">1 to 4,000 points, none the identity.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>What the whole key would have answered.</returns>
    /// <exception cref="HoldersMissingException">Too few holders gave a good answer; says who did not, and why.</exception>
    Task<SellerEvaluation> EvaluateAsync(
        SharedKey key, IReadOnlyList<RistrettoPoint> blinded, CancellationToken cancellationToken);
}

/// <summary>Evaluated points.</summary>
/// <param name="Evaluated">As many points as were sent, in the same order.</param>
/// <param name="Holders">Who answered, in the order of the holders.</param>
internal sealed record SellerEvaluation(IReadOnlyList<RistrettoPoint> Evaluated, IReadOnlyList<string> Holders);
