using CsCheck;
using FederationNode.Matching.Images;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

public class PdqHashTests
{
    internal static readonly Gen<PdqHash> AnyHash =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong, (a, b, c, d) => new PdqHash(a, b, c, d));

    [Fact]
    public void ToString_AnyHash_ParsesBack() => AnyHash.Sample(hash =>
    {
        var text = hash.ToString();
        Assert.Equal(64, text.Length);
        Assert.True(PdqHash.TryParse(text, out var parsed, out var error));
        Assert.Null(error);
        Assert.Equal(hash, parsed);
    });

    [Fact]
    public void CopyTo_AnyHash_ReadsBack() => AnyHash.Sample(hash =>
    {
        var bytes = new byte[PdqHash.Size];
        hash.CopyTo(bytes);
        Assert.Equal(hash, new PdqHash(bytes));
        Assert.Equal(hash.ToString(), Convert.ToHexStringLower(bytes));
    });

    [Fact]
    public void ToString_LowestBit_IsLastDigit()
    {
        Assert.Equal(new string('0', 63) + "1", default(PdqHash).WithBitFlipped(0).ToString());
        Assert.Equal("8" + new string('0', 63), default(PdqHash).WithBitFlipped(255).ToString());
    }

    [Fact]
    public void Word_EachIndex_IsFourDigitsFromTheEnd() => AnyHash.Sample(hash =>
    {
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal(hash.ToString().Substring(4 * (15 - i), 4), hash.Word(i).ToString("x4"));
        }
    });

    [Theory]
    [InlineData("", "64 hexadecimal digits")]
    [InlineData("d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b2", "has 63 characters")]
    [InlineData("d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b221", "has 65 characters")]
    [InlineData("d8f8f0cce0f4A84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22", "character 13 is upper case")]
    [InlineData("d8f8f0cce0f4g84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22", "character 13 is none")]
    [InlineData(" 8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22", "character 1 is none")]
    [InlineData("０8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22", "character 1 is none")]
    public void TryParse_BadText_SaysWhatIsWrong(string text, string expected)
    {
        Assert.False(PdqHash.TryParse(text, out var hash, out var error));
        Assert.Equal(default, hash);
        Assert.Contains(expected, error);
    }

    [Fact]
    public void TryParse_AnyText_NeverThrows() =>
        Gen.String.Sample(text => PdqHash.TryParse(text, out _, out var error) == (error is null));

    [Fact]
    public void Distance_AnyPair_CountsDifferentBits() => Gen.Select(AnyHash, AnyHash).Sample((a, b) =>
    {
        byte[] x = new byte[32], y = new byte[32];
        a.CopyTo(x);
        b.CopyTo(y);
        var expected = x.Zip(y, (p, q) => byte.PopCount((byte)(p ^ q))).Sum(count => count);
        Assert.Equal(expected, a.Distance(b));
        Assert.Equal(expected, b.Distance(a));
        Assert.Equal(0, a.Distance(a));
        Assert.Equal(a == b, expected == 0);
    });

    [Fact]
    public void IsWithin_AnyLimit_AgreesWithDistance() =>
        Gen.Select(AnyHash, Gen.Int[0, 255].Array[0, 80], Gen.Int[0, 256]).Sample((a, bits, limit) =>
        {
            var b = bits.Aggregate(a, (hash, bit) => hash.WithBitFlipped(bit));
            Assert.Equal(a.Distance(b) <= limit, a.IsWithin(b, limit, out var distance));
            Assert.True(a.Distance(b) > limit || distance == a.Distance(b));
        });

    [Fact]
    public void Constructor_WrongLength_Throws()
    {
        Assert.Throws<ArgumentException>(() => new PdqHash(new byte[31]));
        Assert.Throws<ArgumentException>(() => default(PdqHash).CopyTo(new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(PdqHash).Word(16));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(PdqHash).Word(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(PdqHash).WithBitFlipped(256));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(PdqHash).WithBitFlipped(-1));
    }
}
