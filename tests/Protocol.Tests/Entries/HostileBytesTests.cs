using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

/// <summary>Decoders answer to any bytes with a value or an error text, and cost no more than their length allows.</summary>
public sealed class HostileBytesTests
{
    // Room for the message of one exception; a claim of 2^32 items that was believed would be far beyond it.
    private const long Fixed = 256 * 1024;

    [Fact]
    public void TryDecode_ArbitraryBytes_NeverThrowsAndStaysSmall() =>
        Gen.Select(HostileBytes.Arbitrary, Gen.OneOf([.. ValidPayloads.Kinds])).Sample((bytes, kind) => Check(bytes, kind));

    [Fact]
    public void TryDecode_MutatedPayload_NeverThrowsAndStaysSmall() =>
        EntryGen.Payloads.SelectMany(p => HostileBytes.Mutations(p.Encode()).Select(bytes => (bytes, p.Kind)))
            .Sample((bytes, kind) => Check(bytes, kind), iter: 3000);

    [Fact]
    public void TryDecode_MutatedLeaf_NeverThrowsAndStaysSmall() =>
        EntryGen.Entries.SelectMany(e => HostileBytes.Mutations(e.Leaf.Encode()))
            .Sample(bytes => Check(bytes, EntryKind.Listing), iter: 3000);

    [Fact]
    public void TryDecode_HeaderThatClaimsTooMuchAtAnyByte_IsRefusedAndStaysSmall()
    {
        byte[][] claims =
        [
            [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff],
            [0xdb, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff],
        ];
        foreach (var kind in ValidPayloads.Kinds)
        {
            var bytes = ValidPayloads.Bytes(kind);
            foreach (var claim in claims)
            {
                for (var at = 0; at < bytes.Length; at++)
                {
                    Check([.. bytes[..at], .. claim, .. bytes[at..]], kind);
                }
            }
        }
    }

    private static void Check(byte[] bytes, string kind)
    {
        var allocated = HostileBytes.Allocated(() =>
        {
            var isPayload = Payload.TryDecode(kind, bytes, out var payload, out var error);
            Assert.Equal(isPayload, payload is not null);
            Assert.Equal(isPayload, error is null);
            var isLeaf = Leaf.TryDecode(bytes, out var leaf, out error);
            Assert.Equal(isLeaf, leaf is not null);
            Assert.Equal(isLeaf, error is null);
        });
        Assert.InRange(allocated, 0, Fixed + (16L * bytes.Length));
    }
}
