using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Images;

/// <summary>Brightness of a colour as PDQ counts it (ITU-R BT.601 weights), and pixel buffers that yield it.</summary>
internal static class Luma
{
    /// <summary>
    /// The brightness, 0 to 255. Single precision and this order of additions belong to the definition: another order
    /// rounds differently and may turn a bit of the hash.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(byte red, byte green, byte blue) => 0.299f * red + 0.587f * green + 0.114f * blue;

    /// <summary>One byte of brightness a pixel, rows from top to bottom without gaps.</summary>
    public readonly ref struct GreySource(ReadOnlySpan<byte> pixels, int width, int height) : ILumaSource
    {
        private readonly ReadOnlySpan<byte> _pixels = pixels;

        public int Width => width;

        public int Height => height;

        public void ReadRow(int y, Span<float> luma)
        {
            var row = _pixels.Slice(y * width, width);
            for (var x = 0; x < row.Length; x++)
            {
                luma[x] = row[x];
            }
        }
    }

    /// <summary>Three bytes a pixel (red, green, blue), rows from top to bottom without gaps.</summary>
    public readonly ref struct RgbSource(ReadOnlySpan<byte> pixels, int width, int height) : ILumaSource
    {
        private readonly ReadOnlySpan<byte> _pixels = pixels;

        public int Width => width;

        public int Height => height;

        public void ReadRow(int y, Span<float> luma)
        {
            var row = _pixels.Slice(3 * y * width, 3 * width);
            for (var x = 0; x < width; x++)
            {
                luma[x] = Of(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
            }
        }
    }
}
