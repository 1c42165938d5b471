using System.Numerics;

namespace FederationNode.Matching.Images;

/// <summary>
/// PDQ's reduction of a picture to 64 x 64: two passes of a box filter along rows and columns (together a tent of
/// about one target pixel), then one sample a target pixel.
/// <para>
/// Written as a pipeline of rows: it keeps a window of rows, not the picture, and does every single-precision
/// operation in the order of a filter over the whole picture, so the result is the same to the last bit.
/// </para>
/// </summary>
internal static class JaroszFilter
{
    /// <summary>Rows and columns of the result: 64.</summary>
    public const int Side = 64;

    /// <summary>Box width in source pixels: half a target pixel, rounded up; two passes make a whole.</summary>
    public static int Window(int dimension) => (dimension + 2 * Side - 1) / (2 * Side);

    /// <summary>Reduces <paramref name="source"/> to 64 x 64 brightness values, row after row.</summary>
    /// <param name="source">The picture; width and height are at least 1.</param>
    /// <param name="reduced">Receives 4096 values.</param>
    public static void Reduce<T>(T source, Span<float> reduced)
        where T : ILumaSource, allows ref struct
    {
        int width = source.Width, height = source.Height;
        int rowWindow = Window(width), columnWindow = Window(height);
        var columns = SampleCentres(width);
        var first = new ColumnBox(width, height, columnWindow);
        var second = new ColumnBox(Side, height, columnWindow);
        var sampler = new RowSampler(SampleCentres(height), reduced);
        float[] row = new float[width], boxed = new float[width], sampled = new float[Side];

        for (var y = 0; y < height; y++)
        {
            source.ReadRow(y, row);
            BoxAlongRow(row, boxed, rowWindow);
            if (first.Push(boxed))
            {
                SecondPass(ref sampler);
            }
        }

        while (first.Drain())
        {
            SecondPass(ref sampler);
        }

        while (second.Drain())
        {
            sampler.Take(second);
        }

        void SecondPass(ref RowSampler rows)
        {
            first.Mean(row);
            BoxAlongRow(row, boxed, rowWindow);
            // A column of the last pass depends on that column alone: only the 64 that are sampled are needed.
            for (var i = 0; i < Side; i++)
            {
                sampled[i] = boxed[columns[i]];
            }

            if (second.Push(sampled))
            {
                rows.Take(second);
            }
        }
    }

    /// <summary>
    /// Moving mean over <paramref name="window"/> neighbours; at both ends over those that exist. For an even window
    /// the surplus neighbour is on the right.
    /// </summary>
    private static void BoxAlongRow(ReadOnlySpan<float> source, Span<float> mean, int window)
    {
        var lead = window / 2;
        var sum = 0f;
        var count = 0;
        int right = 0, left = 0, target = 0;
        for (; right < lead; right++, count++)
        {
            sum += source[right];
        }

        for (; right < window; right++)
        {
            sum += source[right];
            mean[target++] = sum / ++count;
        }

        for (; right < source.Length; right++)
        {
            sum += source[right];
            sum -= source[left++];
            mean[target++] = sum / count;
        }

        while (target < source.Length)
        {
            sum -= source[left++];
            mean[target++] = sum / --count;
        }
    }

    /// <summary>The source index at the centre of each of the 64 target pixels.</summary>
    private static int[] SampleCentres(int dimension)
    {
        var centres = new int[Side];
        for (var i = 0; i < Side; i++)
        {
            centres[i] = (int)((i + 0.5) * dimension / Side);
        }

        return centres;
    }

    /// <summary>Collects the filtered rows that are sampled. A picture lower than 64 gives some rows twice.</summary>
    private ref struct RowSampler(int[] rows, Span<float> reduced)
    {
        private readonly Span<float> _reduced = reduced;
        private int _row;
        private int _taken;

        public void Take(ColumnBox filtered)
        {
            for (; _taken < Side && rows[_taken] == _row; _taken++)
            {
                filtered.Mean(_reduced.Slice(_taken * Side, Side));
            }

            _row++;
        }
    }

    /// <summary>The moving mean of <see cref="BoxAlongRow"/> down all columns at once, fed row by row.</summary>
    private sealed class ColumnBox(int width, int height, int window)
    {
        private readonly float[] _sum = new float[width];
        private readonly float[] _rows = new float[width * window];
        private readonly int _lead = window / 2;
        private int _pushed;
        private int _left;

        /// <summary>Takes the next row; whether <see cref="Mean"/> then has a row of the result.</summary>
        public bool Push(ReadOnlySpan<float> row)
        {
            var slot = _rows.AsSpan(_pushed % window * width, width);
            if (_pushed < window)
            {
                Accumulate(_sum, row);
            }
            else
            {
                Accumulate(_sum, row, slot);
                _left++;
            }

            row.CopyTo(slot);
            return ++_pushed > _lead;
        }

        /// <summary>After the last row: lets the oldest row go; false when all of the result was given.</summary>
        public bool Drain()
        {
            if (_left + window - _lead >= height)
            {
                return false;
            }

            Subtract(_sum, _rows.AsSpan(_left % window * width, width));
            _left++;
            return true;
        }

        public void Mean(Span<float> mean)
        {
            float count = _pushed - _left;
            var divisor = new Vector<float>(count);
            var x = 0;
            for (; x <= width - Vector<float>.Count; x += Vector<float>.Count)
            {
                (new Vector<float>(_sum, x) / divisor).CopyTo(mean[x..]);
            }

            for (; x < width; x++)
            {
                mean[x] = _sum[x] / count;
            }
        }

        private static void Accumulate(float[] sum, ReadOnlySpan<float> add)
        {
            var x = 0;
            for (; x <= sum.Length - Vector<float>.Count; x += Vector<float>.Count)
            {
                (new Vector<float>(sum, x) + new Vector<float>(add[x..])).CopyTo(sum, x);
            }

            for (; x < sum.Length; x++)
            {
                sum[x] += add[x];
            }
        }

        private static void Accumulate(float[] sum, ReadOnlySpan<float> add, ReadOnlySpan<float> subtract)
        {
            var x = 0;
            for (; x <= sum.Length - Vector<float>.Count; x += Vector<float>.Count)
            {
                var added = new Vector<float>(sum, x) + new Vector<float>(add[x..]);
                (added - new Vector<float>(subtract[x..])).CopyTo(sum, x);
            }

            for (; x < sum.Length; x++)
            {
                sum[x] = sum[x] + add[x] - subtract[x];
            }
        }

        private static void Subtract(float[] sum, ReadOnlySpan<float> subtract)
        {
            for (var x = 0; x < sum.Length; x++)
            {
                sum[x] -= subtract[x];
            }
        }
    }
}
