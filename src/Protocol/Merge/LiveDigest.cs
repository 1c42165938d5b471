using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// Tells in 32 bytes which entries of a log are live, so that two nodes can compare it:
/// <c>SHA-256("fednode/live/1" || 0x00 || index || ...)</c>, each index in 8 bytes, big-endian, in their order.
/// docs/protocol.md, "Outlines".
/// </summary>
public sealed class LiveDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Begins with no entry.</summary>
    public LiveDigest() => _hash.AppendData("fednode/live/1\0"u8);

    /// <summary>Adds a live entry, behind those added before.</summary>
    public void Add(long index)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, index);
        _hash.AppendData(bytes);
    }

    /// <summary>The digest of what was added; it begins anew.</summary>
    public Hash256 Finish() => new(_hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
