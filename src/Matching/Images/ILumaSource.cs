namespace FederationNode.Matching.Images;

/// <summary>
/// A picture as the PDQ hasher reads it: from top to bottom, row by row, so that no second copy of a large
/// picture is needed.
/// </summary>
internal interface ILumaSource
{
    /// <summary>Width in pixels.</summary>
    int Width { get; }

    /// <summary>Height in pixels.</summary>
    int Height { get; }

    /// <summary>Writes the brightness, 0 to 255, of row <paramref name="y"/>, <see cref="Width"/> values.</summary>
    void ReadRow(int y, Span<float> luma);
}
