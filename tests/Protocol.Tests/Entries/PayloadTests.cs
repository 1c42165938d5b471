using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

public sealed class PayloadTests
{
    [Fact]
    public void TryDecode_EncodedPayload_IsTheSamePayload() =>
        EntryGen.Payloads.Sample(payload =>
        {
            Assert.True(Payload.TryDecode(payload.Kind, payload.Encode(), out var again, out var error), error);
            Assert.Equal(payload, again);
            Assert.Equal(payload.GetHashCode(), again.GetHashCode());
        });

    [Fact]
    public void Encode_AnyPayload_IsTheShortestMessagePack() =>
        EntryGen.Payloads.Sample(payload =>
        {
            var bytes = payload.Encode();
            Assert.Equal(Pack.Sequence(Pack.Read(bytes)), bytes);
        });

    [Fact]
    public void TryDecode_OneValueInALongerForm_IsRefused() =>
        Gen.Select(EntryGen.Payloads, Gen.Int[0, 60], Gen.Int[1, 4]).Sample((payload, value, by) =>
            Pack.Widened(Pack.Read(payload.Encode()), value, by) is not { } longer || IsRefused(payload.Kind, longer));

    [Fact]
    public void TryDecode_BytesAfterTheEnd_IsRefused() =>
        Gen.Select(EntryGen.Payloads, Gen.Byte.Array[1, 4]).Sample((payload, rest) =>
            IsRefused(payload.Kind, [.. payload.Encode(), .. rest]));

    [Fact]
    public void TryDecode_CutAnywhere_IsRefused() =>
        Gen.Select(EntryGen.Payloads, Gen.Double[0, 1]).Sample((payload, part) =>
        {
            var bytes = payload.Encode();
            return IsRefused(payload.Kind, bytes[..(int)(bytes.Length * part * 0.999)]);
        });

    [Fact]
    public void TryDecode_OneItemTooManyOrTooFew_IsRefused() =>
        EntryGen.Payloads.Sample(payload =>
        {
            var items = (object?[])Pack.Read(payload.Encode())!;
            return IsRefused(payload.Kind, Pack.Sequence((object)(object?[])[.. items, null]))
                && IsRefused(payload.Kind, Pack.Sequence((object)items[..^1]));
        });

    [Fact]
    public void TryDecode_AnotherVersion_IsRefused() =>
        Gen.Select(EntryGen.Payloads, Gen.Long[0, 1L << 40]).Where((_, version) => version != 1).Sample((payload, version) =>
        {
            var items = (object?[])Pack.Read(payload.Encode())!;
            items[0] = version;
            return IsRefused(payload.Kind, Pack.Sequence((object)items));
        });

    [Fact]
    public void TryDecode_NegativeOrOtherTypeInAnyPlace_IsRefused() =>
        Gen.Select(EntryGen.Payloads, Gen.Int[0, 15], Gen.OneOf(
            [0xff], [0xd0, 0xff], [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xd0, 0x01], [0xc2], [0xc3], [0xca, 0, 0, 0, 0], [0x80], [0xd4, 1, 1],
            [0xc1], new byte[] { 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0 }))
        .Sample((payload, place, odd) =>
        {
            var items = (object?[])Pack.Read(payload.Encode())!;
            items[place % items.Length] = new Pack.Raw(odd);
            return IsRefused(payload.Kind, Pack.Sequence((object)items));
        });

    [Theory]
    [InlineData("listing", 4)]
    [InlineData("listing", 5)]
    [InlineData("withdrawal", 2)]
    [InlineData("opinion", 2)]
    [InlineData("tally", 2)]
    [InlineData("erase", 2)]
    public void TryDecode_IllFormedUtf8_IsRefused(string kind, int item)
    {
        byte[][] ill = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x28, 0xa1]];
        foreach (var bytes in ill)
        {
            var items = ValidPayloads.Items(kind);
            items[item] = new Pack.Raw([(byte)(0xa0 | bytes.Length), .. bytes]);
            Assert.True(IsRefused(kind, Pack.Sequence((object)items)), Convert.ToHexString(bytes));
        }
    }

    [Fact]
    public void TryDecode_IllFormedUtf8InATermOrValue_IsRefused()
    {
        var items = ValidPayloads.Items("listing");
        items[3] = new byte[] { 0xed, 0xa0, 0x80 };
        Assert.True(IsRefused("listing", Pack.Sequence((object)items)));

        items = ValidPayloads.Items("listing");
        ((object?[])items[15]!)[2] = new object?[] { new Pack.Raw(0xa1, 0xff) };
        Assert.True(IsRefused("listing", Pack.Sequence((object)items)));
    }

    [Theory]
    [InlineData("listing")]
    [InlineData("withdrawal")]
    [InlineData("opinion")]
    [InlineData("tally")]
    [InlineData("erase")]
    [InlineData("heartbeat")]
    [InlineData("receipt")]
    [InlineData("erasure")]
    [InlineData("evaluations")]
    [InlineData("roster")]
    public void TryDecode_KindOfAnother_IsRefused(string kind)
    {
        var bytes = Pack.Sequence((object)ValidPayloads.Items(kind));

        Assert.True(Payload.TryDecode(kind, bytes, out _, out var error), error);
        foreach (var other in ValidPayloads.Kinds.Where(k => k != kind))
        {
            // An empty list of heads is both a heartbeat and a receipt; the samples are not empty.
            Assert.True(IsRefused(other, bytes), other);
        }
    }

    [Theory]
    [InlineData("advert")]
    [InlineData("")]
    [InlineData("Listing")]
    public void TryDecode_UnknownKind_IsRefusedWithItsName(string kind)
    {
        Assert.False(Payload.TryDecode(kind, [0x91, 1], out _, out var error));
        Assert.Contains(kind, error, StringComparison.Ordinal);
    }

    private static bool IsRefused(string kind, byte[] bytes) =>
        !Payload.TryDecode(kind, bytes, out var payload, out var error) && payload is null && error.Length > 0;
}
