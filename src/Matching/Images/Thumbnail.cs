using System.Numerics;

namespace FederationNode.Matching.Images;

/// <summary>
/// Reduces a large picture so that it fits into 512 x 512, keeping its proportions, by bicubic interpolation over all
/// source pixels. The published PDQ hashes were made from pictures reduced this way; the full picture hashes up to
/// 12 bits away from them, the reduced one 0. It also bounds what the filters after it cost.
/// </summary>
internal sealed class Thumbnail : ILumaSource
{
    /// <summary>The longest side, in pixels, that stays as it is.</summary>
    public const int MaxSide = 512;

    private readonly float[] _luma;

    private Thumbnail(int width, int height)
    {
        (Width, Height) = (width, height);
        _luma = new float[width * height];
    }

    public int Width { get; }

    public int Height { get; }

    public void ReadRow(int y, Span<float> luma) => _luma.AsSpan(y * Width, Width).CopyTo(luma);

    /// <summary>Reduces <paramref name="source"/>, of which a side is longer than <see cref="MaxSide"/>.</summary>
    public static Thumbnail Of<T>(T source)
        where T : ILumaSource, allows ref struct
    {
        var (width, height) = Fit(source.Width, source.Height);
        var thumbnail = new Thumbnail(width, height);
        var across = Kernel.For(source.Width, width);
        var down = Kernel.For(source.Height, height);
        float[] row = new float[source.Width], narrow = new float[width];
        var firstOpen = 0;
        for (var y = 0; y < source.Height; y++)
        {
            source.ReadRow(y, row);
            for (var x = 0; x < width; x++)
            {
                narrow[x] = Dot(across[x].Weights, row.AsSpan(across[x].Start));
            }

            // Kernels start and end in ascending order, so the target rows that a source row feeds are neighbours.
            while (firstOpen < height && down[firstOpen].End <= y)
            {
                firstOpen++;
            }

            for (var target = firstOpen; target < height && down[target].Start <= y; target++)
            {
                thumbnail.Add(target, narrow, down[target].Weights[y - down[target].Start]);
            }
        }

        thumbnail.Clamp();
        return thumbnail;
    }

    /// <summary>The size within 512 x 512 with the nearest proportions; no side becomes less than 1.</summary>
    private static (int Width, int Height) Fit(int width, int height)
    {
        var aspect = (double)width / height;
        return aspect <= 1
            ? (Nearest(MaxSide * aspect, n => n / (double)MaxSide), MaxSide)
            : (MaxSide, Nearest(MaxSide / aspect, n => n == 0 ? double.MaxValue : (double)MaxSide / n));

        int Nearest(double side, Func<int, double> aspectOf)
        {
            int below = (int)Math.Floor(side), above = (int)Math.Ceiling(side);
            var belowIsNearer = Math.Abs(aspect - aspectOf(below)) <= Math.Abs(aspect - aspectOf(above));
            return Math.Max(belowIsNearer ? below : above, 1);
        }
    }

    private static float Dot(ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
    {
        var sums = Vector4.Zero;
        var i = 0;
        for (; i <= weights.Length - 4; i += 4)
        {
            // Always four lanes, whatever the processor has: the sum must not depend on the machine.
            sums += new Vector4(weights[i..]) * new Vector4(values[i..]);
        }

        var sum = sums.X + sums.Y + (sums.Z + sums.W);
        for (; i < weights.Length; i++)
        {
            sum += weights[i] * values[i];
        }

        return sum;
    }

    private void Add(int target, ReadOnlySpan<float> row, float weight)
    {
        var sum = _luma.AsSpan(target * Width, Width);
        for (var x = 0; x < sum.Length; x++)
        {
            sum[x] += row[x] * weight;
        }
    }

    /// <summary>Interpolation overshoots at sharp edges: back into the range of a brightness.</summary>
    private void Clamp()
    {
        foreach (ref var luma in _luma.AsSpan())
        {
            luma = Math.Clamp(luma, 0f, byte.MaxValue);
        }
    }

    /// <summary>The source pixels that make up one target pixel, and their weights, which sum to 1.</summary>
    private readonly record struct Kernel(int Start, float[] Weights)
    {
        /// <summary>Reach of the cubic on either side, in target pixels.</summary>
        private const double Reach = 2;

        public int End => Start + Weights.Length;

        public static Kernel[] For(int source, int target)
        {
            var scale = Math.Max((double)source / target, 1);
            var kernels = new Kernel[target];
            for (var i = 0; i < target; i++)
            {
                var centre = (i + 0.5) * source / target;
                var start = Math.Max((int)(centre - Reach * scale + 0.5), 0);
                var end = Math.Min((int)(centre + Reach * scale + 0.5), source);
                kernels[i] = new Kernel(start, Normalised(start, end, centre, scale));
            }

            return kernels;
        }

        private static float[] Normalised(int start, int end, double centre, double scale)
        {
            var weights = new double[end - start];
            var sum = 0.0;
            for (var i = 0; i < weights.Length; i++)
            {
                weights[i] = Cubic(Math.Abs(start + i + 0.5 - centre) / scale);
                sum += weights[i];
            }

            return Array.ConvertAll(weights, weight => (float)(weight / sum));
        }

        /// <summary>Keys' cubic convolution with a = -1/2 (IEEE Trans. ASSP 29(6), 1981), x at least 0.</summary>
        private static double Cubic(double x) => x switch
        {
            < 1 => (1.5 * x - 2.5) * x * x + 1,
            < Reach => ((-0.5 * x + 2.5) * x - 4) * x + 2,
            _ => 0,
        };
    }
}
