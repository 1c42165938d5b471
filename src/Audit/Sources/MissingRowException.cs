namespace FederationNode.Audit.Sources;

/// <summary>A row is gone in which a copy keeps one or several files of a log.</summary>
/// <param name="message">Which row it is.</param>
/// <param name="inner">What the storage reported, or null.</param>
public sealed class MissingRowException(string message, Exception? inner = null) : Exception(message, inner);
