using CsCheck;
using FederationNode.Protocol.Keys;
using Xunit;

namespace FederationNode.Protocol.Tests.Keys;

public sealed class VerificationKeyTests
{
    // C2SP signed-note v1.0.0, example.
    private const string Example = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    [Fact]
    public void Parse_ExampleOfTheSpecification_ReadsEveryPart()
    {
        var key = VerificationKey.Parse(Example);

        Assert.Equal("example.com/foo", key.Name);
        Assert.Equal(0x530d903au, key.KeyId);
        Assert.Equal(NoteKeyType.Ed25519, key.Type);
        Assert.Equal(32, key.PublicKey.Length);
        Assert.Equal(Example, key.ToString());
        Assert.Equal(key, VerificationKey.Parse(Example));
    }

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("++")]
    [InlineData("example.com/foo")]
    [InlineData("example.com/foo+530d903a")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2=")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2 ")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n")]
    [InlineData("example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+BgkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void TryParse_MalformedText_SaysWhy(string text)
    {
        Assert.False(VerificationKey.TryParse(text, out var key, out var error));
        Assert.Null(key);
        Assert.NotEmpty(error);
        Assert.Equal(error, Assert.Throws<FormatException>(() => VerificationKey.Parse(text)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    [InlineData("a\u00a0b")]
    [InlineData("a\u3000b")]
    [InlineData("a\u2028b")]
    [InlineData("a\nb")]
    [InlineData("a\u007fb")]
    [InlineData("a\u0085b")]
    public void Create_NameThatNotesCannotCarry_Throws(string name) =>
        Assert.Throws<ArgumentException>(() => VerificationKey.Create(name, NoteKeyType.Ed25519, new byte[32]));

    [Fact]
    public void Create_UnpairedSurrogate_Throws() => Assert.Throws<ArgumentException>(
        () => VerificationKey.Create("a" + (char)0xd800, NoteKeyType.Ed25519, new byte[32]));

    [Fact]
    public void Create_LongestName_IsAcceptedAndOneByteMoreIsNot()
    {
        var name = new string('象', 85);
        var key = VerificationKey.Create(name, NoteKeyType.Cosignature, new byte[32]);

        Assert.Equal(key, VerificationKey.Parse(key.ToString()));
        Assert.Throws<ArgumentException>(
            () => VerificationKey.Create(name + "a", NoteKeyType.Ed25519, new byte[32]));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void Create_WrongKeyLength_Throws(int length) =>
        Assert.Throws<ArgumentException>(() => VerificationKey.Create("a", NoteKeyType.Ed25519, new byte[length]));

    [Fact]
    public void Create_UnknownType_Throws() =>
        Assert.Throws<ArgumentException>(() => VerificationKey.Create("a", (NoteKeyType)6, new byte[32]));

    [Fact]
    public void KeyId_SameKeyOfOtherType_Differs()
    {
        using var signing = TestKeys.Signing("mirror.example.org");
        var cosigner = TestKeys.AsCosigner(signing);

        Assert.NotEqual(signing.VerificationKey.KeyId, cosigner.KeyId);
        Assert.NotEqual(signing.VerificationKey, cosigner);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    public void Verify_WrongSignatureLength_IsFalse(int length)
    {
        using var signing = TestKeys.Signing("a");
        var signature = signing.Sign("m"u8);
        Array.Resize(ref signature, length);

        Assert.False(signing.VerificationKey.Verify("m"u8, signature));
    }

    [Fact]
    public void CheckForEnrolment_KeyMadeFromSeed_Passes()
    {
        using var signing = TestKeys.Signing("a");

        Assert.True(signing.VerificationKey.CheckForEnrolment(out var error), error);
    }

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")] // neutral element
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")] // small order
    [InlineData("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d")] // mixed order
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")] // order 2
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // not canonical
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // not on the curve
    public void CheckForEnrolment_WeakPoint_IsRefused(string publicKey)
    {
        var key = VerificationKey.Create("a", NoteKeyType.Ed25519, Convert.FromHexString(publicKey));

        Assert.False(key.CheckForEnrolment(out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryParse_AnyChangedCharacter_NeverGivesTheSameKey() =>
        Gen.Select(Gen.Int[0, Example.Length - 1], Gen.Char).Sample((at, c) =>
        {
            var changed = Example.ToCharArray();
            changed[at] = c;
            return c == Example[at] || !VerificationKey.TryParse(changed, out var key, out _)
                || !key.PublicKey.SequenceEqual(VerificationKey.Parse(Example).PublicKey);
        });

    [Fact]
    public void TryParse_ArbitraryText_NeverThrows() =>
        Gen.String.Sample(text => VerificationKey.TryParse(text, out _, out _) || true);
}
