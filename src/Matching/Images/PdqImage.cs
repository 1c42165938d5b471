using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Matching.Images;

/// <summary>
/// From an image file to its PDQ hash in one call. A picture with a side longer than 512 pixels is first reduced to
/// fit into 512 x 512, as it was for the hashes that PDQ's authors published. A strip that would become lower than
/// 5 pixels (proportions above about 100 to 1) gets the zero hash and quality 0, like any picture too small to hash.
/// </summary>
public static class PdqImage
{
    /// <summary>Decodes and hashes a JPEG, PNG or WebP file within <see cref="ImageLimits.Default"/>.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="result">Hash, orientations and quality.</param>
    /// <param name="error">What is wrong with the file, and what to do.</param>
    public static bool TryHash(
        ReadOnlySpan<byte> file,
        [NotNullWhen(true)] out PdqResult? result,
        [NotNullWhen(false)] out string? error) => TryHash(file, ImageLimits.Default, out result, out error);

    /// <summary>Decodes and hashes a JPEG, PNG or WebP file within <paramref name="limits"/>.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="limits">What the file may cost at most.</param>
    /// <param name="result">Hash, orientations and quality.</param>
    /// <param name="error">What is wrong with the file, and what to do.</param>
    public static bool TryHash(
        ReadOnlySpan<byte> file,
        ImageLimits limits,
        [NotNullWhen(true)] out PdqResult? result,
        [NotNullWhen(false)] out string? error)
    {
        result = null;
        if (!ImageDecoder.TryDecode(file, limits, out var image, out error))
        {
            return false;
        }

        using (image)
        {
            result = Math.Max(image.Width, image.Height) > Thumbnail.MaxSide
                ? PdqHasher.Hash(Thumbnail.Of(image)).WithSize(image.Width, image.Height)
                : PdqHasher.Hash(image);
        }

        return true;
    }
}
