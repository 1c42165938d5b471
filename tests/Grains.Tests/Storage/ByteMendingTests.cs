using CsCheck;
using FederationNode.Grains.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>The checksum says which one byte of a row was changed.</summary>
public sealed class ByteMendingTests
{
    private const int Header = MessagePackGrainStorageSerializer.HeaderBytes;

    private static readonly MessagePackGrainStorageSerializer s_serializer = new();

    [Fact]
    public void Candidates_AnyByteChanged_HoldTheRowAsItWas() =>
        Gen.Select(Gen.Byte.Array[0, 3000], Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample((bytes, place, change) =>
        {
            var row = Row(bytes);
            var at = place % row.Length;
            if (at is > 0 and < Header)
            {
                // The checksum's own bytes.
                at = 0;
            }

            byte[] changed = [.. row];
            changed[at] ^= change;

            Assert.Contains(ByteMending.Candidates(changed), c => c.At == at && c.Row.SequenceEqual(row));
        });

    [Fact]
    public void Candidates_SoundRow_AreNone() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Assert.Empty(ByteMending.Candidates(Row(bytes))));

    [Fact]
    public void Candidates_ArbitraryBytes_AllHaveTheRightChecksum() =>
        Gen.Byte.Array[0, 5000].Sample(
            bytes =>
            {
                foreach (var (row, at) in ByteMending.Candidates(bytes))
                {
                    Assert.Equal(bytes.Length, row.Length);
                    Assert.Equal([at], Enumerable.Range(0, row.Length).Where(i => row[i] != bytes[i]));
                    Assert.Equal(
                        BitConverter.ToUInt32(row, 1),
                        MessagePackGrainStorageSerializer.Checksum(row[0], row.AsSpan(Header)));
                }
            },
            iter: 2000);

    private static byte[] Row(byte[] bytes) => s_serializer.Serialize(new NoteState { Bytes = bytes }).ToArray();
}
