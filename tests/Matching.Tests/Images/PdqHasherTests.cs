using CsCheck;
using FederationNode.Matching.Images;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

public class PdqHasherTests
{
    private static readonly Gen<(int Width, int Height, byte[] Pixels)> AnyGrey =
        Gen.Select(Gen.Int[5, 300], Gen.Int[5, 300], Gen.UInt).Select((width, height, seed) =>
            (width, height, SmoothNoise(width, height, seed)));

    [Fact]
    public void HashLuma_AnyPicture_AgreesWithTheNaiveForm() => AnyGrey.Sample(
        picture =>
        {
            var result = PdqHasher.HashLuma(picture.Pixels, picture.Width, picture.Height);
            var luma = Array.ConvertAll(picture.Pixels, pixel => (float)pixel);
            var reduced = NaivePdq.Reduce(luma, picture.Width, picture.Height);
            Assert.Equal(NaivePdq.Quality(reduced), result.Quality);
            AssertSameButForRounding(NaivePdq.Coefficients(reduced), result.Hash);
            Assert.Equal((picture.Width, picture.Height), (result.Width, result.Height));
        },
        iter: 40);

    [Fact]
    public void HashRgb_GreyColours_AgreesWithLuma() => AnyGrey.Sample(
        picture =>
        {
            var colours = picture.Pixels.SelectMany(pixel => new[] { pixel, pixel, pixel }).ToArray();
            var colour = PdqHasher.HashRgb(colours, picture.Width, picture.Height);
            var luma = Array.ConvertAll(picture.Pixels, pixel => (float)pixel);
            var reduced = NaivePdq.Reduce(luma, picture.Width, picture.Height);
            AssertSameButForRounding(NaivePdq.Coefficients(reduced), colour.Hash);
        },
        iter: 30);

    /// <summary>
    /// One step from black to a pure colour in each of 64 rows: its brightness in whole percent, times 64, over 90.
    /// </summary>
    [Theory]
    [InlineData(0, 29 * 64 / 90)]
    [InlineData(1, 58 * 64 / 90)]
    [InlineData(2, 11 * 64 / 90)]
    public void HashRgb_EachChannel_CountsByItsWeight(int channel, int quality)
    {
        var pixels = new byte[3 * 64 * 64];
        for (var i = 0; i < 64 * 64; i++)
        {
            pixels[3 * i + channel] = (byte)(i % 64 < 32 ? 0 : 255);
        }

        Assert.Equal(quality, PdqHasher.HashRgb(pixels, 64, 64).Quality);
    }

    /// <summary>
    /// At 64 x 64 nothing is filtered, so turning the pixels must give, up to rounding, the hash that the hasher
    /// predicts; and turning twice must be the one turn that equals both.
    /// </summary>
    [Fact]
    public void Orientations_TurnedPixels_FormTheDihedralGroup() => Gen.UInt.Sample(
        seed =>
        {
            var pixels = SmoothNoise(64, 64, seed);
            var original = PdqHasher.HashLuma(pixels, 64, 64);
            foreach (var first in Enum.GetValues<PdqOrientation>())
            {
                var turned = PdqHasher.HashLuma(Turn(pixels, 64, first), 64, 64);
                Assert.Equal(original.Quality, turned.Quality);
                foreach (var second in Enum.GetValues<PdqOrientation>())
                {
                    var both = Compose(first, second);
                    Assert.InRange(turned[second].Distance(original[both]), 0, 4);
                }
            }
        },
        iter: 10);

    [Fact]
    public void Orientations_AsymmetricPicture_AllDiffer()
    {
        var result = PdqHasher.HashLuma(SmoothNoise(100, 80, 5), 100, 80);
        Assert.Equal(8, result.Orientations.ToArray().Distinct().Count());
        Assert.Equal(result.Hash, result[PdqOrientation.Original]);
        Assert.Throws<ArgumentOutOfRangeException>(() => result[(PdqOrientation)8]);
    }

    [Theory]
    [InlineData(4, 100)]
    [InlineData(100, 4)]
    [InlineData(1, 1)]
    public void HashLuma_TooSmall_GivesZeroAndQualityZero(int width, int height)
    {
        var result = PdqHasher.HashLuma(SmoothNoise(width, height, 1), width, height);
        Assert.Equal(0, result.Quality);
        Assert.False(result.IsReliable);
        Assert.All(result.Orientations.ToArray(), hash => Assert.Equal(default, hash));
    }

    [Fact]
    public void HashLuma_FlatPicture_HasQualityZero() =>
        Assert.Equal(0, PdqHasher.HashLuma(Enumerable.Repeat((byte)90, 70 * 90).ToArray(), 70, 90).Quality);

    [Fact]
    public void HashLuma_WrongLength_Throws()
    {
        Assert.Throws<ArgumentException>(() => PdqHasher.HashLuma(new byte[99], 10, 10));
        Assert.Throws<ArgumentException>(() => PdqHasher.HashRgb(new byte[100], 10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => PdqHasher.HashLuma([], 0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => PdqHasher.HashLuma([], 10, -1));
    }

    /// <summary>A few random waves: structure at all scales, different in every direction.</summary>
    internal static byte[] SmoothNoise(int width, int height, uint seed)
    {
        var random = new Random((int)(seed & int.MaxValue));
        var waves = Enumerable.Range(0, 12).Select(_ => (
            X: random.NextDouble() * 40, Y: random.NextDouble() * 40, Phase: random.NextDouble() * 7)).ToArray();
        var pixels = new byte[width * height];
        for (var i = 0; i < pixels.Length; i++)
        {
            double x = (double)(i % width) / width, y = (double)(i / width) / height;
            var value = waves.Sum(wave => Math.Sin(wave.X * x + wave.Y * y + wave.Phase));
            pixels[i] = (byte)Math.Clamp(128 + 30 * value + random.Next(-10, 11), 0, 255);
        }

        return pixels;
    }

    /// <summary>Turns or mirrors a square buffer as <see cref="PdqOrientation"/> describes it.</summary>
    private static T[] Turn<T>(T[] pixels, int side, PdqOrientation orientation)
    {
        var turned = new T[pixels.Length];
        var last = side - 1;
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var (fromX, fromY) = orientation switch
                {
                    PdqOrientation.Original => (x, y),
                    PdqOrientation.Rotate90 => (last - y, x),
                    PdqOrientation.Rotate180 => (last - x, last - y),
                    PdqOrientation.Rotate270 => (y, last - x),
                    PdqOrientation.FlipX => (x, last - y),
                    PdqOrientation.FlipY => (last - x, y),
                    PdqOrientation.FlipPlus1 => (y, x),
                    _ => (last - y, last - x),
                };
                turned[y * side + x] = pixels[fromY * side + fromX];
            }
        }

        return turned;
    }

    private static PdqOrientation Compose(PdqOrientation first, PdqOrientation second)
    {
        int[] marks = [.. Enumerable.Range(0, 9)];
        var both = Turn(Turn(marks, 3, first), 3, second);
        return Enum.GetValues<PdqOrientation>().Single(one => Turn(marks, 3, one).SequenceEqual(both));
    }

    /// <summary>
    /// A bit may only differ where the coefficient is as good as the median: coefficients go up to thousands, and
    /// single precision keeps seven digits. (A tiny picture has many that are zero but for rounding.)
    /// </summary>
    private static void AssertSameButForRounding(double[] coefficients, PdqHash hash)
    {
        var median = coefficients.Order().ElementAt(127);
        var bits = Enumerable.Range(0, 256).Select(bit => (hash.Word(bit / 16) >> (bit % 16) & 1) == 1).ToArray();
        for (var bit = 0; bit < 256; bit++)
        {
            if (Math.Abs(coefficients[bit] - median) > 0.05)
            {
                Assert.Equal(coefficients[bit] > median, bits[bit]);
            }
        }
    }
}
