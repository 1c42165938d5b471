using System.Numerics;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// Computes <c>factor * sum w[j] D[j]</c> for many elements with one set of Lagrange weights. The weights of small places are
/// fractions of small numbers, <c>w[j] = m[j] / d</c>: then <c>sum m[j] D[j]</c> takes a few additions, each a quarter of a
/// multiplication, and 1/d goes into the factor, so that one multiplication an element remains. Where the numbers
/// are too large for that to pay, each D is multiplied by <c>factor * w[j]</c>.
/// </summary>
internal sealed class LagrangeSum
{
    /// <summary>How many additions of libsodium take as long as one multiplication, about.</summary>
    private const int AdditionsPerMultiplication = 4;

    private const int Double = -1;

    private readonly RistrettoScalar[] _weights;
    private readonly RistrettoScalar _scale;

    // Each step is Double, 2 j (add D[j]) or 2 j + 1 (subtract it); null where multiplying is cheaper.
    private readonly int[]? _steps;
    private readonly int _first;

    private LagrangeSum(RistrettoScalar[] weights) => _weights = weights;

    private LagrangeSum(RistrettoScalar scale, int first, int[] steps)
    {
        _weights = [];
        _scale = scale;
        _first = first;
        _steps = steps;
    }

    /// <summary>The number of additions an element, or -1 if every element is multiplied by its own weight.</summary>
    public int Additions => _steps?.Length ?? -1;

    /// <summary>The cheaper way for these places.</summary>
    /// <param name="places">Different numbers from 1.</param>
    public static LagrangeSum At(ReadOnlySpan<int> places)
    {
        var (multiples, divisor) = Fractions(places);
        var digits = multiples.Max(m => BigInteger.Abs(m).GetBitLength());
        if (digits <= 32)
        {
            var (first, negative, steps) = Chain([.. multiples.Select(m => (long)m)], (int)digits);
            var weighed = (places.Length - 1) * (AdditionsPerMultiplication + 1);
            if (steps.Count < weighed || places.Length == 1)
            {
                return new LagrangeSum(Reciprocal(negative ? -divisor : divisor), first, [.. steps]);
            }
        }

        return new LagrangeSum(Lagrange.WeightsAtZero(places));
    }

    /// <summary>The sum for one element.</summary>
    /// <param name="evaluated">D[j] for the places in their order: points that somebody has checked.</param>
    /// <param name="factor">The factor, not zero; as secret as the caller's use of it.</param>
    /// <exception cref="ArgumentException">The sum is the identity, which the values of a key's shares never give.</exception>
    public RistrettoPoint Combine(ReadOnlySpan<RistrettoPoint> evaluated, in RistrettoScalar factor) =>
        _steps is null ? Weigh(evaluated, in factor) : Add(evaluated, in factor);

    private RistrettoPoint Add(ReadOnlySpan<RistrettoPoint> evaluated, in RistrettoScalar factor)
    {
        var sum = evaluated[_first];
        foreach (var step in _steps!)
        {
            sum = step == Double ? RistrettoPoint.Add(in sum, in sum)
                : (step & 1) == 0 ? RistrettoPoint.Add(in sum, in evaluated[step >> 1])
                : RistrettoPoint.Subtract(in sum, in evaluated[step >> 1]);
        }

        var scaled = RistrettoScalar.Multiply(in factor, in _scale);
        var product = RistrettoPoint.Multiply(in scaled, in sum);
        scaled.Erase();
        return product;
    }

    private RistrettoPoint Weigh(ReadOnlySpan<RistrettoPoint> evaluated, in RistrettoScalar factor)
    {
        RistrettoPoint sum = default;
        for (var j = 0; j < evaluated.Length; j++)
        {
            var scaled = RistrettoScalar.Multiply(in factor, in _weights[j]);
            var product = RistrettoPoint.Multiply(in scaled, in evaluated[j]);
            scaled.Erase();
            sum = j == 0 ? product : RistrettoPoint.Add(in sum, in product);
        }

        return sum;
    }

    /// <summary>The weights as whole numbers over one divisor.</summary>
    private static (BigInteger[] Multiples, BigInteger Divisor) Fractions(ReadOnlySpan<int> places)
    {
        var above = new BigInteger[places.Length];
        var below = new BigInteger[places.Length];
        var divisor = BigInteger.One;
        for (var j = 0; j < places.Length; j++)
        {
            above[j] = below[j] = BigInteger.One;
            for (var m = 0; m < places.Length; m++)
            {
                if (m != j)
                {
                    above[j] *= places[m];
                    below[j] *= places[m] - places[j];
                }
            }

            var common = BigInteger.GreatestCommonDivisor(above[j], below[j]) * below[j].Sign;
            above[j] /= common;
            below[j] /= common;
            divisor *= below[j] / BigInteger.GreatestCommonDivisor(divisor, below[j]);
        }

        return ([.. above.Zip(below, (a, b) => a * (divisor / b))], divisor);
    }

    /// <summary>
    /// Doubling and adding over the binary digits of all multiples together (Straus 1964), from the top. If no multiple
    /// with a top digit is positive, all signs are turned.
    /// </summary>
    private static (int First, bool Negative, List<int> Steps) Chain(long[] multiples, int digits)
    {
        bool HasTop(long m) => Math.Abs(m) >> (digits - 1) == 1;
        var negative = !multiples.Any(m => m > 0 && HasTop(m));
        var signed = negative ? [.. multiples.Select(m => -m)] : multiples;
        var first = Array.FindIndex(signed, m => m > 0 && HasTop(m));
        var steps = new List<int>();
        for (var digit = digits - 1; digit >= 0; digit--)
        {
            if (digit < digits - 1)
            {
                steps.Add(Double);
            }

            for (var j = 0; j < signed.Length; j++)
            {
                if ((Math.Abs(signed[j]) >> digit & 1) == 1 && (digit < digits - 1 || j != first))
                {
                    steps.Add((2 * j) + (signed[j] < 0 ? 1 : 0));
                }
            }
        }

        return (first, negative, steps);
    }

    private static RistrettoScalar Reciprocal(BigInteger number)
    {
        // The divisor of places up to 32 with multiples of 32 bits is far below 2^64.
        var size = RistrettoScalar.FromUInt64((ulong)BigInteger.Abs(number));
        var inverse = RistrettoScalar.Invert(in size);
        return number.Sign < 0 ? RistrettoScalar.Subtract(default, in inverse) : inverse;
    }
}
