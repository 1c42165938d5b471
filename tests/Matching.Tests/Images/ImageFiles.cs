using System.Buffers.Binary;
using SkiaSharp;

namespace FederationNode.Matching.Tests.Images;

/// <summary>Makes small image files, whole and malicious ones.</summary>
internal static class ImageFiles
{
    /// <summary>A colourful opaque picture without symmetry.</summary>
    public static SKBitmap Picture(int width, int height, SKAlphaType alpha = SKAlphaType.Opaque)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, alpha, colorspace: null));
        var red = PdqHasherTests.SmoothNoise(width, height, 11);
        var green = PdqHasherTests.SmoothNoise(width, height, 12);
        var pixels = new byte[4 * width * height];
        for (var i = 0; i < red.Length; i++)
        {
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]) = (red[i], green[i], (byte)(i % 251));
            pixels[4 * i + 3] = alpha == SKAlphaType.Opaque ? (byte)255 : (byte)(i * 7 % 256);
        }

        System.Runtime.InteropServices.Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
        return bitmap;
    }

    public static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format, int quality = 95)
    {
        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    public static byte[] Encode(int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = Picture(width, height);
        return Encode(bitmap, format);
    }

    /// <summary>The JPEG with an EXIF block that holds nothing but the orientation, 1 to 8.</summary>
    public static byte[] WithExifOrientation(byte[] jpeg, byte orientation)
    {
        byte[] tiff =
        [
            (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, // big-endian, first directory at 8
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, // one entry: orientation, one short
            0, 0, 0, 0, // no further directory
        ];
        byte[] body = [.. "Exif\0\0"u8, .. tiff];
        return [0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(body.Length + 2), .. body, .. jpeg[2..]];
    }

    /// <summary>A PNG that says how large it is and has next to no pixels.</summary>
    public static byte[] PngClaiming(int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 6);
        byte[] signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
        byte[] deflated = [0x78, 0x9C, 0x63, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01];
        return [.. signature, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, deflated), .. Chunk("IEND"u8, [])];
    }

    /// <summary>The JPEG with another size in its frame header.</summary>
    public static byte[] JpegClaiming(byte[] jpeg, ushort width, ushort height)
    {
        var claiming = jpeg.ToArray();
        var frame = claiming.AsSpan(claiming.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0, 0x00, 0x11]));
        BinaryPrimitives.WriteUInt16BigEndian(frame[5..], height);
        BinaryPrimitives.WriteUInt16BigEndian(frame[7..], width);
        return claiming;
    }

    /// <summary>A lossless WebP that says how large it is and has no pixels.</summary>
    public static byte[] WebPClaiming(int width, int height)
    {
        var body = new byte[20];
        body[0] = 0x2F;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(1), (uint)(width - 1) | (uint)(height - 1) << 14);
        return Riff(RiffChunk("VP8L"u8, body));
    }

    /// <summary>An animation of whole-canvas frames, out of still WebP files of one size.</summary>
    public static byte[] AnimatedWebP(int width, int height, params byte[][] stills)
    {
        byte[] canvas = [0x02, 0, 0, 0, .. UInt24(width - 1), .. UInt24(height - 1)];
        byte[] chunks = [.. RiffChunk("VP8X"u8, canvas), .. RiffChunk("ANIM"u8, new byte[6])];
        foreach (var still in stills)
        {
            byte[] place = [.. new byte[6], .. UInt24(width - 1), .. UInt24(height - 1), .. UInt24(100), 0];
            chunks = [.. chunks, .. RiffChunk("ANMF"u8, [.. place, .. still[12..]])];
        }

        return Riff(chunks);
    }

    private static byte[] UInt24(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];

    private static byte[] Riff(byte[] chunks)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, chunks.Length + 4);
        return [.. "RIFF"u8, .. size, .. "WEBP"u8, .. chunks];
    }

    private static byte[] RiffChunk(ReadOnlySpan<byte> name, byte[] body)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, body.Length);
        return [.. name, .. size, .. body, .. new byte[body.Length % 2]];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, byte[] body)
    {
        byte[] length = new byte[4], sum = new byte[4], named = [.. name, .. body];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc32(named));
        return [.. length, .. named, .. sum];
    }

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
