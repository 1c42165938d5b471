namespace FederationNode.Matching.Images;

/// <summary>
/// What an image file may cost at most. Checked against the file's header before any pixel is allocated, because a
/// few hundred bytes can claim billions of pixels.
/// </summary>
public sealed record ImageLimits
{
    /// <summary>The limits that hold when none are given.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>
    /// How many scans a JPEG of <see cref="MaxPixels"/> may have: 16. A smaller picture may have more in proportion.
    /// </summary>
    public const int ScansAtMaxPixels = 16;

    /// <summary>Largest file in bytes; default 32 MiB.</summary>
    public int MaxFileBytes { get; init; } = 32 << 20;

    /// <summary>
    /// Largest number of pixels, width x height; default 64 Mi. While being hashed a pixel takes 4 bytes, in a
    /// progressive JPEG up to 10.
    /// </summary>
    public int MaxPixels { get; init; } = 64 << 20;

    /// <summary>Largest width and height in pixels; default 65,535, the most that JPEG can say.</summary>
    public int MaxSide { get; init; } = 65_535;
}
