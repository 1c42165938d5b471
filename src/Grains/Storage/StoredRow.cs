namespace FederationNode.Grains.Storage;

/// <summary>A row as it was read.</summary>
/// <typeparam name="T">The type of its state.</typeparam>
/// <param name="Value">The state.</param>
/// <param name="ETag">The version, to be handed back when the row is written or cleared.</param>
public sealed record StoredRow<T>(T Value, string ETag);
