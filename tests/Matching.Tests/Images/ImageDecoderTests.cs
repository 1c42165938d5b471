using CsCheck;
using FederationNode.Matching.Images;
using FederationNode.TestSupport;
using SkiaSharp;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

public class ImageDecoderTests
{
    private static readonly ImageLimits Small = new() { MaxPixels = 1 << 16 };

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, 0)]
    [InlineData(SKEncodedImageFormat.Jpeg, 4)]
    [InlineData(SKEncodedImageFormat.Webp, 8)]
    public void TryHash_EachFormat_GivesTheHashOfThePixels(SKEncodedImageFormat format, int tolerance)
    {
        using var picture = ImageFiles.Picture(320, 200);
        var expected = PdqHasher.HashRgb(Colours(picture), 320, 200);
        Assert.True(PdqImage.TryHash(ImageFiles.Encode(picture, format), out var result, out var error), error);
        Assert.InRange(result.Hash.Distance(expected.Hash), 0, tolerance);
        Assert.Equal((320, 200), (result.Width, result.Height));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void TryHash_LargerCopy_StaysNear(SKEncodedImageFormat format)
    {
        using var picture = ImageFiles.Picture(500, 400);
        using var large = picture.Resize(new SKSizeI(1500, 1200), new SKSamplingOptions(SKCubicResampler.Mitchell));
        Assert.True(PdqImage.TryHash(ImageFiles.Encode(picture, format), out var small, out _));
        Assert.True(PdqImage.TryHash(ImageFiles.Encode(large, format), out var result, out _));
        Assert.Equal((1500, 1200), (result.Width, result.Height));
        Assert.InRange(result.Hash.Distance(small.Hash), 0, 10);
    }

    [Theory]
    [InlineData(1, 513)]
    [InlineData(3000, 5)]
    [InlineData(5, 3000)]
    [InlineData(513, 512)]
    public void TryHash_ExtremeProportions_Answers(int width, int height)
    {
        Assert.True(PdqImage.TryHash(
            ImageFiles.Encode(width, height, SKEncodedImageFormat.Png), out var result, out var error), error);
        Assert.Equal((width, height), (result.Width, result.Height));
    }

    [Fact]
    public void TryDecode_GreyJpeg_ReadsAsGrey()
    {
        using var grey = new SKBitmap(new SKImageInfo(80, 60, SKColorType.Gray8, SKAlphaType.Opaque));
        var pixels = PdqHasherTests.SmoothNoise(80, 60, 3);
        System.Runtime.InteropServices.Marshal.Copy(pixels, 0, grey.GetPixels(), pixels.Length);
        Assert.True(PdqImage.TryHash(
            ImageFiles.Encode(grey, SKEncodedImageFormat.Jpeg, 100), out var result, out var error), error);
        Assert.InRange(result.Hash.Distance(PdqHasher.HashLuma(pixels, 80, 60).Hash), 0, 4);
    }

    /// <summary>Print shops and cameras of agencies send JPEGs of four inks, which Adobe's programs write inverted.</summary>
    [Theory]
    [InlineData("adobe-cmyk.jpg")]
    [InlineData("adobe-ycck.jpg")]
    public void TryHash_JpegOfFourInks_HashesTheColoursSeen(string name)
    {
        Assert.True(PdqImage.TryHash(File.ReadAllBytes(TestFiles.Vector("images", name)), out var inks, out var error), error);
        Assert.True(PdqImage.TryHash(File.ReadAllBytes(TestFiles.Vector("images", "rgb.png")), out var rgb, out error), error);
        Assert.InRange(inks.Hash.Distance(rgb.Hash), 0, 10);
        Assert.InRange(inks.Quality, PdqResult.ReliableQuality, 100);
        var (printed, shown) = (
            Decode(File.ReadAllBytes(TestFiles.Vector("images", name))),
            Decode(File.ReadAllBytes(TestFiles.Vector("images", "rgb.png"))));
        Assert.InRange(printed.Luma.Zip(shown.Luma, (a, b) => Math.Abs(a - b)).Average(), 0, 4);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(4, 300)]
    public void TryHash_TinyPicture_HasNoQuality(int width, int height)
    {
        Assert.True(PdqImage.TryHash(
            ImageFiles.Encode(width, height, SKEncodedImageFormat.Png), out var result, out var error), error);
        Assert.Equal((default(PdqHash), 0, false), (result.Hash, result.Quality, result.IsReliable));
        Assert.Equal((width, height), (result.Width, result.Height));
    }

    /// <summary>PDQ's authors drop hashes of quality 49 and lower.</summary>
    [Fact]
    public void IsReliable_BeginsAtQuality50()
    {
        var reached = new bool[2];
        for (var contrast = 0; contrast < 256; contrast++)
        {
            // Two edges of 72 pixels in all: a percent of contrast is 0.8 of quality.
            var pixels = new byte[64 * 64];
            for (var i = 0; i < pixels.Length; i++)
            {
                pixels[i] = (byte)(i % 64 >= 32 || i / 64 >= 40 ? 0 : contrast);
            }

            var result = PdqHasher.HashLuma(pixels, 64, 64);
            Assert.Equal(result.Quality > 49, result.IsReliable);
            reached[0] |= result.Quality == 49;
            reached[1] |= result.Quality == 50;
        }

        Assert.Equal([true, true], reached);
    }

    [Fact]
    public void TryDecode_Transparency_LiesOverWhite()
    {
        using var picture = ImageFiles.Picture(40, 30, SKAlphaType.Unpremul);
        var rows = Decode(ImageFiles.Encode(picture, SKEncodedImageFormat.Png));
        var source = picture.GetPixelSpan();
        for (var i = 0; i < 40 * 30; i++)
        {
            var alpha = source[4 * i + 3] / 255.0;
            double Over(byte colour) => colour * alpha + 255 * (1 - alpha);
            var expected = 0.299 * Over(source[4 * i]) + 0.587 * Over(source[4 * i + 1])
                + 0.114 * Over(source[4 * i + 2]);
            Assert.InRange(rows.Luma[i], expected - 1, expected + 1);
        }
    }

    [Theory]
    [InlineData(1, PdqOrientation.Original)]
    [InlineData(2, PdqOrientation.FlipY)]
    [InlineData(3, PdqOrientation.Rotate180)]
    [InlineData(4, PdqOrientation.FlipX)]
    [InlineData(5, PdqOrientation.FlipPlus1)]
    [InlineData(6, PdqOrientation.Rotate270)]
    [InlineData(7, PdqOrientation.FlipMinus1)]
    [InlineData(8, PdqOrientation.Rotate90)]
    public void TryHash_ExifOrientation_IsApplied(byte exif, PdqOrientation orientation)
    {
        var jpeg = ImageFiles.Encode(400, 300, SKEncodedImageFormat.Jpeg);
        var turned = ImageFiles.WithExifOrientation(jpeg, exif);
        Assert.True(PdqImage.TryHash(jpeg, out var upright, out _));
        Assert.True(PdqImage.TryHash(turned, out var result, out var error), error);
        Assert.InRange(result.Hash.Distance(upright[orientation]), 0, 16);
        Assert.Equal(exif >= 5 ? (300, 400) : (400, 300), (result.Width, result.Height));

        // Top left of the upright picture, where EXIF says that the stored first pixel belongs.
        var (stored, shown) = (Decode(jpeg), Decode(turned));
        var corner = exif switch
        {
            1 or 5 => shown.Luma[0],
            2 or 6 => shown.Luma[shown.Width - 1],
            3 or 7 => shown.Luma[^1],
            _ => shown.Luma[^shown.Width],
        };
        Assert.Equal(stored.Luma[0], corner);
        Assert.Equal(stored.Luma.Order(), shown.Luma.Order());
    }

    [Fact]
    public void TryHash_Animation_TakesTheFirstFrame()
    {
        using var second = new SKBitmap(new SKImageInfo(90, 70, SKColorType.Rgba8888, SKAlphaType.Opaque));
        second.Erase(SKColors.Black);
        var first = ImageFiles.Encode(90, 70, SKEncodedImageFormat.Webp);
        var animation = ImageFiles.AnimatedWebP(90, 70, first, ImageFiles.Encode(second, SKEncodedImageFormat.Webp));
        Assert.True(PdqImage.TryHash(first, out var still, out _));
        Assert.True(PdqImage.TryHash(animation, out var moving, out var error), error);
        Assert.Equal(still.Hash, moving.Hash);
    }

    [Theory]
    [InlineData("GIF89a")]
    [InlineData("BM")]
    [InlineData("RIFF....WAVE")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("")]
    public void TryDecode_OtherFormat_IsRefused(string start)
    {
        var file = start.Select(letter => (byte)letter).Concat(new byte[start.Length == 0 ? 0 : 100]).ToArray();
        AssertRefused(file, ImageLimits.Default, "not a JPEG, PNG or WebP");
    }

    [Fact]
    public void TryDecode_ClaimOfManyPixels_IsRefusedBeforeAllocation()
    {
        var jpeg = ImageFiles.Encode(64, 64, SKEncodedImageFormat.Jpeg);
        AssertRefused(ImageFiles.PngClaiming(60_000, 60_000), ImageLimits.Default, "60000 x 60000");
        AssertRefused(ImageFiles.PngClaiming(65_536, 10), ImageLimits.Default, "no side may be longer");
        AssertRefused(ImageFiles.PngClaiming(int.MaxValue, int.MaxValue), ImageLimits.Default, "image");
        AssertRefused(ImageFiles.JpegClaiming(jpeg, 65_500, 65_500), ImageLimits.Default, "65500 x 65500");
        AssertRefused(ImageFiles.WebPClaiming(16_383, 16_383), ImageLimits.Default, "16383 x 16383");
    }

    [Fact]
    public void TryDecode_JpegOfManyScans_IsRefused()
    {
        var jpeg = ImageFiles.Encode(64, 64, SKEncodedImageFormat.Jpeg);
        var limits = new ImageLimits { MaxPixels = 2 * 64 * 64 };
        var scan = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] Repeated(int count) =>
            [.. jpeg[..scan], .. Enumerable.Repeat(jpeg[scan..^2], count).SelectMany(bytes => bytes), .. jpeg[^2..]];

        AssertRefused(Repeated(33), limits, "33 times");
        Assert.True(PdqImage.TryHash(Repeated(1), limits, out _, out var error), error);
        _ = PdqImage.TryHash(Repeated(32), limits, out _, out error);
        Assert.DoesNotContain("times", error ?? "");
    }

    [Fact]
    public void TryDecode_LargeFile_IsRefused()
    {
        var png = ImageFiles.Encode(64, 64, SKEncodedImageFormat.Png);
        AssertRefused(png, new ImageLimits { MaxFileBytes = png.Length - 1 }, $"has {png.Length} bytes");
        var exact = new ImageLimits { MaxFileBytes = png.Length, MaxPixels = 64 * 64 };
        Assert.True(PdqImage.TryHash(png, exact, out _, out var error), error);
        AssertRefused(png, new ImageLimits { MaxPixels = 4095 }, "64 x 64");
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void TryDecode_CutOff_IsRefused(SKEncodedImageFormat format)
    {
        var file = ImageFiles.Encode(200, 200, format);
        foreach (var length in new[] { 13, file.Length / 4, file.Length / 2, file.Length * 9 / 10 })
        {
            AssertRefused(file[..length], ImageLimits.Default, "Send the");
        }
    }

    [Fact]
    public void TryDecode_PixelsMissingBehindAnHonestHeader_IsRefused() =>
        AssertRefused(ImageFiles.PngClaiming(100, 100), ImageLimits.Default, "Send the");

    [Fact]
    public void TryHash_DamagedFile_NeverThrows()
    {
        byte[][] files =
        [
            ImageFiles.Encode(64, 48, SKEncodedImageFormat.Jpeg),
            ImageFiles.WithExifOrientation(ImageFiles.Encode(64, 48, SKEncodedImageFormat.Jpeg), 6),
            ImageFiles.Encode(64, 48, SKEncodedImageFormat.Png),
            ImageFiles.Encode(64, 48, SKEncodedImageFormat.Webp),
        ];
        Gen.Select(Gen.Int[0, 3], Gen.Select(Gen.Int[0, 1 << 16], Gen.Byte).Array[1, 12]).Sample(
            (which, damage) =>
            {
                var file = files[which].ToArray();
                foreach (var (place, value) in damage)
                {
                    file[place % file.Length] = value;
                }

                var hashed = PdqImage.TryHash(file, Small, out var result, out var error);
                return hashed == (error is null) && hashed == (result is not null);
            },
            iter: 2_000);
    }

    [Fact]
    public void TryHash_ArbitraryBytes_NeverThrows()
    {
        byte[][] starts = [[], [0xFF, 0xD8, 0xFF], ImageFiles.PngClaiming(9, 9)[..16], [.. "RIFF0000WEBPVP8 "u8]];
        Gen.Select(Gen.Int[0, 3], Gen.Byte.Array[0, 400]).Sample(
            (start, rest) => !PdqImage.TryHash([.. starts[start], .. rest], Small, out _, out var error)
                && error is not null,
            iter: 2_000);
    }

    [Fact]
    public void ReadRow_Misuse_Throws()
    {
        var png = ImageFiles.Encode(20, 10, SKEncodedImageFormat.Png);
        Assert.True(ImageDecoder.TryDecode(png, ImageLimits.Default, out var image, out _));
        using (image)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => image.ReadRow(10, new float[20]));
            Assert.Throws<ArgumentOutOfRangeException>(() => image.ReadRow(-1, new float[20]));
            Assert.Throws<ArgumentException>(() => image.ReadRow(0, new float[19]));
        }
    }

    private static void AssertRefused(byte[] file, ImageLimits limits, string reason)
    {
        Assert.False(PdqImage.TryHash(file, limits, out var result, out var error));
        Assert.Null(result);
        Assert.Contains(reason, error);
    }

    private static (int Width, float[] Luma) Decode(byte[] file)
    {
        Assert.True(ImageDecoder.TryDecode(file, ImageLimits.Default, out var image, out var error), error);
        using (image)
        {
            var luma = new float[image.Width * image.Height];
            for (var y = 0; y < image.Height; y++)
            {
                image.ReadRow(y, luma.AsSpan(y * image.Width, image.Width));
            }

            return (image.Width, luma);
        }
    }

    private static byte[] Colours(SKBitmap picture)
    {
        var source = picture.GetPixelSpan();
        var colours = new byte[source.Length / 4 * 3];
        for (var i = 0; i < colours.Length; i++)
        {
            colours[i] = source[i / 3 * 4 + i % 3];
        }

        return colours;
    }
}
