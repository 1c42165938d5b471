using CsCheck;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Tests.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Keys;

public class SealedSecretTests
{
    private static readonly PassphraseCost s_cheap = new(PassphraseCost.MinMemory, 1);
    private static readonly byte[] s_random = [.. Enumerable.Range(0, SealedSecret.RandomSize).Select(i => (byte)i)];
    private static readonly byte[] s_sealed = SealedSecret.Seal("thing", "secret"u8, "right"u8, s_cheap, s_random);

    [Fact]
    public void TryOpen_TheSamePassphrase_GivesTheSecret()
    {
        Assert.True(SealedSecret.TryOpen("thing", s_sealed, "right"u8, out var secret, out var error), error);
        Assert.Equal("secret"u8.ToArray(), secret);
        Assert.Equal(-1, s_sealed.AsSpan().IndexOf("secret"u8));

        var large = new byte[SealedSecret.MaxSecret];
        var bytes = SealedSecret.Seal(new string('p', 32), large, new byte[SealedSecret.MaxPassphrase], s_cheap, s_random);
        Assert.InRange(bytes.Length, large.Length, SealedSecret.MaxEncoded);
        Assert.True(SealedSecret.TryOpen(new string('p', 32), bytes, new byte[SealedSecret.MaxPassphrase], out secret, out error), error);
        Assert.Equal(large, secret);
    }

    [Fact]
    public void TryOpen_AnotherPassphraseOrPurpose_SaysSo()
    {
        Assert.False(SealedSecret.TryOpen("thing", s_sealed, "wrong"u8, out var secret, out var error));
        Assert.Null(secret);
        Assert.Equal("The passphrase is not the one that this was sealed with.", error);
        Assert.False(SealedSecret.TryOpen("other", s_sealed, "right"u8, out _, out error));
        Assert.Contains("a sealed thing, and a sealed other is needed", error, StringComparison.Ordinal);
        Assert.False(SealedSecret.TryOpen("thing", s_sealed, default, out _, out error));
        Assert.Contains("1 to 1024 bytes, not 0", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpen_AnyFlippedBit_SaysDamaged()
    {
        Gen.Int[0, (s_sealed.Length * 8) - 1].Sample(
            bit =>
            {
                var bytes = s_sealed.ToArray();
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(SealedSecret.TryOpen("thing", bytes, "right"u8, out _, out var error));
                Assert.Contains("restore it from a copy", error, StringComparison.Ordinal);
            },
            iter: 200);
    }

    [Fact]
    public void TryOpen_HostileBytes_NeverThrows()
    {
        Hostile.Bytes(s_sealed).Sample(bytes =>
        {
            if (!bytes.AsSpan().SequenceEqual(s_sealed))
            {
                Assert.False(SealedSecret.TryOpen("thing", bytes, "right"u8, out _, out var error));
                Assert.NotNull(error);
            }
        });
        Assert.False(SealedSecret.TryOpen("thing", new byte[SealedSecret.MaxEncoded + 1], "right"u8, out _, out _));
    }

    [Fact]
    public void Seal_Misuse_Throws()
    {
        Assert.Throws<ArgumentException>(() => SealedSecret.Seal("No Code", "s"u8, "p"u8, s_cheap, s_random));
        Assert.Throws<ArgumentException>(() => SealedSecret.Seal("thing", default, "p"u8, s_cheap, s_random));
        Assert.Throws<ArgumentException>(() => SealedSecret.Seal("thing", "s"u8, default, s_cheap, s_random));
        Assert.Throws<ArgumentException>(() => SealedSecret.Seal("thing", "s"u8, "p"u8, s_cheap, s_random.AsSpan(1)));
        Assert.Throws<ArgumentException>(
            () => SealedSecret.Seal("thing", new byte[SealedSecret.MaxSecret + 1], "p"u8, s_cheap, s_random));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PassphraseCost(PassphraseCost.MinMemory - 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PassphraseCost(PassphraseCost.MaxMemory + 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PassphraseCost(PassphraseCost.MinMemory, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PassphraseCost(PassphraseCost.MinMemory, 17));
        Assert.Equal((65_536, 3), (PassphraseCost.Default.MemoryKibibytes, PassphraseCost.Default.Passes));
    }

    [Fact]
    public void SealedShare_ShareAndSeed_ComeBackOnlyAsWhatTheyAre()
    {
        using var dealt = DealtKey.Deal(1, 3, 5);
        var share = SealedShare.Seal(dealt.Shares[1], "pass"u8, s_cheap, s_random);
        Assert.True(SealedShare.TryOpen(share, "pass"u8, out var read, out var error), error);
        using (read)
        {
            Assert.Equal((2, dealt.Key), (read.Number, read.Key));
        }

        Assert.False(SealedShare.TryOpen(share, "Pass"u8, out _, out error));
        Assert.Contains("passphrase", error, StringComparison.Ordinal);

        var ceremony = dealt.Key.Digest;
        var seed = SealedShare.SealSeed(ceremony, new byte[32], "pass"u8, s_cheap, s_random);
        Assert.True(SealedShare.TryOpenSeed(ceremony, seed, "pass"u8, out var bytes, out error), error);
        Assert.Equal(new byte[32], bytes);
        Assert.False(SealedShare.TryOpenSeed(default, seed, "pass"u8, out _, out error));
        Assert.Contains("another ceremony", error, StringComparison.Ordinal);
        Assert.False(SealedShare.TryOpenSeed(ceremony, share, "pass"u8, out _, out error));
        Assert.Contains("a sealed seller-key-share", error, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SealedShare.SealSeed(ceremony, new byte[31], "pass"u8, s_cheap, s_random));
    }
}
