using System.Buffers.Binary;
using System.Text;
using CsCheck;
using FederationNode.Grains.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

public sealed class MessagePackGrainStorageSerializerTests
{
    private readonly MessagePackGrainStorageSerializer _serializer = new();

    [Fact]
    public void Deserialize_AnyState_IsWhatWasSerialized() =>
        Gen.Select(Gen.String, Gen.Byte.Array[0, 300]).Sample((text, bytes) =>
        {
            var back = _serializer.Deserialize<NoteState>(
                _serializer.Serialize(new NoteState { Text = WellFormed(text), Bytes = bytes }));
            return back.Text == WellFormed(text) && back.Bytes.AsSpan().SequenceEqual(bytes);
        });

    [Fact]
    public void Serialize_KnownState_HasTheDocumentedLayout()
    {
        var row = _serializer.Serialize(new NoteState { Text = "a", Bytes = [1, 2] }).ToArray();

        // Format 1, CRC-32C, then array of 2: fixstr "a", bin8 of 2 bytes.
        byte[] body = [0x92, 0xA1, 0x61, 0xC4, 0x02, 0x01, 0x02];
        Assert.Equal(1, row[0]);
        Assert.Equal(body, row[MessagePackGrainStorageSerializer.HeaderBytes..]);
        Assert.Equal(SlowCrc32C([1, .. body]), BinaryPrimitives.ReadUInt32LittleEndian(row.AsSpan(1)));
    }

    [Fact]
    public void SlowCrc32C_CheckValueOfTheCatalogue_Matches() =>
        Assert.Equal(0xE3069283u, SlowCrc32C("123456789"u8.ToArray()));

    [Fact]
    public void Deserialize_AnyBitFlipped_IsRefused() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, int.MaxValue]).Sample((bytes, position) =>
        {
            var row = _serializer.Serialize(new NoteState { Text = "state", Bytes = bytes }).ToArray();
            var bit = position % (row.Length * 8);
            row[bit / 8] ^= (byte)(1 << (bit % 8));
            var damage = Assert.Throws<CorruptStateException>(
                () => _serializer.Deserialize<NoteState>(new BinaryData(row)));
            return damage.StateType == nameof(NoteState) && damage.Fault == StorageFault.Corrupt;
        });

    [Fact]
    public void Deserialize_AnyPrefix_IsRefused()
    {
        var row = _serializer.Serialize(new NoteState { Text = "state", Bytes = [1, 2, 3] }).ToArray();
        for (var length = 0; length < row.Length; length++)
        {
            Assert.Throws<CorruptStateException>(
                () => _serializer.Deserialize<NoteState>(new BinaryData(row[..length])));
        }
    }

    [Fact]
    public void Deserialize_ArbitraryBytesWithRightChecksum_GiveAStateOrTheError() =>
        Gen.Byte.Array[0, 100].Sample(body =>
        {
            try
            {
                _serializer.Deserialize<NoteState>(Row(1, body));
            }
            catch (CorruptStateException e)
            {
                Assert.NotEmpty(e.Reason);
            }
        });

    [Fact]
    public void Deserialize_BytesAfterTheState_AreRefused()
    {
        var body = _serializer.Serialize(new NoteState()).ToArray()[MessagePackGrainStorageSerializer.HeaderBytes..];

        var damage = Assert.Throws<CorruptStateException>(
            () => _serializer.Deserialize<NoteState>(Row(1, [.. body, 0xC0])));

        Assert.Contains("ends after", damage.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_LaterFormat_IsRefusedByName()
    {
        var damage = Assert.Throws<CorruptStateException>(
            () => _serializer.Deserialize<NoteState>(Row(2, [0x90])));

        Assert.Equal("its format is 2, and this program knows only 1", damage.Reason);
    }

    [Fact]
    public void Deserialize_Nil_IsRefused() =>
        Assert.Throws<CorruptStateException>(() => _serializer.Deserialize<NoteState>(Row(1, [0xC0])));

    [Fact]
    public void Serialize_UndeclaredType_Throws()
    {
        var error = Assert.Throws<NotSupportedException>(() => _serializer.Serialize(new UndeclaredState()));
        Assert.Contains(nameof(UndeclaredState), error.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => _serializer.Deserialize<UndeclaredState>(Row(1, [0x90])));
        Assert.Throws<NotSupportedException>(() => _serializer.Serialize(new HalfDeclaredState()));
    }

    private static BinaryData Row(byte format, byte[] body)
    {
        var row = new byte[MessagePackGrainStorageSerializer.HeaderBytes + body.Length];
        row[0] = format;
        BinaryPrimitives.WriteUInt32LittleEndian(row.AsSpan(1), SlowCrc32C([format, .. body]));
        body.CopyTo(row.AsSpan(MessagePackGrainStorageSerializer.HeaderBytes));
        return new BinaryData(row);
    }

    // Half surrogate pairs do not survive UTF-8.
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    // Bit by bit, so that it shares nothing with the code under test.
    private static uint SlowCrc32C(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
