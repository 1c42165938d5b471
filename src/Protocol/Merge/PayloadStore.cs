using System.Buffers.Binary;

namespace FederationNode.Protocol.Merge;

/// <summary>Where a payload stands in its store: the number of the chunk, and where in it.</summary>
internal readonly record struct PayloadSpot(int Chunk, int Start);

/// <summary>
/// Payloads one behind the other in large chunks, a listing's without what it shares with others. What is removed is
/// overwritten at once, since it may have been erased; its place is not used again.
/// <code>
/// offset 0   4 bytes   length of what stands from offset 6 on, little-endian
/// offset 4   2 bytes   number of the listing's frame, little-endian; 0: the payload stands here whole
/// offset 6   n bytes   the payload, or the part of it that is not in the frame
/// </code>
/// </summary>
internal sealed class PayloadStore
{
    private const int ChunkSize = 1 << 20;
    private const int Header = sizeof(int) + sizeof(ushort);

    private readonly List<byte[]> _chunks = [];
    private readonly ListingFrames _frames = new();
    private int _used = ChunkSize;

    /// <summary>Keeps a payload.</summary>
    /// <param name="payload">Its canonical bytes.</param>
    /// <param name="isListing">Whether it is a listing's; then it expires when <see cref="Get"/> will be told.</param>
    public PayloadSpot Add(ReadOnlyMemory<byte> payload, bool isListing)
    {
        ushort frame = 0;
        var kept = payload.Span;
        if (isListing && _frames.TryTake(payload, out frame, out var value))
        {
            kept = value;
        }

        var length = Header + kept.Length;
        if (length > ChunkSize - _used)
        {
            _chunks.Add(new byte[Math.Max(ChunkSize, length)]);
            _used = 0;
        }

        var spot = new PayloadSpot(_chunks.Count - 1, _used);
        var place = _chunks[^1].AsSpan(_used, length);
        BinaryPrimitives.WriteInt32LittleEndian(place, kept.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(place[sizeof(int)..], frame);
        kept.CopyTo(place[Header..]);
        _used += length;
        return spot;
    }

    /// <summary>A payload, as it was given.</summary>
    /// <param name="spot">Where it stands.</param>
    /// <param name="expires">When the listing ends, in unix seconds; for other kinds it does not matter.</param>
    public ReadOnlyMemory<byte> Get(PayloadSpot spot, long expires)
    {
        var kept = KeptAt(spot, out var frame);
        return frame == 0 ? kept : _frames.Fill(frame, kept.Span, expires);
    }

    public void Wipe(PayloadSpot spot)
    {
        var kept = KeptAt(spot, out var frame);
        kept.Span.Clear();
        if (frame != 0)
        {
            _frames.Release(frame);
        }
    }

    private Memory<byte> KeptAt(PayloadSpot spot, out ushort frame)
    {
        var place = _chunks[spot.Chunk].AsMemory(spot.Start);
        frame = BinaryPrimitives.ReadUInt16LittleEndian(place.Span[sizeof(int)..]);
        return place.Slice(Header, BinaryPrimitives.ReadInt32LittleEndian(place.Span));
    }
}
