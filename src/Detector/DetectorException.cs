namespace FederationNode.Detector;

/// <summary>The node answered, but not with what was asked for.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What it said.</param>
/// <param name="inner">What went wrong while reading, or null.</param>
/// <param name="code">The stable code of the problem, such as <c>not-ready</c>, or null if the node named none.</param>
public sealed class DetectorException(int status, string message, Exception? inner = null, string? code = null)
    : Exception(message, inner)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The code of docs/protocol.md section 14, "Errors", without its prefix; null if the node named none.</summary>
    public string? Code { get; } = code;
}
