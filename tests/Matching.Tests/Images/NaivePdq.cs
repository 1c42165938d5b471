namespace FederationNode.Matching.Tests.Images;

/// <summary>
/// PDQ in the plainest form, over whole buffers, to compare the hasher with. Sums are kept in the order that PDQ
/// defines: the incoming value is added before the outgoing one is taken off.
/// </summary>
internal static class NaivePdq
{
    public static float[] Reduce(float[] luma, int width, int height)
    {
        for (var pass = 0; pass < 2 && (width, height) != (64, 64); pass++)
        {
            luma = Transpose(BoxRows(luma, width, (width + 127) / 128), width);
            luma = Transpose(BoxRows(luma, height, (height + 127) / 128), height);
        }

        var reduced = new float[64 * 64];
        for (var i = 0; i < reduced.Length; i++)
        {
            reduced[i] = luma[(int)((i / 64 + 0.5) * height / 64) * width + (int)((i % 64 + 0.5) * width / 64)];
        }

        return reduced;
    }

    public static int Quality(float[] reduced)
    {
        var steps = 0;
        for (var i = 0; i < reduced.Length; i++)
        {
            steps += i % 64 < 63 ? Math.Abs((int)((reduced[i] - reduced[i + 1]) * 100 / 255)) : 0;
            steps += i / 64 < 63 ? Math.Abs((int)((reduced[i] - reduced[i + 64]) * 100 / 255)) : 0;
        }

        return Math.Min(100, steps / 90);
    }

    /// <summary>The 256 coefficients in double precision.</summary>
    public static double[] Coefficients(float[] reduced)
    {
        var coefficients = new double[256];
        for (var i = 0; i < 256; i++)
        {
            for (var k = 0; k < reduced.Length; k++)
            {
                coefficients[i] += reduced[k] * Cosine(i / 16, k / 64) * Cosine(i % 16, k % 64);
            }
        }

        return coefficients;

        static double Cosine(int row, int column) =>
            Math.Sqrt(2.0 / 64) * Math.Cos(Math.PI / 128 * (row + 1) * (2 * column + 1));
    }

    private static float[] BoxRows(float[] values, int length, int window)
    {
        var mean = new float[values.Length];
        for (var start = 0; start < values.Length; start += length)
        {
            var sum = 0f;
            var count = 0;
            for (var right = 0; right < length + window / 2; right++)
            {
                if (right < length)
                {
                    sum += values[start + right];
                    count++;
                }

                if (right >= window)
                {
                    sum -= values[start + right - window];
                    count--;
                }

                if (right >= window / 2)
                {
                    mean[start + right - window / 2] = sum / count;
                }
            }
        }

        return mean;
    }

    private static float[] Transpose(float[] values, int width)
    {
        var height = values.Length / width;
        var transposed = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            transposed[i % width * height + i / width] = values[i];
        }

        return transposed;
    }
}
