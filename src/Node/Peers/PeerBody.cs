using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Sellers;
using MessagePack;

namespace FederationNode.Node.Peers;

/// <summary>Reads one message. Throws on anything unexpected; only <see cref="PeerBody.TryDecode"/> calls it.</summary>
public delegate T PeerBodyReader<out T>(ref MessagePackReader reader);

/// <summary>
/// The bodies of the peer protocol, docs/protocol.md, section 10. Written by hand and not left to the serializer,
/// because each count and length is compared with its limit before anything is allocated for it, nothing that must be
/// there can be nil, and nothing can follow.
/// </summary>
public static class PeerBody
{
    /// <summary>Most points in one request for seller tags.</summary>
    public const int MaxPoints = 4000;

    /// <summary>Largest body of a message that holds no list, in bytes.</summary>
    public const int MaxSmallBody = 1024;

    private const int PointSize = 32;
    private const int ProofSize = 64;

    private static readonly UTF8Encoding s_strictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a body, all of it.</summary>
    /// <param name="body">The bytes, already within the route's limit.</param>
    /// <param name="read">The message that the route takes, one of the readers below.</param>
    /// <param name="message">The message, each part within its limits.</param>
    /// <param name="error">What is wrong with the body.</param>
    public static bool TryDecode<T>(
        ReadOnlyMemory<byte> body,
        PeerBodyReader<T> read,
        [NotNullWhen(true)] out T? message,
        [NotNullWhen(false)] out string? error)
        where T : class
    {
        message = null;
        error = null;
        try
        {
            var reader = new MessagePackReader(body);
            var decoded = read(ref reader);
            if (reader.End)
            {
                message = decoded;
                return true;
            }

            error = "The body goes on after its message.";
        }
        catch (InvalidDataException fault)
        {
            error = fault.Message;
        }
        // The last two: lengths of 2^31 and more, which the reader takes for negative ones or cannot hold.
        catch (Exception fault) when (fault
            is MessagePackSerializationException or EndOfStreamException
            or OverflowException or ArgumentOutOfRangeException)
        {
            error = "The body is not MessagePack, or ends within its message.";
        }

        return false;
    }

    /// <summary><c>[checkpoint, from, entries]</c>.</summary>
    public static PushMessage Push(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A push", 3, 3);
        return new PushMessage
        {
            Checkpoint = ReadCheckpoint(ref reader),
            From = ReadNumber(ref reader, "The first index", 0, ProtocolLimits.MaxLogSize),
            Entries = ReadEntries(ref reader),
        };
    }

    /// <summary><c>[size]</c>.</summary>
    public static SizeMessage Size(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A size", 1, 1);
        return new SizeMessage { Size = ReadNumber(ref reader, "A size", 0, ProtocolLimits.MaxLogSize) };
    }

    /// <summary><c>[[[origin, size, root], ...]]</c>.</summary>
    public static HeadsMessage Heads(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "Heads", 1, 1);
        return new HeadsMessage { Heads = ReadList(ref reader, "The list of heads", 0, Limits.MaxHeads, ReadHead) };
    }

    /// <summary><c>[origin, from, maxEntries, maxBytes]</c>.</summary>
    public static RangeRequestMessage RangeRequest(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A request for a range", 4, 4);
        return new RangeRequestMessage
        {
            Origin = ReadOrigin(ref reader),
            From = ReadNumber(ref reader, "The first index", 0, ProtocolLimits.MaxLogSize),
            MaxEntries = (int)ReadNumber(ref reader, "The number of entries", 1, int.MaxValue),
            MaxBytes = (int)ReadNumber(ref reader, "The number of bytes", 1, int.MaxValue),
        };
    }

    /// <summary><c>[checkpoint, from, entries, proof]</c>.</summary>
    public static RangeMessage Range(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A range", 4, 4);
        return new RangeMessage
        {
            Checkpoint = ReadCheckpoint(ref reader),
            From = ReadNumber(ref reader, "The first index", 0, ProtocolLimits.MaxLogSize),
            Entries = ReadEntries(ref reader),
            Proof = ReadList(ref reader, "A proof", 0, Limits.MaxProofHashes, ReadHash),
        };
    }

    /// <summary><c>[type, epoch, [point, ...]]</c>.</summary>
    public static EvaluateMessage Evaluate(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A request for seller tags", 3, 3);
        var type = ReadText(ref reader, "The identifier type");
        return new EvaluateMessage
        {
            Type = IndicatorScheme.IsSellerType(type)
                ? type
                : throw new InvalidDataException("The identifier type is none, such as tel or acct:ebay."),
            Epoch = (int)ReadNumber(ref reader, "The epoch", 1, SellerScheme.MaxEpoch),
            Blinded = ReadList(ref reader, "The list of points", 1, MaxPoints, ReadPoint),
        };
    }

    /// <summary><c>[[point, ...], proof]</c>.</summary>
    public static EvaluatedMessage Evaluated(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "An answer with seller tags", 2, 2);
        return new EvaluatedMessage
        {
            Evaluated = ReadList(ref reader, "The list of points", 1, MaxPoints, ReadPoint),
            Proof = ReadBytes(ref reader, "A proof", ProofSize, ProofSize),
        };
    }

    private static HeadMessage ReadHead(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A head", 3, 3);
        return new HeadMessage
        {
            Origin = ReadOrigin(ref reader),
            Size = ReadNumber(ref reader, "A size", 0, ProtocolLimits.MaxLogSize),
            Root = ReadHash(ref reader),
        };
    }

    private static EntryMessage[] ReadEntries(ref MessagePackReader reader) =>
        ReadList(ref reader, "The list of entries", 0, Limits.MaxRangeEntries, ReadEntry);

    private static EntryMessage ReadEntry(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "An entry", 3, 3);
        return new EntryMessage
        {
            Leaf = ReadBytes(ref reader, "A leaf", 1, ProtocolLimits.MaxEntry),
            Salt = reader.TryReadNil()
                ? null : ReadBytes(ref reader, "A salt", ProtocolLimits.SaltSize, ProtocolLimits.SaltSize),
            Payload = reader.TryReadNil()
                ? null : ReadBytes(ref reader, "A payload", 0, ProtocolLimits.MaxRosterPayload),
        };
    }

    private static byte[] ReadCheckpoint(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A checkpoint", 1, Checkpoint.MaxNote);

    private static byte[] ReadHash(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A hash", Hash256.Size, Hash256.Size);

    private static byte[] ReadPoint(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A point", PointSize, PointSize);

    private static string ReadOrigin(ref MessagePackReader reader) =>
        Origin.TryParse(ReadText(ref reader, "An origin"), out var origin, out var error)
            ? origin.Text
            : throw new InvalidDataException(error);

    private static T[] ReadList<T>(
        ref MessagePackReader reader, string what, int min, int max, PeerBodyReader<T> readItem)
    {
        var items = new T[ReadArray(ref reader, what, min, max)];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = readItem(ref reader);
        }

        return items;
    }

    private static int ReadArray(ref MessagePackReader reader, string what, int min, int max)
    {
        Expect(ref reader, what, MessagePackType.Array, "an array");
        var count = reader.ReadArrayHeader();
        return count >= min && count <= max ? count : throw OutOfRange(what, min, max, "items", count);
    }

    private static byte[] ReadBytes(ref MessagePackReader reader, string what, int min, int max)
    {
        Expect(ref reader, what, MessagePackType.Binary, "a binary");
        var bytes = reader.ReadBytes().GetValueOrDefault();
        return bytes.Length >= min && bytes.Length <= max
            ? bytes.ToArray()
            : throw OutOfRange(what, min, max, "bytes", bytes.Length);
    }

    private static string ReadText(ref MessagePackReader reader, string what)
    {
        Expect(ref reader, what, MessagePackType.String, "a string");
        var bytes = reader.ReadStringSequence().GetValueOrDefault();
        if (bytes.Length > Origin.MaxLength)
        {
            throw OutOfRange(what, 0, Origin.MaxLength, "bytes", bytes.Length);
        }

        try
        {
            return s_strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"{what} is not well-formed UTF-8.");
        }
    }

    private static long ReadNumber(ref MessagePackReader reader, string what, long min, long max)
    {
        Expect(ref reader, what, MessagePackType.Integer, "an integer");
        var number = reader.ReadInt64();
        return number >= min && number <= max
            ? number
            : throw new InvalidDataException($"{what} is from {min} to {max}, not {number}.");
    }

    private static void Expect(ref MessagePackReader reader, string what, MessagePackType type, string name)
    {
        if (reader.NextMessagePackType != type)
        {
            throw new InvalidDataException($"{what} is {name}, not {reader.NextMessagePackType}.");
        }
    }

    private static InvalidDataException OutOfRange(string what, long min, long max, string unit, long found) => new(
        min == max ? $"{what} has {min} {unit}, not {found}." : $"{what} has {min} to {max} {unit}, not {found}.");
}
