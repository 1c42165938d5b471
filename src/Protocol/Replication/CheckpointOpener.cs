using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Replication;

/// <summary>
/// Reads a signed checkpoint of a log and verifies that the log's own key signed it. Which key that is, the roster
/// says; see <see cref="Checkpoint.TryOpen"/>.
/// </summary>
/// <param name="origin">The log.</param>
/// <param name="note">The signed note.</param>
/// <param name="checkpoint">The checkpoint; its origin is <paramref name="origin"/>.</param>
/// <param name="error">Why it is refused.</param>
public delegate bool CheckpointOpener(
    string origin,
    ReadOnlySpan<byte> note,
    [NotNullWhen(true)] out Checkpoint? checkpoint,
    [NotNullWhen(false)] out string? error);
