using System.Numerics;

namespace FederationNode.Matching.Images;

/// <summary>
/// PDQ: the perceptual image hash published by Meta ("The TMK+PDQF video-hashing algorithm and the PDQ
/// image-hashing algorithm", 2019). The picture's brightness is reduced to 64 x 64, transformed by a cosine
/// transform of which the frequencies 1 to 16 in both directions are kept, and each of those 256 coefficients is
/// compared with their median.
/// <para>
/// The arithmetic (single precision, order of operations) follows the reference implementation in C++, so the same
/// pixels give the same hash. The hash is taken of the pixels as given: reducing large pictures beforehand is up to the
/// caller (<see cref="PdqImage"/> does).
/// </para>
/// </summary>
public static class PdqHasher
{
    /// <summary>The smallest width and height in pixels, 5, that has a hash; below, hash and quality are 0.</summary>
    public const int MinSide = 5;

    private const int Side = JaroszFilter.Side;
    private const int Frequencies = 16;

    /// <summary>The 16 lowest non-constant rows of the 64-point DCT-II, 16 x 64.</summary>
    private static readonly float[] Cosines = MakeCosines();

    /// <summary>Hashes a grey picture: one byte of brightness a pixel, rows from top to bottom without gaps.</summary>
    /// <exception cref="ArgumentException">A side is not positive, or the length is not width x height.</exception>
    public static PdqResult HashLuma(ReadOnlySpan<byte> pixels, int width, int height)
    {
        CheckShape(pixels.Length, width, height, 1);
        return Hash(new Luma.GreySource(pixels, width, height));
    }

    /// <summary>Hashes a colour picture: red, green, blue bytes, rows from top to bottom without gaps.</summary>
    /// <exception cref="ArgumentException">A side is not positive, or the length is not 3 x width x height.</exception>
    public static PdqResult HashRgb(ReadOnlySpan<byte> pixels, int width, int height)
    {
        CheckShape(pixels.Length, width, height, 3);
        return Hash(new Luma.RgbSource(pixels, width, height));
    }

    internal static PdqResult Hash<T>(T picture)
        where T : ILumaSource, allows ref struct
    {
        var hashes = new PdqHash[PdqResult.OrientationCount];
        if (picture.Width < MinSide || picture.Height < MinSide)
        {
            return new PdqResult(hashes, 0, picture.Width, picture.Height);
        }

        var reduced = new float[Side * Side];
        if (picture.Width == Side && picture.Height == Side)
        {
            for (var y = 0; y < Side; y++)
            {
                picture.ReadRow(y, reduced.AsSpan(y * Side, Side));
            }
        }
        else
        {
            JaroszFilter.Reduce(picture, reduced);
        }

        Span<float> coefficients = stackalloc float[PdqHash.Bits];
        Span<float> oriented = stackalloc float[PdqHash.Bits];
        Transform(reduced, coefficients);
        for (var i = 0; i < hashes.Length; i++)
        {
            Orient(coefficients, (PdqOrientation)i, oriented);
            hashes[i] = Threshold(oriented);
        }

        return new PdqResult(hashes, Quality(reduced), picture.Width, picture.Height);
    }

    private static void CheckShape(int length, int width, int height, int bytesPerPixel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if ((long)width * height * bytesPerPixel != length)
        {
            throw new ArgumentException(
                $"A picture of {width} x {height} at {bytesPerPixel} byte a pixel has "
                + $"{(long)width * height * bytesPerPixel} bytes, not {length}.", nameof(length));
        }
    }

    /// <summary>
    /// Sum of the steps between neighbours, each in whole percent of the full range (so that only visible steps
    /// count), scaled to 0..100 by PDQ's empirical divisor.
    /// </summary>
    private static int Quality(ReadOnlySpan<float> reduced)
    {
        var steps = 0;
        for (var i = 0; i < Side; i++)
        {
            for (var j = 0; j < Side; j++)
            {
                var here = reduced[i * Side + j];
                steps += i + 1 < Side ? Step(here, reduced[(i + 1) * Side + j]) : 0;
                steps += j + 1 < Side ? Step(here, reduced[i * Side + j + 1]) : 0;
            }
        }

        return Math.Min(steps / 90, 100);

        static int Step(float a, float b) => Math.Abs((int)((a - b) * 100 / 255));
    }

    /// <summary>D A D^T for the 64 x 64 matrix A and the 16 x 64 cosine matrix D: 16 x 16 coefficients.</summary>
    private static void Transform(ReadOnlySpan<float> reduced, Span<float> coefficients)
    {
        Span<float> row = stackalloc float[Side];
        for (var i = 0; i < Frequencies; i++)
        {
            row.Clear();
            for (var k = 0; k < Side; k++)
            {
                AddScaled(row, reduced.Slice(k * Side, Side), Cosines[i * Side + k]);
            }

            for (var j = 0; j < Frequencies; j++)
            {
                var sum = 0f;
                for (var k = 0; k < Side; k++)
                {
                    sum += row[k] * Cosines[j * Side + k];
                }

                coefficients[i * Frequencies + j] = sum;
            }
        }
    }

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float factor)
    {
        // Product and sum are rounded one after the other, as in the reference: no fused multiply-add here.
        var scale = new Vector<float>(factor);
        for (var j = 0; j < Side; j += Vector<float>.Count)
        {
            var product = new Vector<float>(values[j..]) * scale;
            (new Vector<float>(sum[j..]) + product).CopyTo(sum[j..]);
        }
    }

    /// <summary>
    /// The coefficients that the turned or mirrored picture would have: mirroring an axis changes the sign of its odd
    /// frequencies (the even indices here, since index 0 is frequency 1), transposing swaps rows and columns.
    /// </summary>
    private static void Orient(ReadOnlySpan<float> source, PdqOrientation orientation, Span<float> target)
    {
        var (mirrorRows, mirrorColumns, transpose) = orientation switch
        {
            PdqOrientation.Original => (false, false, false),
            PdqOrientation.Rotate90 => (false, true, true),
            PdqOrientation.Rotate180 => (true, true, false),
            PdqOrientation.Rotate270 => (true, false, true),
            PdqOrientation.FlipX => (true, false, false),
            PdqOrientation.FlipY => (false, true, false),
            PdqOrientation.FlipPlus1 => (false, false, true),
            PdqOrientation.FlipMinus1 => (true, true, true),
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, null),
        };
        for (var i = 0; i < Frequencies; i++)
        {
            for (var j = 0; j < Frequencies; j++)
            {
                var negative = (mirrorRows && i % 2 == 0) ^ (mirrorColumns && j % 2 == 0);
                var value = source[i * Frequencies + j];
                target[transpose ? j * Frequencies + i : i * Frequencies + j] = negative ? -value : value;
            }
        }
    }

    /// <summary>
    /// Sets the bits of the coefficients above the median: the lower one of the two middle values, which is what the
    /// reference's selection algorithm (Torben's) gives for an even count.
    /// </summary>
    private static PdqHash Threshold(ReadOnlySpan<float> coefficients)
    {
        Span<float> sorted = stackalloc float[PdqHash.Bits];
        coefficients.CopyTo(sorted);
        sorted.Sort();
        var median = sorted[PdqHash.Bits / 2 - 1];

        Span<ulong> parts = stackalloc ulong[4];
        parts.Clear();
        for (var bit = 0; bit < PdqHash.Bits; bit++)
        {
            parts[bit / 64] |= coefficients[bit] > median ? 1ul << (bit % 64) : 0;
        }

        return new PdqHash(parts[0], parts[1], parts[2], parts[3]);
    }

    private static float[] MakeCosines()
    {
        var cosines = new float[Frequencies * Side];
        var scale = (float)Math.Sqrt(2.0 / Side);
        for (var i = 0; i < Frequencies; i++)
        {
            for (var j = 0; j < Side; j++)
            {
                cosines[i * Side + j] = (float)(scale * Math.Cos(Math.PI / 2 / Side * (i + 1) * (2 * j + 1)));
            }
        }

        return cosines;
    }
}
