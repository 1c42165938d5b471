using CsCheck;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Holders;

public class SharedKeyTests
{
    [Fact]
    public void TryDecode_WhatEncodeWrote_IsTheSame()
    {
        foreach (var (threshold, holders) in ((int, int)[])[(1, 1), (3, 5), (32, 32)])
        {
            using var dealt = DealtKey.Deal(1, threshold, holders);
            Assert.True(SharedKey.TryDecode(dealt.Key.Encode(), out var read, out var error), error);
            Assert.Equal(dealt.Key, read);
            Assert.Equal(dealt.Whole.PublicKey, read.PublicKey);
            Assert.Equal(dealt.Shares.Select(s => s.Secret.PublicKey), Enumerable.Range(1, holders).Select(read.PublicShare));
            Assert.Equal(holders, read.NumberOf($"holder-{holders}"));
            Assert.Equal(0, read.NumberOf("nobody"));
        }
    }

    [Fact]
    public void TryDecode_HostileBytes_NeverThrowsAndStaysBounded()
    {
        using var dealt = DealtKey.Deal(1, 3, 5);
        Hostile.Bytes(dealt.Key.Encode()).Sample(bytes => Hostile.AssertBoundedAllocation(bytes.Length, () =>
        {
            var ok = SharedKey.TryDecode(bytes, out var key, out var error);
            Assert.Equal(ok, error is null);
            Assert.True(!ok || key!.Encode().AsSpan().SequenceEqual(bytes));
        }));
        Assert.False(SharedKey.TryDecode(new byte[SharedKey.MaxEncoded + 1], out _, out var tooLong));
        Assert.Contains("at most 4096 bytes", tooLong, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCreate_WhatIsNoKey_IsRefused()
    {
        using var dealt = DealtKey.Deal(1, 2, 2);
        var (scheme, holders, commitments) = (dealt.Key.Scheme, dealt.Key.Holders, dealt.Key.Commitments);

        Assert.False(SharedKey.TryCreate(scheme, [], commitments, out _, out _));
        Assert.False(SharedKey.TryCreate(scheme, ["a", "a"], commitments, out _, out var error));
        Assert.Contains("two shares", error, StringComparison.Ordinal);
        Assert.False(SharedKey.TryCreate(scheme, ["A", "b"], commitments, out _, out _));
        Assert.False(SharedKey.TryCreate(scheme, ["a"], commitments, out _, out error));
        Assert.Contains("from 1 to the number of holders, 1, not 2", error, StringComparison.Ordinal);
        Assert.False(SharedKey.TryCreate(scheme, holders, [], out _, out _));
        Assert.False(SharedKey.TryCreate(scheme, holders, [commitments[0], default], out _, out error));
        Assert.Contains("identity", error, StringComparison.Ordinal);
        Assert.False(SharedKey.TryCreate(scheme, DealtKey.Names(33), commitments, out _, out _));

        // The share of holder 1 would be C[0] + C[1] = identity.
        var negative = RistrettoPoint.Subtract(default, commitments[0]);
        Assert.False(SharedKey.TryCreate(scheme, holders, [commitments[0], negative], out _, out _));
    }

    [Fact]
    public void KeyShare_StoredAndRead_IsTheSame()
    {
        using var dealt = DealtKey.Deal(2, 3, 5);
        var bytes = dealt.Shares[3].Encode();

        Assert.True(KeyShare.TryDecode(bytes, out var read, out var error), error);
        using (read)
        {
            Assert.Equal(("holder-4", 4, dealt.Key), (read.Holder, read.Number, read.Key));
            Assert.Equal(dealt.Key.PublicShare(4), read.Secret.PublicKey);
            Assert.DoesNotContain(Convert.ToHexStringLower(bytes.AsSpan(2, 32)), read.ToString(), StringComparison.Ordinal);
        }

        bytes[1] = 3;
        Assert.False(KeyShare.TryDecode(bytes, out _, out error));
        Assert.Contains("not share 3", error, StringComparison.Ordinal);
        bytes[1] = 6;
        Assert.False(KeyShare.TryDecode(bytes, out _, out error));
        Assert.Contains("holders 1 to 5", error, StringComparison.Ordinal);
    }

    [Fact]
    public void KeyShare_HostileBytes_NeverThrows()
    {
        using var dealt = DealtKey.Deal(2, 2, 3);
        Hostile.Bytes(dealt.Shares[0].Encode()).Sample(bytes =>
        {
            Assert.Equal(KeyShare.TryDecode(bytes, out var share, out var error), error is null);
            share?.Dispose();
        });
    }
}
