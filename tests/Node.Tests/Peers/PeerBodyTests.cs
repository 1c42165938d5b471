using System.Buffers;
using CsCheck;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using MessagePack;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>
/// The bodies of docs/protocol.md, section 10. Messages are written here item by item, as another program would, so
/// that each item can be made wrong by itself.
/// </summary>
public sealed class PeerBodyTests
{
    private const long MaxSize = 1L << 40;
    private const ulong TooLarge = 1UL << 63;
    private const string NotMessagePack = "The body is not MessagePack, or ends within its message.";

    private static readonly byte[] s_hash = new byte[32];
    private static readonly byte[] s_note = new byte[2048];
    private static readonly byte[] s_proof = new byte[16 * 1024];

    private static readonly object?[] s_entry = [new byte[] { 2, 3 }, new byte[16], new byte[] { 4 }];
    private static readonly object?[] s_push =
        [s_note, 12L, 7L, new object?[] { s_entry }, new object?[] { s_hash }, new object?[] { s_hash }];

    private static readonly object?[] s_pushAnswer = [4L, 9L];
    private static readonly object?[] s_question = [s_hash, 5L, 6L, new object?[] { s_note }, 20_000L];
    private static readonly object?[] s_head = [PeerCoalition.Log, 3L, s_hash, 3L, 5L];
    private static readonly object?[] s_urgent = [PeerCoalition.Log, 7L, 9L];
    private static readonly object?[] s_answer =
    [
        s_hash, 5L, 6L, new object?[] { s_head }, new object?[] { s_urgent }, new object?[] { "a", "c-9" }, true,
        new object?[] { s_note },
    ];

    private static readonly object?[] s_rangeRequest = [PeerCoalition.Log, 3L, 9L, 9L];
    private static readonly object?[] s_range =
        [s_note, 7L, new object?[] { s_entry }, new object?[] { s_hash }, new object?[] { s_hash }];

    private static readonly object?[] s_outline =
    [
        s_note, 7L, 9L, s_hash, new object?[] { new object?[] { 8L, new byte[] { 2, 3 }, new byte[16], new byte[] { 4 } } },
        new object?[] { s_hash }, new object?[] { s_hash },
    ];

    private static readonly object?[] s_liveRequest = [PeerCoalition.Log, 9L];
    private static readonly object?[] s_live = [s_hash];
    private static readonly object?[] s_forkRequest = [PeerCoalition.Log];
    private static readonly object?[] s_fork = [s_proof];
    private static readonly object?[] s_forkPush = [PeerCoalition.Log, s_proof];
    private static readonly object?[] s_evaluate = ["tel", 1L, new object?[] { s_hash }];
    private static readonly object?[] s_evaluated = [new object?[] { s_hash }, new byte[64]];

    /// <summary>
    /// Each message: its items, what decodes it, which items may be nil, and which arrays in it are lists, and so may
    /// have any number of items. An item is named by the indexes that lead to it.
    /// </summary>
    private static readonly Dictionary<string, Message> s_messages = new()
    {
        ["push"] = new(s_push, FaultOf(PeerBody.Push), ["3.0.1", "3.0.2"], ["3", "4", "5"]),
        ["push answer"] = new(s_pushAnswer, FaultOf(PeerBody.PushAnswer), [], []),
        ["heads question"] = new(s_question, FaultOf(PeerBody.HeadsQuestion), [], ["3"]),
        ["heads answer"] = new(s_answer, FaultOf(PeerBody.HeadsAnswer), ["3.0.3", "5"], ["3", "4", "5", "7"]),
        ["range request"] = new(s_rangeRequest, FaultOf(PeerBody.RangeRequest), [], []),
        ["range"] = new(s_range, FaultOf(PeerBody.Range), ["2.0.1", "2.0.2"], ["2", "3", "4"]),
        ["outline"] = new(s_outline, FaultOf(PeerBody.Outline), ["4.0.2", "4.0.3"], ["4", "5", "6"]),
        ["live request"] = new(s_liveRequest, FaultOf(PeerBody.LiveRequest), [], []),
        ["live"] = new(s_live, FaultOf(PeerBody.Live), [], []),
        ["fork request"] = new(s_forkRequest, FaultOf(PeerBody.ForkRequest), [], []),
        ["fork"] = new(s_fork, FaultOf(PeerBody.Fork), [], []),
        ["fork push"] = new(s_forkPush, FaultOf(PeerBody.ForkPush), [], []),
        ["evaluate"] = new(s_evaluate, FaultOf(PeerBody.Evaluate), [], ["2"]),
        ["evaluated"] = new(s_evaluated, FaultOf(PeerBody.Evaluated), [], ["0"]),
    };

    public static TheoryData<string> Messages => [.. s_messages.Keys];

    [Fact]
    public void TryDecode_WhatTheSerializerWrites_IsRead()
    {
        var range = new RangeMessage
        {
            Checkpoint = [1],
            From = 7,
            Entries = [new() { Leaf = [2], Salt = new byte[16], Payload = [3] }, new() { Leaf = [4] }],
            Before = [s_hash],
            After = [s_hash, s_hash],
        };
        var bytes = MessagePackSerializer.Serialize(range);

        Assert.True(PeerBody.TryDecode(bytes, PeerBody.Range, out var read, out _));
        Assert.Equal(bytes, MessagePackSerializer.Serialize(read));
    }

    [Fact]
    public void TryDecode_EverySmallMessage_IsRead()
    {
        AssertRead(
            new PushMessage { Checkpoint = [1], Size = 0, From = 0, Entries = [], Before = [], After = [] },
            PeerBody.Push);
        AssertRead(new PushAnswerMessage { Size = MaxSize, Held = MaxSize }, PeerBody.PushAnswer);
        AssertRead(
            new HeadsQuestionMessage { Digest = s_hash, Instance = 0, Since = 0, Yours = [], Wait = 0 },
            PeerBody.HeadsQuestion);
        AssertRead(AnswerOf([], []), PeerBody.HeadsAnswer);
        AssertRead(
            AnswerOf(
                [
                    new() { Origin = PeerCoalition.Log, Size = 3, Root = s_hash, FrozenAt = 2, Held = 5 },
                    new() { Origin = "demo/b/receipts/1", Size = 3, Root = s_hash, Held = 3 },
                ],
                [new() { Origin = PeerCoalition.Log, From = 7, End = 9 }],
                links: ["b", "c"]),
            PeerBody.HeadsAnswer);
        AssertRead(
            new RangeRequestMessage { Origin = PeerCoalition.Log, From = 3, MaxEntries = 9, MaxBytes = 9 },
            PeerBody.RangeRequest);
        AssertRead(
            new OutlineMessage { Checkpoint = [1], From = 0, AsOf = 0, Hashes = [], Whole = [], Before = [], After = [] },
            PeerBody.Outline);
        AssertRead(
            new OutlineMessage
            {
                Checkpoint = [1],
                From = 7,
                AsOf = 11,
                Hashes = new byte[64],
                Whole = [new() { Index = 7, Leaf = [2] }, new() { Index = 9, Leaf = [3], Salt = new byte[16], Payload = [] }],
                Before = [s_hash],
                After = [],
            },
            PeerBody.Outline);
        AssertRead(new LiveRequestMessage { Origin = PeerCoalition.Log, Size = MaxSize }, PeerBody.LiveRequest);
        AssertRead(new LiveMessage { Digest = s_hash }, PeerBody.Live);
        AssertRead(new ForkRequestMessage { Origin = PeerCoalition.Log }, PeerBody.ForkRequest);
        AssertRead(new ForkMessage { Proof = [1] }, PeerBody.Fork);
        AssertRead(new ForkPushMessage { Origin = PeerCoalition.Log, Proof = [1] }, PeerBody.ForkPush);
        AssertRead(new EvaluateMessage { Type = "tel", Epoch = 1, Blinded = [s_hash] }, PeerBody.Evaluate);
        AssertRead(new EvaluateMessage { Type = "pay:iban", Epoch = 2, Blinded = [s_hash] }, PeerBody.Evaluate);
        AssertRead(
            new EvaluateMessage { Type = "acct:shop-24.example", Epoch = 999_999, Blinded = [s_hash] },
            PeerBody.Evaluate);
        AssertRead(new EvaluatedMessage { Evaluated = [s_hash], Proof = new byte[64] }, PeerBody.Evaluated);
    }

    [Fact]
    public void TryDecode_Items_AreReadInTheOrderOfTheProtocol()
    {
        var push = Read(s_push, PeerBody.Push);
        Assert.Equal((2048, 12, 7), (push.Checkpoint.Length, push.Size, push.From));
        Assert.Equal([2, 3], push.Entries[0].Leaf);
        Assert.Equal(16, push.Entries[0].Salt!.Length);
        Assert.Equal([4], push.Entries[0].Payload!);

        var sizes = Read(s_pushAnswer, PeerBody.PushAnswer);
        Assert.Equal((4, 9), (sizes.Size, sizes.Held));

        var question = Read(s_question, PeerBody.HeadsQuestion);
        Assert.Equal((5, 6, 20_000), (question.Instance, question.Since, question.Wait));
        Assert.Equal(s_note, Assert.Single(question.Yours));

        var answer = Read(s_answer, PeerBody.HeadsAnswer);
        Assert.Equal((5, 6, true), (answer.Instance, answer.Version, answer.Paused));
        var head = Assert.Single(answer.Heads);
        Assert.Equal((PeerCoalition.Log, 3L, 3L, 5L), (head.Origin, head.Size, head.FrozenAt, head.Held));
        var urgent = Assert.Single(answer.Urgent);
        Assert.Equal((PeerCoalition.Log, 7L, 9L), (urgent.Origin, urgent.From, urgent.End));
        Assert.Equal(["a", "c-9"], answer.Links!);
        Assert.Equal(s_note, Assert.Single(answer.Yours));

        var outline = Read(s_outline, PeerBody.Outline);
        Assert.Equal((7, 9, 32), (outline.From, outline.AsOf, outline.Hashes.Length));
        var whole = Assert.Single(outline.Whole);
        Assert.Equal((8, 16, 1), (whole.Index, whole.Salt!.Length, whole.Payload!.Length));

        var fork = Read(s_forkPush, PeerBody.ForkPush);
        Assert.Equal(PeerCoalition.Log, fork.Origin);
        Assert.Equal(s_proof, fork.Proof);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryDecode_NilForAnItem_IsRefusedUnlessItMayBeNil(string name)
    {
        var message = s_messages[name];
        Assert.Null(message.Fault(Written(message.Items)));
        foreach (var path in PathsOf(message.Items))
        {
            var fault = message.Fault(Written(Changed(message.Items, path, null)));
            if (message.MayBeNil.Contains(path))
            {
                Assert.Null(fault);
            }
            else
            {
                Assert.True(
                    fault?.Contains(", not Nil.", StringComparison.Ordinal), $"{name} with nil at {path}: {fault}");
            }
        }

        Assert.Contains(" is an array, not Nil.", message.Fault([0xc0]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryDecode_ItemOfAnotherType_IsRefused(string name)
    {
        var message = s_messages[name];
        foreach (var path in PathsOf(message.Items))
        {
            foreach (var other in (object[])[1.5, 1L, "a", new byte[] { 1 }, true, Array.Empty<object?>()])
            {
                var good = ItemAt(message.Items, path);
                if (good?.GetType() != other.GetType())
                {
                    var fault = message.Fault(Written(Changed(message.Items, path, other)));
                    Assert.True(fault is not null, $"{name} with {other} at {path} was read.");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryDecode_OneItemMoreOrLess_IsRefused(string name)
    {
        var message = s_messages[name];
        foreach (var path in PathsOf(message.Items).Prepend(""))
        {
            if (ItemAt(message.Items, path) is object?[] items && !message.Lists.Contains(path))
            {
                foreach (var other in (object?[][])[[.. items, 1L], items[..^1], []])
                {
                    var fault = message.Fault(Written(Changed(message.Items, path, other)));
                    Assert.True(
                        fault?.Contains($" has {items.Length} items, not {other.Length}.", StringComparison.Ordinal),
                        $"{name} with {other.Length} items at '{path}': {fault}");
                }
            }
        }
    }

    [Fact]
    public void Push_ItemOutOfBounds_IsRefused()
    {
        AssertNoteBounds("push", "0");
        AssertSizeBounds("push", "1", "The size");
        AssertSizeBounds("push", "2", "The first index");
        AssertEntriesBounds("push", "3");
        AssertProofBounds("push", "4");
        AssertProofBounds("push", "5");
    }

    [Fact]
    public void PushAnswer_ItemOutOfBounds_IsRefused()
    {
        AssertSizeBounds("push answer", "0", "A size");
        AssertSizeBounds("push answer", "1", "A size");
    }

    [Fact]
    public void HeadsQuestion_ItemOutOfBounds_IsRefused()
    {
        AssertHashBounds("heads question", "0");
        AssertNumberBounds("heads question", "1", "An instance", 0, long.MaxValue);
        AssertNumberBounds("heads question", "2", "A version", 0, long.MaxValue);
        AssertListBounds("heads question", "3", "The list of checkpoints", 0, Limits.MaxOwnHeads);
        AssertNoteBounds("heads question", "3.0");

        // A wait is cut by who answers, so a longer one is not malformed: it only has to be a number.
        AssertNumberBounds("heads question", "4", "A wait", 0, int.MaxValue);
    }

    [Fact]
    public void HeadsQuestion_AsLargeAsItGets_FitsTheBodyOfItsRoute()
    {
        var largest = Changed(
            Changed(s_question, "3", Enumerable.Repeat<object?>(s_note, Limits.MaxOwnHeads).ToArray()),
            "1",
            long.MaxValue);

        Assert.InRange(Written(largest).Length, 1, PeerBody.MaxQuestionBody);
    }

    [Fact]
    public void HeadsAnswer_AsLargeAsItGets_FitsTheBodyOfItsRoute()
    {
        var origin = new string('a', Origin.MaxLength);
        object?[] head = [origin, ProtocolLimits.MaxLogSize, new byte[Hash256.Size], ProtocolLimits.MaxLogSize, ProtocolLimits.MaxLogSize];
        object?[] run = [origin, ProtocolLimits.MaxLogSize, ProtocolLimits.MaxLogSize];
        object?[] largest =
        [
            new byte[Hash256.Size],
            long.MaxValue,
            long.MaxValue,
            Enumerable.Repeat<object?>(head, Limits.MaxHeads).ToArray(),
            Enumerable.Repeat<object?>(run, Limits.MaxUrgentRuns).ToArray(),
            Enumerable.Repeat<object?>(new string('a', 64), 1_000).ToArray(),
            true,
            Enumerable.Repeat<object?>(new byte[ForkProof.MaxNote], Limits.MaxOwnHeads).ToArray(),
        ];

        Assert.InRange(Written(largest).Length, 1, Limits.MaxHeadsBody);
    }

    [Fact]
    public void HeadsAnswer_ItemOutOfBounds_IsRefused()
    {
        AssertHashBounds("heads answer", "0");
        AssertNumberBounds("heads answer", "1", "An instance", 0, long.MaxValue);
        AssertNumberBounds("heads answer", "2", "A version", 0, long.MaxValue);
        AssertListBounds("heads answer", "3", "The list of heads", 0, Limits.MaxHeads);
        AssertOriginBounds("heads answer", "3.0.0");
        AssertSizeBounds("heads answer", "3.0.1", "A size");
        AssertHashBounds("heads answer", "3.0.2");
        AssertSizeBounds("heads answer", "3.0.3", "A size");
        AssertSizeBounds("heads answer", "3.0.4", "A size");
        AssertListBounds("heads answer", "4", "The list of urgent runs", 0, Limits.MaxUrgentRuns);
        AssertOriginBounds("heads answer", "4.0.0");
        AssertSizeBounds("heads answer", "4.0.1", "The first index");
        AssertSizeBounds("heads answer", "4.0.2", "The last index");
        AssertListBounds("heads answer", "5", "The list of links", 0, RosterDocument.MaxMembers);
        AssertListBounds("heads answer", "7", "The list of checkpoints", 0, Limits.MaxOwnHeads);
        AssertNoteBounds("heads answer", "7.0");
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("demo/a")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void HeadsAnswer_LinkThatNamesNoMember_IsRefused(string link) =>
        AssertRefused("heads answer", "5.0", link, "A link names a member: ");

    [Fact]
    public void HeadsAnswer_NoLinksAndUnknownLinks_AreToldApart()
    {
        Assert.Empty(Read(Changed(s_answer, "5", Array.Empty<object?>()), PeerBody.HeadsAnswer).Links!);
        Assert.Null(Read(Changed(s_answer, "5", null), PeerBody.HeadsAnswer).Links);
        Assert.Null(Read(Changed(s_answer, "3.0.3", null), PeerBody.HeadsAnswer).Heads[0].FrozenAt);
        Assert.Equal(0, Read(Changed(s_answer, "3.0.3", 0L), PeerBody.HeadsAnswer).Heads[0].FrozenAt);
        Assert.False(Read(Changed(s_answer, "6", false), PeerBody.HeadsAnswer).Paused);
    }

    [Fact]
    public void HeadsAnswer_PausedIsANumber_IsRefused() =>
        AssertRefused("heads answer", "6", 1L, "Paused is true or false, not Integer.");

    [Fact]
    public void Range_ItemOutOfBounds_IsRefused()
    {
        AssertNoteBounds("range", "0");
        AssertSizeBounds("range", "1", "The first index");
        AssertEntriesBounds("range", "2");
        AssertProofBounds("range", "3");
        AssertProofBounds("range", "4");
    }

    [Fact]
    public void Outline_HashesThatAreNoHashes_AreRefused() => AssertRefused(
        Written([.. s_outline.Select((item, i) => i == 3 ? new byte[33] : item)]),
        PeerBody.Outline,
        "The list of hashes is not a multiple of 32 bytes long.");

    [Fact]
    public void RangeRequest_ItemOutOfBounds_IsRefused()
    {
        AssertOriginBounds("range request", "0");
        AssertSizeBounds("range request", "1", "The first index");
        AssertNumberBounds("range request", "2", "The number of entries", 1, int.MaxValue);
        AssertNumberBounds("range request", "3", "The number of bytes", 1, int.MaxValue);
    }

    [Fact]
    public void Fork_ItemOutOfBounds_IsRefused()
    {
        AssertOriginBounds("fork request", "0");
        AssertBytesBounds("fork", "0", "A fork proof", 1, ForkProof.MaxBytes);
        AssertOriginBounds("fork push", "0");
        AssertBytesBounds("fork push", "1", "A fork proof", 1, ForkProof.MaxBytes);
    }

    [Fact]
    public void Fork_AsLargeAsItGets_FitsTheBodyOfItsRoute()
    {
        var origin = $"{new string('c', 63)}/{new string('m', 63)}/{new string('l', 63)}/1";

        Assert.InRange(Written(Changed(s_forkPush, "0", origin)).Length, ForkProof.MaxBytes, PeerBody.MaxForkBody);
        Assert.InRange(Written([origin]).Length, 1, PeerBody.MaxSmallBody);
    }

    [Fact]
    public void Evaluate_ItemOutOfBounds_IsRefused()
    {
        AssertListBounds("evaluate", "2", "The list of points", 1, PeerBody.MaxPoints);
        AssertBytesBounds("evaluate", "2.0", "A point", 32, 32);
        AssertListBounds("evaluated", "0", "The list of points", 1, PeerBody.MaxPoints);
        AssertBytesBounds("evaluated", "0.0", "A point", 32, 32);
        AssertBytesBounds("evaluated", "1", "A proof", 64, 64);
    }

    [Fact]
    public void TryDecode_TextThatIsNotWellFormed_IsRefused()
    {
        // A lone surrogate half, as three bytes.
        byte[] body = [0x91, 0xa3, 0xed, 0xa0, 0x80];

        AssertRefused(body, PeerBody.ForkRequest, "An origin is not well-formed UTF-8.");
    }

    [Fact]
    public void TryDecode_MoreItemsThanAllowed_IsRefusedBeforeTheyAreRead()
    {
        // Items that nobody could read: that the list is too long must be found first.
        AssertRefused(
            "heads answer", "3", new object?[Limits.MaxHeads + 1], "The list of heads has 0 to 2048 items, not 2049.");
        AssertRefused(
            "heads question",
            "3",
            new object?[Limits.MaxOwnHeads + 1],
            "The list of checkpoints has 0 to 16 items, not 17.");
    }

    [Theory]
    [InlineData("heads answer", "3")]
    [InlineData("heads answer", "4")]
    [InlineData("heads answer", "5")]
    [InlineData("heads answer", "7")]
    [InlineData("heads question", "3")]
    [InlineData("range", "2")]
    [InlineData("range", "4")]
    public void TryDecode_HugeArrayHeaderInASmallBody_AllocatesNothingForIt(string name, string list)
    {
        var message = s_messages[name];
        var body = Written(Changed(message.Items, list, new Raw([0xdd, 0x7f, 0xff, 0xff, 0xff, 0xc0])));
        message.Fault(body);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(message.Fault(body));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Theory]
    [InlineData(new byte[] { 0x96, 0xc6, 0xff, 0xff, 0xff, 0xff, 0 })]
    [InlineData(new byte[] { 0x96, 0xc6, 0x80, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x96, 0xc6, 0x7f, 0xff, 0xff, 0xff, 0 })]
    [InlineData(new byte[] { 0x96, 0xc4, 0x05, 0 })]
    [InlineData(new byte[] { 0xdd, 0xff, 0xff, 0xff, 0xff, 0 })]
    public void TryDecode_LengthBeyondTheBody_IsRefused(byte[] body) =>
        AssertRefused(body, PeerBody.Push, NotMessagePack);

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryDecode_SomethingBehindTheMessage_IsRefused(string name)
    {
        var message = s_messages[name];

        Assert.Equal("The body goes on after its message.", message.Fault([.. Written(message.Items), 0]));
    }

    [Fact]
    public void TryDecode_ArbitraryBytes_NeverThrows() => Gen.Byte.Array[0, 64].Sample(bytes =>
    {
        foreach (var message in s_messages.Values)
        {
            message.Fault(bytes);
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryDecode_CutOrChanged_NeverThrows(string name)
    {
        var message = s_messages[name];
        var good = Written(message.Items);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            Assert.NotEmpty(message.Fault(good[..at])!);
            byte[] changed = [.. good];
            changed[at] = value;
            message.Fault(changed);
        });
    }

    private static HeadsAnswerMessage AnswerOf(HeadMessage[] heads, UrgentMessage[] urgent, string[]? links = null) =>
        new()
        {
            Digest = s_hash,
            Instance = 1,
            Version = long.MaxValue,
            Heads = heads,
            Urgent = urgent,
            Links = links,
            Paused = false,
            Yours = [],
        };

    private static void AssertNoteBounds(string name, string path) =>
        AssertBytesBounds(name, path, "A checkpoint", 1, ForkProof.MaxNote);

    private static void AssertHashBounds(string name, string path) => AssertBytesBounds(name, path, "A hash", 32, 32);

    private static void AssertSizeBounds(string name, string path, string what) =>
        AssertNumberBounds(name, path, what, 0, MaxSize);

    private static void AssertProofBounds(string name, string path)
    {
        AssertListBounds(name, path, "A proof", 0, Limits.MaxProofHashes);
        AssertHashBounds(name, path + ".0");
    }

    private static void AssertEntriesBounds(string name, string path)
    {
        AssertListBounds(name, path, "The list of entries", 0, Limits.MaxRangeEntries);
        AssertBytesBounds(name, path + ".0.0", "A leaf", 1, ProtocolLimits.MaxEntry);
        AssertBytesBounds(name, path + ".0.1", "A salt", 16, 16);
        AssertBytesBounds(name, path + ".0.2", "A payload", 0, ProtocolLimits.MaxRosterPayload);
    }

    private static void AssertNumberBounds(string name, string path, string what, long min, long max)
    {
        AssertTaken(name, path, min);
        AssertTaken(name, path, max);
        AssertRefused(name, path, min - 1, $"{what} is from {min} to {max}, not ");
        AssertRefused(name, path, long.MinValue, $"{what} is from {min} to {max}, not ");
        AssertRefused(name, path, TooLarge, NotMessagePack);
        if (max < long.MaxValue)
        {
            AssertRefused(name, path, max + 1, $"{what} is from {min} to {max}, not ");
        }
    }

    private static void AssertBytesBounds(string name, string path, string what, int min, int max)
    {
        var bounds = min == max ? $"{min}" : $"{min} to {max}";
        AssertTaken(name, path, new byte[min]);
        AssertTaken(name, path, new byte[max]);
        AssertRefused(name, path, new byte[max + 1], $"{what} has {bounds} bytes, not {max + 1}.");
        if (min > 0)
        {
            AssertRefused(name, path, new byte[min - 1], $"{what} has {bounds} bytes, not {min - 1}.");
        }
    }

    private static void AssertListBounds(string name, string path, string what, int min, int max)
    {
        var item = ((object?[])ItemAt(s_messages[name].Items, path)!)[0];
        object?[] Many(int count) => [.. Enumerable.Repeat(item, count)];
        AssertTaken(name, path, Many(min));
        AssertTaken(name, path, Many(max));
        AssertRefused(name, path, Many(max + 1), $"{what} has {min} to {max} items, not {max + 1}.");
        if (min > 0)
        {
            AssertRefused(name, path, Many(min - 1), $"{what} has {min} to {max} items, not {min - 1}.");
        }
    }

    private static void AssertOriginBounds(string name, string path)
    {
        string[] none = ["", "demo/a", "demo/a/indicators/01", "demo/a/indicators/1\n", "Demo/a/indicators/1"];
        foreach (var text in none)
        {
            AssertRefused(name, path, text, "An origin is ");
        }

        AssertRefused(name, path, new string('a', 201), "An origin has 0 to 200 bytes, not 201.");
    }

    private static void AssertTaken(string name, string path, object? value)
    {
        var fault = s_messages[name].Fault(Written(Changed(s_messages[name].Items, path, value)));
        Assert.True(fault is null, $"{name} at {path}: {fault}");
    }

    private static void AssertRefused(string name, string path, object? value, string expected)
    {
        var fault = s_messages[name].Fault(Written(Changed(s_messages[name].Items, path, value)));
        Assert.True(
            fault?.StartsWith(expected, StringComparison.Ordinal),
            $"{name} at {path}: {fault ?? "was read"}, not {expected}");
    }

    private static void AssertRefused<T>(byte[] body, PeerBodyReader<T> read, string expected)
        where T : class
    {
        Assert.False(PeerBody.TryDecode(body, read, out _, out var error));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    private static void AssertRead<T>(T message, PeerBodyReader<T> read)
        where T : class
    {
        var bytes = MessagePackSerializer.Serialize(message);
        Assert.True(PeerBody.TryDecode(bytes, read, out var decoded, out var error), error);
        Assert.Equal(bytes, MessagePackSerializer.Serialize(decoded));
    }

    private static T Read<T>(object?[] items, PeerBodyReader<T> read)
        where T : class
    {
        Assert.True(PeerBody.TryDecode(Written(items), read, out var message, out var error), error);
        return message;
    }

    /// <summary>What is wrong with a body, or null; a message and an error never come together.</summary>
    private static Func<byte[], string?> FaultOf<T>(PeerBodyReader<T> read)
        where T : class => body =>
        {
            Assert.NotEqual(PeerBody.TryDecode(body, read, out var message, out var error), error is not null);
            Assert.Equal(message is null, error is not null);
            return error;
        };

    private static IEnumerable<string> PathsOf(object?[] items) => items.SelectMany((item, i) =>
        item is object?[] inner ? PathsOf(inner).Select(p => $"{i}.{p}").Prepend($"{i}") : [$"{i}"]);

    private static object? ItemAt(object?[] items, string path) => Indexes(path)
        .Aggregate((object?)items, (item, i) => ((object?[])item!)[i]);

    /// <summary>A copy with one item exchanged.</summary>
    private static object?[] Changed(object?[] items, string path, object? value) =>
        (object?[])Exchange(items, Indexes(path), value)!;

    private static object? Exchange(object? item, ReadOnlySpan<int> path, object? value)
    {
        if (path.IsEmpty)
        {
            return value;
        }

        object?[] copy = [.. (object?[])item!];
        copy[path[0]] = Exchange(copy[path[0]], path[1..], value);
        return copy;
    }

    private static int[] Indexes(string path) => path.Length == 0 ? [] : [.. path.Split('.').Select(int.Parse)];

    private static byte[] Written(object?[] items)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        Write(ref writer, items);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(ref MessagePackWriter writer, object? item)
    {
        switch (item)
        {
            case null:
                writer.WriteNil();
                break;
            case object?[] items:
                writer.WriteArrayHeader(items.Length);
                foreach (var inner in items)
                {
                    Write(ref writer, inner);
                }

                break;
            case byte[] bytes:
                writer.Write(bytes);
                break;
            case string text:
                writer.Write(text);
                break;
            case bool flag:
                writer.Write(flag);
                break;
            case ulong number:
                writer.Write(number);
                break;
            case double number:
                writer.Write(number);
                break;
            case Raw raw:
                writer.WriteRaw(raw.Bytes);
                break;
            default:
                writer.Write((long)item);
                break;
        }
    }

    private sealed record Message(object?[] Items, Func<byte[], string?> Fault, string[] MayBeNil, string[] Lists);

    private sealed record Raw(byte[] Bytes);
}
