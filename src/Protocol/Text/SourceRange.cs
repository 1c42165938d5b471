namespace FederationNode.Protocol.Text;

/// <summary>A part of an original text.</summary>
/// <param name="Start">Index of the first UTF-16 unit.</param>
/// <param name="End">Index behind the last UTF-16 unit.</param>
public readonly record struct SourceRange(int Start, int End)
{
    /// <summary>Number of UTF-16 units.</summary>
    public int Length => End - Start;
}
