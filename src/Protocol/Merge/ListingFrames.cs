using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// What listings have in common: their payloads without the indicator's value and the expiry. Most listings of a member
/// differ in those two only, and a frame takes two thirds of the payload, so each is kept once. When the last listing
/// with it is gone, so is the frame.
/// </summary>
/// <remarks>
/// A keyword's context and the digest of evidence are a listing's own, so such a listing has no frame. There are at most
/// 65,535 frames of at most 256 bytes, however many a member makes up; further listings have none.
/// </remarks>
internal sealed class ListingFrames
{
    private const int MaxLength = 256;

    /// <summary>Bytes of an encoded number.</summary>
    private const int MaxNumber = 9;

    /// <summary>The last two of a listing's 16 items, evidence and context, if it has neither.</summary>
    private static ReadOnlySpan<byte> NoEvidenceNoContext => [MessagePackCode.Nil, MessagePackCode.Nil];

    private readonly Dictionary<byte[], ushort> _numbers = new(new Comparer());

    // The frame with number n stands at n - 1; null where the number is free.
    private readonly List<Frame?> _frames = [];
    private readonly Stack<ushort> _free = [];
    private ushort _last;

    /// <summary>Finds or makes the frame of a listing, and counts it.</summary>
    /// <param name="payload">The listing's canonical bytes.</param>
    /// <param name="number">The frame's number, from 1; 0 if the listing has none.</param>
    /// <param name="value">What is not in the frame, apart from the expiry: the value as it is encoded.</param>
    public bool TryTake(ReadOnlyMemory<byte> payload, out ushort number, out ReadOnlySpan<byte> value)
    {
        number = 0;
        value = default;
        var bytes = payload.Span;
        if (!bytes.EndsWith(NoEvidenceNoContext))
        {
            return false;
        }

        var reader = new MessagePackReader(payload);
        _ = reader.ReadArrayHeader();
        Skip(ref reader, 3); // version, kind, scheme
        var valueAt = (int)reader.Consumed;
        reader.Skip();
        var valueEnd = (int)reader.Consumed;
        Skip(ref reader, 6); // category, taxon, CITES appendix, severity, confidence, action
        var expiresAt = (int)reader.Consumed;
        reader.Skip();
        var expiresEnd = (int)reader.Consumed;
        var length = bytes.Length - (valueEnd - valueAt) - (expiresEnd - expiresAt);
        if (length > MaxLength)
        {
            return false;
        }

        Span<byte> common = stackalloc byte[MaxLength];
        common = common[..length];
        var split = valueAt + expiresAt - valueEnd;
        bytes[..valueAt].CopyTo(common);
        bytes[valueEnd..expiresAt].CopyTo(common[valueAt..]);
        bytes[expiresEnd..].CopyTo(common[split..]);
        if (!TryNumber(common, valueAt, split, out number))
        {
            return false;
        }

        _frames[number - 1]!.Listings++;
        value = bytes[valueAt..valueEnd];
        return true;
    }

    /// <summary>The whole payload of a listing.</summary>
    /// <param name="number">Its frame.</param>
    /// <param name="value">The value as it is encoded.</param>
    /// <param name="expires">When it ends, in unix seconds.</param>
    public ReadOnlyMemory<byte> Fill(ushort number, ReadOnlySpan<byte> value, long expires)
    {
        var frame = _frames[number - 1]!;
        var payload = new ArrayBufferWriter<byte>(frame.Bytes.Length + value.Length + MaxNumber);
        var writer = new MessagePackWriter(payload);
        writer.WriteRaw(frame.Bytes.AsSpan(0, frame.Value));
        writer.WriteRaw(value);
        writer.WriteRaw(frame.Bytes.AsSpan(frame.Value..frame.Expires));
        writer.Write(expires);
        writer.WriteRaw(frame.Bytes.AsSpan(frame.Expires));
        writer.Flush();
        return payload.WrittenMemory;
    }

    /// <summary>A listing with this frame is gone.</summary>
    public void Release(ushort number)
    {
        var frame = _frames[number - 1]!;
        if (--frame.Listings == 0)
        {
            _numbers.Remove(frame.Bytes);
            Array.Clear(frame.Bytes);
            _frames[number - 1] = null;
            _free.Push(number);
        }
    }

    private bool TryNumber(ReadOnlySpan<byte> common, int value, int expires, out ushort number)
    {
        // Mostly it is the frame of the listing before. Equal bytes have their gaps at equal places.
        number = _last;
        if (number != 0 && _frames[number - 1] is { } last && common.SequenceEqual(last.Bytes))
        {
            return true;
        }

        var byBytes = _numbers.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!byBytes.TryGetValue(common, out number))
        {
            if (!_free.TryPop(out number))
            {
                if (_frames.Count == ushort.MaxValue)
                {
                    return false;
                }

                _frames.Add(null);
                number = (ushort)_frames.Count;
            }

            var frame = new Frame(common.ToArray(), value, expires);
            _frames[number - 1] = frame;
            _numbers.Add(frame.Bytes, number);
        }

        _last = number;
        return true;
    }

    private static void Skip(ref MessagePackReader reader, int items)
    {
        for (var i = 0; i < items; i++)
        {
            reader.Skip();
        }
    }

    /// <summary>The bytes, and where in them value and expiry are left out.</summary>
    private sealed class Frame(byte[] bytes, int value, int expires)
    {
        public byte[] Bytes => bytes;

        public int Value => value;

        public int Expires => expires;

        public int Listings { get; set; }
    }

    /// <summary>By content. The hash is keyed by the runtime: members choose the bytes.</summary>
    private sealed class Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
