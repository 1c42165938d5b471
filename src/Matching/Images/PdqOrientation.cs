namespace FederationNode.Matching.Images;

/// <summary>
/// The eight ways to turn and mirror a rectangle (the dihedral group of order 8), in PDQ's order and naming.
/// A seller who mirrors a photograph changes its hash completely; so a query is hashed in all eight.
/// </summary>
public enum PdqOrientation
{
    /// <summary>The picture as it is.</summary>
    Original,

    /// <summary>Turned by 90 degrees counter-clockwise.</summary>
    Rotate90,

    /// <summary>Turned by 180 degrees.</summary>
    Rotate180,

    /// <summary>Turned by 270 degrees counter-clockwise.</summary>
    Rotate270,

    /// <summary>Mirrored at the horizontal axis: top and bottom change places.</summary>
    FlipX,

    /// <summary>Mirrored at the vertical axis: left and right change places.</summary>
    FlipY,

    /// <summary>Mirrored at the falling diagonal (transposed): rows become columns.</summary>
    FlipPlus1,

    /// <summary>Mirrored at the rising diagonal.</summary>
    FlipMinus1,
}
