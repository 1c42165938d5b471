using System.Buffers;
using CsCheck;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Node.Peers;
using MessagePack;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

public sealed class PeerBodyTests
{
    private delegate void Writer(ref MessagePackWriter writer);

    private static readonly byte[] s_hash = new byte[32];

    [Fact]
    public void TryDecode_WhatTheSerializerWrites_IsRead()
    {
        var range = new RangeMessage
        {
            Checkpoint = [1],
            From = 7,
            Entries = [new() { Leaf = [2], Salt = new byte[16], Payload = [3] }, new() { Leaf = [4] }],
            Proof = [s_hash],
        };
        var bytes = MessagePackSerializer.Serialize(range);

        Assert.True(PeerBody.TryDecode(bytes, PeerBody.Range, out var read, out _));
        Assert.Equal(bytes, MessagePackSerializer.Serialize(read));
    }

    [Fact]
    public void TryDecode_EverySmallMessage_IsRead()
    {
        AssertRead(new PushMessage { Checkpoint = [1], From = 0, Entries = [] }, PeerBody.Push);
        AssertRead(new SizeMessage { Size = 1L << 40 }, PeerBody.Size);
        AssertRead(
            new HeadsMessage { Heads = [new() { Origin = PeerCoalition.Log, Size = 3, Root = s_hash }] }, PeerBody.Heads);
        AssertRead(
            new RangeRequestMessage { Origin = PeerCoalition.Log, From = 3, MaxEntries = 9, MaxBytes = 9 },
            PeerBody.RangeRequest);
        AssertRead(new EvaluateMessage { Type = "tel", Epoch = 1, Blinded = [s_hash] }, PeerBody.Evaluate);
        AssertRead(new EvaluateMessage { Type = "pay:iban", Epoch = 2, Blinded = [s_hash] }, PeerBody.Evaluate);
        AssertRead(new EvaluateMessage { Type = "acct:shop-24.example", Epoch = 999_999, Blinded = [s_hash] }, PeerBody.Evaluate);
        AssertRead(new EvaluatedMessage { Evaluated = [s_hash], Proof = new byte[64] }, PeerBody.Evaluated);
    }

    [Fact]
    public void TryDecode_NilWhereBytesAreExpected_IsRefused()
    {
        var nilLeaf = new PushMessage { Checkpoint = [1], From = 0, Entries = [new() { Leaf = null! }] };
        var nilEntry = new PushMessage { Checkpoint = [1], From = 0, Entries = [null!] };
        var nilList = new PushMessage { Checkpoint = [1], From = 0, Entries = null! };

        AssertRefused(nilLeaf, PeerBody.Push, "A leaf is a binary, not Nil.");
        AssertRefused(nilEntry, PeerBody.Push, "An entry is an array, not Nil.");
        AssertRefused(nilList, PeerBody.Push, "The list of entries is an array, not Nil.");
        AssertRefused<PushMessage>([0xc0], PeerBody.Push, "A push is an array, not Nil.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void TryDecode_HashOfAnotherLength_IsRefused(int length) => AssertRefused(
        new HeadsMessage { Heads = [new() { Origin = PeerCoalition.Log, Size = 3, Root = new byte[length] }] },
        PeerBody.Heads,
        $"A hash has 32 bytes, not {length}.");

    [Theory]
    [InlineData("")]
    [InlineData("demo/a/indicators/01")]
    [InlineData("demo/a/indicators/1\n")]
    public void TryDecode_NotAnOrigin_IsRefused(string origin) => AssertRefused(
        new HeadsMessage { Heads = [new() { Origin = origin, Size = 3, Root = s_hash }] }, PeerBody.Heads, "An origin is ");

    [Fact]
    public void TryDecode_NumberOutOfRange_IsRefused()
    {
        AssertRefused(new SizeMessage { Size = -1 }, PeerBody.Size, "A size is from 0 to ");
        AssertRefused(new SizeMessage { Size = (1L << 40) + 1 }, PeerBody.Size, "A size is from 0 to ");
        AssertRefused<SizeMessage>(
            [0x91, 0xcf, 255, 255, 255, 255, 255, 255, 255, 255], PeerBody.Size, "The body is not MessagePack");
    }

    [Fact]
    public void TryDecode_MoreItemsThanAllowed_IsRefusedBeforeTheyAreRead()
    {
        AssertRefused<HeadsMessage>(
            Written((ref MessagePackWriter w) => WriteHeads(ref w, Limits.MaxHeads + 1)), PeerBody.Heads, "The list of heads has");
        AssertRefused<EvaluateMessage>(
            MessagePackSerializer.Serialize(new EvaluateMessage { Type = "tel", Epoch = 1, Blinded = [] }),
            PeerBody.Evaluate,
            "The list of points has 1 to 4000 items, not 0.");
    }

    [Fact]
    public void TryDecode_HugeArrayHeaderInASmallBody_AllocatesNothingForIt()
    {
        byte[] body = [0x91, 0xdd, 0x7f, 0xff, 0xff, 0xff, 0xc0];
        PeerBody.TryDecode(body, PeerBody.Heads, out _, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(PeerBody.TryDecode(body, PeerBody.Heads, out _, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Theory]
    [InlineData(new byte[] { 0x93, 0xc6, 0xff, 0xff, 0xff, 0xff, 0 })]
    [InlineData(new byte[] { 0x93, 0xc6, 0x80, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x93, 0xc6, 0x7f, 0xff, 0xff, 0xff, 0 })]
    [InlineData(new byte[] { 0x93, 0xc4, 0x05, 0 })]
    public void TryDecode_BinaryLongerThanTheBody_IsRefused(byte[] body) =>
        AssertRefused(body, PeerBody.Push, "The body is not MessagePack, or ends within its message.");

    [Fact]
    public void TryDecode_SomethingBehindTheMessage_IsRefused() =>
        AssertRefused<SizeMessage>([0x91, 0x01, 0x00], PeerBody.Size, "The body goes on after its message.");

    [Fact]
    public void TryDecode_ArbitraryBytes_NeverThrows() => Gen.Byte.Array[0, 64].Sample(bytes =>
    {
        Assert.NotEqual(PeerBody.TryDecode(bytes, PeerBody.Push, out _, out var error), error is not null);
        Assert.NotEqual(PeerBody.TryDecode(bytes, PeerBody.Heads, out _, out error), error is not null);
        Assert.NotEqual(PeerBody.TryDecode(bytes, PeerBody.Evaluate, out _, out error), error is not null);
    });

    [Fact]
    public void TryDecode_CutOrChangedRange_NeverThrows()
    {
        var good = MessagePackSerializer.Serialize(new RangeMessage
        {
            Checkpoint = PeerCoalition.CheckpointOf(3),
            From = 7,
            Entries = [new() { Leaf = [2, 3], Salt = new byte[16], Payload = [3] }],
            Proof = [s_hash],
        });
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            Assert.False(PeerBody.TryDecode(good.AsMemory(0, at), PeerBody.Range, out _, out var error));
            Assert.NotEmpty(error);
            byte[] changed = [.. good];
            changed[at] = value;
            Assert.NotEqual(PeerBody.TryDecode(changed, PeerBody.Range, out _, out error), error is not null);
        });
    }

    private static void WriteHeads(ref MessagePackWriter writer, int count)
    {
        writer.WriteArrayHeader(1);
        writer.WriteArrayHeader(count);
        for (var i = 0; i < count; i++)
        {
            writer.WriteNil();
        }
    }

    private static byte[] Written(Writer write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void AssertRead<T>(T message, PeerBodyReader<T> read)
        where T : class
    {
        var bytes = MessagePackSerializer.Serialize(message);
        Assert.True(PeerBody.TryDecode(bytes, read, out var decoded, out var error), error);
        Assert.Equal(bytes, MessagePackSerializer.Serialize(decoded));
    }

    private static void AssertRefused<T>(T message, PeerBodyReader<T> read, string error)
        where T : class => AssertRefused(MessagePackSerializer.Serialize(message), read, error);

    private static void AssertRefused<T>(byte[] body, PeerBodyReader<T> read, string expected)
        where T : class
    {
        Assert.False(PeerBody.TryDecode(body, read, out _, out var error));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }
}
