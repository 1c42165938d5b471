using FederationNode.Protocol;

namespace FederationNode.Contracts;

/// <summary>How a <see cref="Hash256"/> travels between grains and silos.</summary>
/// <param name="Bytes">The 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("fednode.Hash256")]
public readonly record struct Hash256Surrogate([property: Id(0)] byte[] Bytes);

/// <summary>Converts hashes at the border of the silo.</summary>
[RegisterConverter]
public sealed class Hash256Converter : IConverter<Hash256, Hash256Surrogate>
{
    /// <inheritdoc/>
    public Hash256 ConvertFromSurrogate(in Hash256Surrogate surrogate) => new(surrogate.Bytes);

    /// <inheritdoc/>
    public Hash256Surrogate ConvertToSurrogate(in Hash256 value) => new(value.ToArray());
}
