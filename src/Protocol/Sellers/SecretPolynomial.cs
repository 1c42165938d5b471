namespace FederationNode.Protocol.Sellers;

/// <summary>
/// A polynomial over the scalars whose value at 0 is a key and whose value at n is the share of holder n (Shamir 1979). Its
/// public side is <see cref="CommittedPolynomial"/>.
/// </summary>
internal static class SecretPolynomial
{
    /// <summary>The value at <paramref name="x"/>, by Horner's rule; the caller erases it.</summary>
    /// <param name="coefficients">The coefficients, lowest first, at least one.</param>
    /// <param name="x">Where, from 1.</param>
    public static RistrettoScalar ValueAt(ReadOnlySpan<VoprfSecretKey> coefficients, int x)
    {
        var factor = RistrettoScalar.FromUInt64((ulong)x);
        RistrettoScalar value = default;
        for (var k = coefficients.Length - 1; k >= 0; k--)
        {
            value = RistrettoScalar.Multiply(in value, in factor);
            value = RistrettoScalar.Add(in value, in coefficients[k].Scalar);
        }

        return value;
    }
}
