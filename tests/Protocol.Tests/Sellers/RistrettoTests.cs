using System.Numerics;
using CsCheck;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers;

public class RistrettoTests
{
    private static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", null);

    internal static Gen<byte[]> Wide { get; } = Gen.Byte.Array[RistrettoScalar.WideSize];

    internal static Gen<RistrettoScalar> Scalars { get; } =
        Wide.Select(wide => RistrettoScalar.Reduce(wide)).Where(scalar => !scalar.IsZero);

    // RFC 9496 appendix A.1: the generator and its double.
    [Theory]
    [InlineData(1, "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")]
    [InlineData(2, "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919")]
    public void MultiplyBase_SmallMultiple_GivesThePublishedEncoding(ulong factor, string encoding)
    {
        Assert.Equal(encoding, RistrettoPoint.MultiplyBase(RistrettoScalar.FromUInt64(factor)).ToString());
    }

    // RFC 9496 appendix A.2: non-canonical, negative, not a square, negative xy, y = 0; and the identity.
    [Theory]
    [InlineData("00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "canonical")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical")]
    [InlineData("f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000", "canonical")]
    [InlineData("01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical")]
    [InlineData("ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20", "canonical")]
    [InlineData("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371", "canonical")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "identity")]
    [InlineData("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d", "32 bytes")]
    [InlineData("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d7600", "32 bytes")]
    [InlineData("", "32 bytes")]
    public void TryDecode_BadPoint_IsRefusedWithTheReason(string encoding, string reason)
    {
        Assert.False(RistrettoPoint.TryDecode(Convert.FromHexString(encoding), out var point, out var error));
        Assert.True(point.IsIdentity);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryDecode_ArbitraryBytes_AcceptsOnlyWhatItWritesBack()
    {
        Gen.Byte.Array[RistrettoPoint.Size].Sample(bytes =>
        {
            if (RistrettoPoint.TryDecode(bytes, out var point, out _))
            {
                Assert.Equal(bytes, point.ToArray());
            }
        });
    }

    [Fact]
    public void TryDecodeScalar_AroundTheOrder_AcceptsExactlyWhatIsBelow()
    {
        Assert.True(RistrettoScalar.TryDecode(Encode(BigInteger.Zero), out var zero, out _) && zero.IsZero);
        Assert.True(RistrettoScalar.TryDecode(Encode(Order - 1), out _, out _));
        Assert.False(RistrettoScalar.TryDecode(Encode(Order), out _, out var error));
        Assert.Contains("below the group order", error, StringComparison.Ordinal);
        Assert.False(RistrettoScalar.TryDecode(Encode(Order + 1), out _, out _));
        Assert.False(RistrettoScalar.TryDecode(Encode(BigInteger.Pow(2, 256) - 1), out _, out _));
        Assert.False(RistrettoScalar.TryDecode(new byte[31], out _, out _));
        Assert.False(RistrettoScalar.TryDecode(new byte[33], out _, out _));
    }

    [Fact]
    public void TryDecodeScalar_ArbitraryBytes_AgreesWithBigIntegers()
    {
        // Small top bytes, so that both sides of the order are met.
        Gen.Select(Gen.Byte.Array[31], Gen.Byte[0, 0x12]).Sample((low, top) =>
        {
            byte[] bytes = [.. low, top];
            var below = new BigInteger(bytes, isUnsigned: true) < Order;
            Assert.Equal(below, RistrettoScalar.TryDecode(bytes, out _, out _));
        });
    }

    [Fact]
    public void Scalars_Arithmetic_AgreesWithBigIntegers()
    {
        Gen.Select(Wide, Wide).Sample((x, y) =>
        {
            var (a, b) = (new BigInteger(x, isUnsigned: true) % Order, new BigInteger(y, isUnsigned: true) % Order);
            var (left, right) = (RistrettoScalar.Reduce(x), RistrettoScalar.Reduce(y));
            Assert.Equal(Encode((a + b) % Order), RistrettoScalar.Add(in left, in right).ToArray());
            Assert.Equal(Encode((a - b + Order) % Order), RistrettoScalar.Subtract(in left, in right).ToArray());
            Assert.Equal(Encode(a * b % Order), RistrettoScalar.Multiply(in left, in right).ToArray());
        });
    }

    [Fact]
    public void Points_Arithmetic_FollowsTheScalars()
    {
        Gen.Select(Scalars, Scalars).Sample(
            (a, b) =>
            {
                var (left, right) = (RistrettoPoint.MultiplyBase(in a), RistrettoPoint.MultiplyBase(in b));
                var (sum, product) = (RistrettoScalar.Add(in a, in b), RistrettoScalar.Multiply(in a, in b));
                var inverse = RistrettoScalar.Invert(in b);
                var both = RistrettoPoint.Multiply(in a, in right);

                Assert.Equal(RistrettoPoint.MultiplyBase(in sum), RistrettoPoint.Add(in left, in right));
                Assert.Equal(left, RistrettoPoint.Subtract(RistrettoPoint.Add(in left, in right), in right));
                Assert.Equal(RistrettoPoint.MultiplyBase(in product), both);
                Assert.Equal(left, RistrettoPoint.Multiply(in inverse, in both));
                Assert.True(RistrettoPoint.Subtract(in left, in left).IsIdentity);
            },
            iter: 50);
    }

    // What t-of-n holders will need: shares of a key interpolate to exactly what the whole key gives.
    [Fact]
    public void Shares_TwoOfThree_InterpolateToTheWholeKeysResult()
    {
        Gen.Select(Scalars, Scalars, Wide).Sample(
            (key, slope, wide) =>
            {
                var element = RistrettoPoint.FromUniformBytes(wide);
                var shares = new[] { 1ul, 3ul }.Select(x => Multiply(Share(key, slope, x), element)).ToArray();

                // Lagrange at 0 over 1 and 3: 3/2 and -1/2.
                var half = RistrettoScalar.Invert(RistrettoScalar.FromUInt64(2));
                var three = RistrettoScalar.Multiply(RistrettoScalar.FromUInt64(3), in half);
                var minus = RistrettoScalar.Subtract(default, in half);
                var combined = RistrettoPoint.Add(Multiply(three, shares[0]), Multiply(minus, shares[1]));

                Assert.Equal(Multiply(key, element), combined);
            },
            iter: 50);
    }

    [Fact]
    public void Multiply_ZeroOrIdentity_IsRefused()
    {
        var one = RistrettoScalar.FromUInt64(1);
        var generator = RistrettoPoint.MultiplyBase(in one);

        Assert.False(RistrettoPoint.TryMultiply(default, in generator, out _));
        Assert.False(RistrettoPoint.TryMultiply(in one, default, out _));
        Assert.False(RistrettoPoint.TryMultiplyBase(default, out _));
        Assert.Throws<ArgumentException>(() => RistrettoPoint.Multiply(default, default));
        Assert.Throws<ArgumentException>(() => RistrettoPoint.MultiplyBase(default));
        Assert.Throws<ArgumentException>(() => RistrettoScalar.Invert(default));
    }

    [Fact]
    public void Scalar_PrintedOrErased_ShowsNothing()
    {
        var scalar = RistrettoScalar.FromUInt64(77);
        Assert.DoesNotContain("4d", scalar.ToString(), StringComparison.Ordinal);
        Assert.Equal(RistrettoScalar.FromUInt64(1).GetHashCode(), scalar.GetHashCode());

        scalar.Erase();

        Assert.True(scalar.IsZero);
    }

    private static RistrettoScalar Share(RistrettoScalar key, RistrettoScalar slope, ulong x)
    {
        var rise = RistrettoScalar.Multiply(in slope, RistrettoScalar.FromUInt64(x));
        return RistrettoScalar.Add(in key, in rise);
    }

    private static RistrettoPoint Multiply(RistrettoScalar scalar, RistrettoPoint point) =>
        RistrettoPoint.Multiply(in scalar, in point);

    private static byte[] Encode(BigInteger value)
    {
        var bytes = new byte[RistrettoScalar.Size];
        value.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        return bytes;
    }
}
