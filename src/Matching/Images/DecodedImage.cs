using SkiaSharp;

namespace FederationNode.Matching.Images;

/// <summary>
/// The pixels of a decoded file, read in the orientation that the file asks for (EXIF). Holds native memory, 4 bytes
/// a pixel: dispose of it.
/// </summary>
public sealed class DecodedImage : IDisposable, ILumaSource
{
    private readonly SKBitmap _bitmap;
    private readonly int _start;
    private readonly int _stepX;
    private readonly int _stepY;

    internal DecodedImage(SKBitmap bitmap, SKEncodedOrigin origin)
    {
        _bitmap = bitmap;
        int width = bitmap.Width, height = bitmap.Height;
        var transposed = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop
            or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight
            or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var fromBottom = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft
            or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        (Width, Height) = transposed ? (height, width) : (width, height);

        // Steps are in pixels; the limits keep every index far below 2^31.
        var (stepAcross, stepDown) = (fromRight ? -1 : 1, fromBottom ? -width : width);
        (_stepX, _stepY) = transposed ? (stepDown, stepAcross) : (stepAcross, stepDown);
        _start = (fromRight ? width - 1 : 0) + (fromBottom ? (height - 1) * width : 0);
    }

    /// <summary>Width in pixels, as the picture is meant to be seen.</summary>
    public int Width { get; }

    /// <summary>Height in pixels, as the picture is meant to be seen.</summary>
    public int Height { get; }

    /// <summary>Writes the brightness, 0 to 255, of row <paramref name="y"/>, laid over white.</summary>
    /// <param name="y">The row, counted from the top.</param>
    /// <param name="luma">Receives <see cref="Width"/> values.</param>
    /// <exception cref="ArgumentException"><paramref name="luma"/> is shorter than <see cref="Width"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void ReadRow(int y, Span<float> luma)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        if (luma.Length < Width)
        {
            throw new ArgumentException($"A row has {Width} values.", nameof(luma));
        }

        var pixels = _bitmap.GetPixelSpan();
        var index = _start + y * _stepY;
        for (var x = 0; x < Width; x++, index += _stepX)
        {
            var pixel = pixels.Slice(4 * index, 4);
            var alpha = pixel[3];
            luma[x] = alpha == byte.MaxValue
                ? Luma.Of(pixel[0], pixel[1], pixel[2])
                : Luma.Of(OverWhite(pixel[0], alpha), OverWhite(pixel[1], alpha), OverWhite(pixel[2], alpha));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _bitmap.Dispose();

    private static byte OverWhite(byte colour, byte alpha) =>
        (byte)((colour * alpha + byte.MaxValue * (byte.MaxValue - alpha) + byte.MaxValue / 2) / byte.MaxValue);
}
