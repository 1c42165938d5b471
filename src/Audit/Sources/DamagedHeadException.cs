namespace FederationNode.Audit.Sources;

/// <summary>What a copy keeps its head in is damaged, so that nothing leads to its entries.</summary>
/// <param name="message">Which part of the storage it is, and what is wrong with it.</param>
/// <param name="inner">What the storage reported, or null.</param>
public sealed class DamagedHeadException(string message, Exception? inner = null) : IOException(message, inner);
