using System.Diagnostics.CodeAnalysis;
using SkiaSharp;

namespace FederationNode.Matching.Images;

/// <summary>
/// Decodes JPEG, PNG and WebP files to pixels in the one way on which all members agree: the first frame of an
/// animation, the file's own orientation (EXIF) applied, colours as stored (no colour profile applied), transparency
/// over white. Files come from anybody: the format is checked before a decoder sees the file, the size before pixels
/// are allocated, and a file that cannot be decoded completely is refused.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Decodes <paramref name="file"/> within <paramref name="limits"/>.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="limits">What the file may cost at most.</param>
    /// <param name="image">The pixels; the caller disposes of them.</param>
    /// <param name="error">What is wrong with the file, and what to do.</param>
    public static unsafe bool TryDecode(
        ReadOnlySpan<byte> file,
        ImageLimits limits,
        [NotNullWhen(true)] out DecodedImage? image,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(limits);
        image = null;
        error = CheckFile(file, limits);
        if (error is not null)
        {
            return false;
        }

        fixed (byte* start = file)
        {
            // The codec reads from the caller's memory, so both are gone before the memory is unpinned.
            using var data = SKData.Create((IntPtr)start, file.Length);
            using var codec = SKCodec.Create(data);
            if (codec is null)
            {
                error = "The image file is damaged: its header cannot be read. Send the original file.";
                return false;
            }

            error = CheckDimensions(codec.Info.Width, codec.Info.Height, limits)
                ?? CheckScans(file, (long)codec.Info.Width * codec.Info.Height, limits);
            return error is null && TryReadPixels(codec, out image, out error);
        }
    }

    private static bool TryReadPixels(
        SKCodec codec, [NotNullWhen(true)] out DecodedImage? image, [NotNullWhen(false)] out string? error)
    {
        image = null;
        var info = new SKImageInfo(
            codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        var bitmap = new SKBitmap();
        try
        {
            if (!bitmap.TryAllocPixels(info, SKBitmapAllocFlags.ZeroPixels))
            {
                error = $"There is not enough memory for an image of {info.Width} x {info.Height} pixels.";
                return false;
            }

            var outcome = codec.GetPixels(info, bitmap.GetPixels());
            if (outcome != SKCodecResult.Success)
            {
                error = outcome == SKCodecResult.IncompleteInput
                    ? "The image file is cut off: its pixels are not complete. Send the whole file."
                    : $"The image file is damaged: its pixels cannot be decoded ({outcome}). Send the original file.";
                return false;
            }

            image = new DecodedImage(bitmap, codec.EncodedOrigin);
            error = null;
            return true;
        }
        finally
        {
            if (image is null)
            {
                bitmap.Dispose();
            }
        }
    }

    private static string? CheckFile(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        if (file.Length > limits.MaxFileBytes)
        {
            return $"The image file has {file.Length} bytes, more than the {limits.MaxFileBytes} that are accepted: "
                + "send a smaller version.";
        }

        // The library knows many more formats; each one would be one more decoder that a hostile file can reach.
        return IsJpeg(file) || IsPng(file) || IsWebP(file)
            ? null
            : "The file is not a JPEG, PNG or WebP image: convert it to one of these.";
    }

    private static string? CheckDimensions(int width, int height, ImageLimits limits)
    {
        if (width <= 0 || height <= 0)
        {
            return $"The image file is damaged: it claims {width} x {height} pixels. Send the original file.";
        }

        if (width > limits.MaxSide || height > limits.MaxSide)
        {
            return $"The image is {width} x {height} pixels, but no side may be longer than {limits.MaxSide}: "
                + "send a smaller version.";
        }

        return (long)width * height > limits.MaxPixels
            ? $"The image is {width} x {height} pixels, more than the {limits.MaxPixels} in all that are accepted: "
                + "send a smaller version."
            : null;
    }

    /// <summary>
    /// A progressive JPEG goes over all its pixels once a scan, and a scan may be a few bytes: a small file could keep
    /// a processor busy for hours. Real files have about ten scans. Entropy-coded data never holds the two bytes of the
    /// marker; an embedded preview adds its own few.
    /// </summary>
    private static string? CheckScans(ReadOnlySpan<byte> file, long pixels, ImageLimits limits)
    {
        var scans = IsJpeg(file) ? file.Count((ReadOnlySpan<byte>)[0xFF, 0xDA]) : 1;
        return scans * pixels > (long)limits.MaxPixels * ImageLimits.ScansAtMaxPixels
            ? $"The JPEG file goes over its {pixels} pixels {scans} times: save it again as an ordinary JPEG."
            : null;
    }

    private static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    private static bool IsPng(ReadOnlySpan<byte> file) =>
        file.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);

    private static bool IsWebP(ReadOnlySpan<byte> file) =>
        file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8);
}
