using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The encoder of RFC 3492 with the parameters of section 5: a label of any script as letters, digits and hyphens.
/// The runtime has one as well, which refuses and maps by the tables of the machine that it runs on.
/// </summary>
internal static class Punycode
{
    private const int Base = 36;
    private const int LowThreshold = 1;
    private const int HighThreshold = 26;
    private const int Skew = 38;
    private const int Damp = 700;
    private const int InitialBias = 72;
    private const int InitialCodePoint = 0x80;

    /// <summary>Encodes at most a few thousand code points, of which some are ASCII; without <c>xn--</c>.</summary>
    internal static string Encode(ReadOnlySpan<int> codePoints)
    {
        var output = new StringBuilder();
        foreach (var codePoint in codePoints)
        {
            if (codePoint < InitialCodePoint)
            {
                output.Append((char)codePoint);
            }
        }

        var basic = output.Length;
        if (basic > 0)
        {
            output.Append('-');
        }

        var (next, delta, bias, handled) = (InitialCodePoint, 0, InitialBias, basic);
        while (handled < codePoints.Length)
        {
            var smallest = SmallestFrom(codePoints, next);
            delta += (smallest - next) * (handled + 1);
            next = smallest;
            foreach (var codePoint in codePoints)
            {
                delta += codePoint < next ? 1 : 0;
                if (codePoint == next)
                {
                    AppendNumber(output, delta, bias);
                    bias = Adapt(delta, handled + 1, handled == basic);
                    delta = 0;
                    handled++;
                }
            }

            delta++;
            next++;
        }

        return output.ToString();
    }

    private static int SmallestFrom(ReadOnlySpan<int> codePoints, int least)
    {
        var smallest = int.MaxValue;
        foreach (var codePoint in codePoints)
        {
            smallest = codePoint >= least ? Math.Min(smallest, codePoint) : smallest;
        }

        return smallest;
    }

    // A generalised variable-length integer (section 3.3).
    private static void AppendNumber(StringBuilder output, int number, int bias)
    {
        for (var k = Base; ; k += Base)
        {
            var threshold = Math.Clamp(k - bias, LowThreshold, HighThreshold);
            if (number < threshold)
            {
                output.Append(Digit(number));
                return;
            }

            output.Append(Digit(threshold + ((number - threshold) % (Base - threshold))));
            number = (number - threshold) / (Base - threshold);
        }
    }

    private static char Digit(int value) => (char)(value < 26 ? 'a' + value : '0' + value - 26);

    private static int Adapt(int delta, int count, bool isFirst)
    {
        delta /= isFirst ? Damp : 2;
        delta += delta / count;
        var k = 0;
        for (; delta > (Base - LowThreshold) * HighThreshold / 2; k += Base)
        {
            delta /= Base - LowThreshold;
        }

        return k + ((Base - LowThreshold + 1) * delta / (delta + Skew));
    }
}
