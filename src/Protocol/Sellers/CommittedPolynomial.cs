namespace FederationNode.Protocol.Sellers;

/// <summary>
/// A polynomial over the scalars that is known by its coefficients times the generator, lowest first: what a dealer
/// publishes of the secrets that it deals (Feldman 1987). Whoever knows these can compute any value of the polynomial times
/// the generator, and nothing else.
/// </summary>
internal static class CommittedPolynomial
{
    /// <summary>
    /// The value at <paramref name="x"/> times the generator: <c>sum x^k C[k]</c>, by Horner's rule. May be the identity.
    /// </summary>
    /// <param name="commitments">The committed coefficients, at least one.</param>
    /// <param name="x">Where, from 1.</param>
    public static RistrettoPoint ValueAt(ReadOnlySpan<RistrettoPoint> commitments, int x)
    {
        var factor = RistrettoScalar.FromUInt64((ulong)x);
        var value = commitments[^1];
        for (var k = commitments.Length - 2; k >= 0; k--)
        {
            // The product is refused only if the value so far is the identity, and then it stays that.
            value = RistrettoPoint.TryMultiply(in factor, in value, out var product)
                ? RistrettoPoint.Add(in product, in commitments[k])
                : commitments[k];
        }

        return value;
    }
}
