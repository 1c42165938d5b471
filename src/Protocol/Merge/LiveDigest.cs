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

    // Hashing eight bytes at a time would cost more than all the rest.
    private readonly byte[] _buffer = new byte[4096];
    private int _used;

    /// <summary>Begins with no entry.</summary>
    public LiveDigest() => _hash.AppendData("fednode/live/1\0"u8);

    /// <summary>Adds a live entry, behind those added before.</summary>
    public void Add(long index)
    {
        if (_used == _buffer.Length)
        {
            Flush();
        }

        BinaryPrimitives.WriteInt64BigEndian(_buffer.AsSpan(_used), index);
        _used += sizeof(long);
    }

    /// <summary>The digest of what was added. Nothing can be added behind it.</summary>
    public Hash256 Finish()
    {
        Flush();
        return new Hash256(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}
