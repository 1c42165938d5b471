namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// Weights with which the values of a polynomial at some places give its value at 0:
/// <c>f(0) = sum w[j] f(x[j])</c>, <c>w[j] = product over m != j of x[m] / (x[m] - x[j])</c>. They depend on the places
/// alone, which are small public numbers.
/// </summary>
internal static class Lagrange
{
    /// <summary>The weights modulo the group order.</summary>
    /// <param name="places">Different numbers from 1.</param>
    public static RistrettoScalar[] WeightsAtZero(ReadOnlySpan<int> places)
    {
        var weights = new RistrettoScalar[places.Length];
        for (var j = 0; j < places.Length; j++)
        {
            var above = RistrettoScalar.FromUInt64(1);
            var below = above;
            var own = RistrettoScalar.FromUInt64((ulong)places[j]);
            for (var m = 0; m < places.Length; m++)
            {
                if (m != j)
                {
                    var other = RistrettoScalar.FromUInt64((ulong)places[m]);
                    above = RistrettoScalar.Multiply(in above, in other);
                    below = RistrettoScalar.Multiply(in below, RistrettoScalar.Subtract(in other, in own));
                }
            }

            weights[j] = RistrettoScalar.Multiply(in above, RistrettoScalar.Invert(in below));
        }

        return weights;
    }
}
