using FederationNode.Audit.Trees;
using FederationNode.Protocol.Entries;

namespace FederationNode.Audit.Logs;

/// <summary>A head in a copy that the log's key signed.</summary>
/// <param name="Source">Where the copy lies.</param>
/// <param name="Head">The head.</param>
/// <param name="Note">The signed note.</param>
/// <param name="Tree">The tree that was rebuilt under it, or null.</param>
internal sealed record SignedHead(string Source, LogHead Head, byte[] Note, VerifiedTree? Tree);
