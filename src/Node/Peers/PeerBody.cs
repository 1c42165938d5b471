using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
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

    /// <summary>Largest body of a question for heads, in bytes: a few checkpoints.</summary>
    public const int MaxQuestionBody = 48 * 1024;

    /// <summary>Largest body with a fork proof, in bytes.</summary>
    public const int MaxForkBody = ForkProof.MaxBytes + MaxSmallBody;

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

    /// <summary><c>[checkpoint, size, from, entries, before, after]</c>.</summary>
    public static PushMessage Push(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A push", 6, 6);
        return new PushMessage
        {
            Checkpoint = ReadCheckpoint(ref reader),
            Size = ReadSize(ref reader, "The size"),
            From = ReadSize(ref reader, "The first index"),
            Entries = ReadEntries(ref reader),
            Before = ReadProof(ref reader),
            After = ReadProof(ref reader),
        };
    }

    /// <summary><c>[size, held]</c>.</summary>
    public static PushAnswerMessage PushAnswer(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "An answer to a push", 2, 2);
        return new PushAnswerMessage
        {
            Size = ReadSize(ref reader, "A size"),
            Held = ReadSize(ref reader, "A size"),
        };
    }

    /// <summary><c>[digest, instance, since, yours, wait]</c>.</summary>
    public static HeadsQuestionMessage HeadsQuestion(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A question for heads", 5, 5);
        return new HeadsQuestionMessage
        {
            Digest = ReadHash(ref reader),
            Instance = ReadNumber(ref reader, "An instance", 0, long.MaxValue),
            Since = ReadNumber(ref reader, "A version", 0, long.MaxValue),
            Yours = ReadList(ref reader, "The list of checkpoints", 0, Limits.MaxOwnHeads, ReadCheckpoint),
            Wait = (int)ReadNumber(ref reader, "A wait", 0, int.MaxValue),
        };
    }

    /// <summary><c>[digest, instance, version, heads, urgent, links, paused, yours]</c>.</summary>
    public static HeadsAnswerMessage HeadsAnswer(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "Heads", 8, 8);
        return new HeadsAnswerMessage
        {
            Digest = ReadHash(ref reader),
            Instance = ReadNumber(ref reader, "An instance", 0, long.MaxValue),
            Version = ReadNumber(ref reader, "A version", 0, long.MaxValue),
            Heads = ReadList(ref reader, "The list of heads", 0, Limits.MaxHeads, ReadHead),
            Urgent = ReadList(ref reader, "The list of urgent runs", 0, Limits.MaxUrgentRuns, ReadUrgent),
            Links = reader.TryReadNil()
                ? null : ReadList(ref reader, "The list of links", 0, RosterDocument.MaxMembers, ReadName),
            Paused = ReadBoolean(ref reader, "Paused"),
            Yours = ReadList(ref reader, "The list of checkpoints", 0, Limits.MaxOwnHeads, ReadCheckpoint),
        };
    }

    /// <summary><c>[origin]</c>.</summary>
    public static ForkRequestMessage ForkRequest(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A request for a fork proof", 1, 1);
        return new ForkRequestMessage { Origin = ReadOrigin(ref reader) };
    }

    /// <summary><c>[proof]</c>.</summary>
    public static ForkMessage Fork(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A fork proof", 1, 1);
        return new ForkMessage { Proof = ReadForkProof(ref reader) };
    }

    /// <summary><c>[origin, proof]</c>.</summary>
    public static ForkPushMessage ForkPush(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A fork proof", 2, 2);
        return new ForkPushMessage { Origin = ReadOrigin(ref reader), Proof = ReadForkProof(ref reader) };
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

    /// <summary><c>[checkpoint, from, entries, before, after]</c>.</summary>
    public static RangeMessage Range(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A range", 5, 5);
        return new RangeMessage
        {
            Checkpoint = ReadCheckpoint(ref reader),
            From = ReadSize(ref reader, "The first index"),
            Entries = ReadEntries(ref reader),
            Before = ReadProof(ref reader),
            After = ReadProof(ref reader),
        };
    }

    /// <summary><c>[checkpoint, from, asOf, hashes, whole, before, after]</c>.</summary>
    public static OutlineMessage Outline(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A part of an outline", 7, 7);
        var message = new OutlineMessage
        {
            Checkpoint = ReadCheckpoint(ref reader),
            From = ReadSize(ref reader, "The first index"),
            AsOf = ReadSize(ref reader, "The end of the log"),
            Hashes = ReadBytes(ref reader, "The list of hashes", 0, Limits.MaxRangeEntries * Hash256.Size),
            Whole = ReadList(ref reader, "The list of whole entries", 0, Limits.MaxRangeEntries, ReadWhole),
            Before = ReadProof(ref reader),
            After = ReadProof(ref reader),
        };
        return message.Hashes.Length % Hash256.Size == 0
            ? message
            : throw new InvalidDataException("The list of hashes is not a multiple of 32 bytes long.");
    }

    /// <summary><c>[origin, size]</c>.</summary>
    public static LiveRequestMessage LiveRequest(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A request for live entries", 2, 2);
        return new LiveRequestMessage
        {
            Origin = ReadOrigin(ref reader),
            Size = ReadSize(ref reader, "The size"),
        };
    }

    /// <summary><c>[digest]</c>.</summary>
    public static LiveMessage Live(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A digest of live entries", 1, 1);
        return new LiveMessage { Digest = ReadHash(ref reader) };
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
        ReadArray(ref reader, "A head", 5, 5);
        return new HeadMessage
        {
            Origin = ReadOrigin(ref reader),
            Size = ReadSize(ref reader, "A size"),
            Root = ReadHash(ref reader),
            FrozenAt = reader.TryReadNil() ? null : ReadSize(ref reader, "A size"),
            Held = ReadSize(ref reader, "A size"),
        };
    }

    private static UrgentMessage ReadUrgent(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "An urgent run", 3, 3);
        return new UrgentMessage
        {
            Origin = ReadOrigin(ref reader),
            From = ReadSize(ref reader, "The first index"),
            End = ReadSize(ref reader, "The last index"),
        };
    }

    private static string ReadName(ref MessagePackReader reader) =>
        ReadText(ref reader, "A name") is var name && Names.IsName(name)
            ? name
            : throw new InvalidDataException("A link names a member: 1 to 63 of a-z, 0-9 and '-'.");

    private static bool ReadBoolean(ref MessagePackReader reader, string what)
    {
        Expect(ref reader, what, MessagePackType.Boolean, "true or false");
        return reader.ReadBoolean();
    }

    private static long ReadSize(ref MessagePackReader reader, string what) =>
        ReadNumber(ref reader, what, 0, ProtocolLimits.MaxLogSize);

    private static byte[][] ReadProof(ref MessagePackReader reader) =>
        ReadList(ref reader, "A proof", 0, Limits.MaxProofHashes, ReadHash);

    private static byte[] ReadForkProof(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A fork proof", 1, ForkProof.MaxBytes);

    private static EntryMessage[] ReadEntries(ref MessagePackReader reader) =>
        ReadList(ref reader, "The list of entries", 0, Limits.MaxRangeEntries, ReadEntry);

    private static EntryMessage ReadEntry(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "An entry", 3, 3);
        return new EntryMessage
        {
            Leaf = ReadLeaf(ref reader),
            Salt = ReadSalt(ref reader),
            Payload = ReadPayload(ref reader),
        };
    }

    private static WholeMessage ReadWhole(ref MessagePackReader reader)
    {
        ReadArray(ref reader, "A whole entry", 4, 4);
        return new WholeMessage
        {
            Index = ReadSize(ref reader, "An index"),
            Leaf = ReadLeaf(ref reader),
            Salt = ReadSalt(ref reader),
            Payload = ReadPayload(ref reader),
        };
    }

    private static byte[] ReadLeaf(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A leaf", 1, ProtocolLimits.MaxEntry);

    private static byte[]? ReadSalt(ref MessagePackReader reader) =>
        reader.TryReadNil() ? null : ReadBytes(ref reader, "A salt", ProtocolLimits.SaltSize, ProtocolLimits.SaltSize);

    private static byte[]? ReadPayload(ref MessagePackReader reader) =>
        reader.TryReadNil() ? null : ReadBytes(ref reader, "A payload", 0, ProtocolLimits.MaxRosterPayload);

    // No longer than a fork proof has room for: otherwise an origin could not be shown to have forked.
    private static byte[] ReadCheckpoint(ref MessagePackReader reader) =>
        ReadBytes(ref reader, "A checkpoint", 1, ForkProof.MaxNote);

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
