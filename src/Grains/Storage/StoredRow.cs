namespace FederationNode.Grains.Storage;

/// <summary>A row as it was read.</summary>
/// <typeparam name="T">The type of its state.</typeparam>
/// <param name="Value">The state.</param>
/// <param name="ETag">The version, to be handed back when the row is written or cleared.</param>
/// <param name="Damage">
/// What is wrong with the row although it could be read, without a full stop. Only <see cref="AuditRows"/> gives such
/// a row; of all others this is null.
/// </param>
public sealed record StoredRow<T>(T Value, string ETag, string? Damage = null);
