using CsCheck;
using FederationNode.Protocol.Keys;
using Xunit;

namespace FederationNode.Protocol.Tests.Keys;

public sealed class SigningKeyTests
{
    // RFC 8032 section 7.1, test 1 (empty message).
    private const string Seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    private const string PublicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    private const string Signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    [Fact]
    public void FromSeed_Rfc8032Vector_GivesItsKeyAndSignature()
    {
        using var key = SigningKey.FromSeed("rfc8032", Convert.FromHexString(Seed));

        Assert.Equal(PublicKey, Convert.ToHexStringLower(key.VerificationKey.PublicKey));
        Assert.Equal(Signature, Convert.ToHexStringLower(key.Sign([])));
    }

    [Fact]
    public void Sign_AnyMessage_VerifiesAndAnyFlippedBitDoesNot()
    {
        using var key = TestKeys.Signing("a");
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 511]).Sample((message, bit) =>
        {
            var signature = key.Sign(message);
            var good = key.VerificationKey.Verify(message, signature);
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            return good && !key.VerificationKey.Verify(message, signature);
        });
    }

    [Fact]
    public void ExportText_ReadBack_IsTheSameKey()
    {
        using var key = TestKeys.Signing("coalition/member/indicators/1", 7);
        var text = key.ExportText();

        Assert.StartsWith("PRIVATE+KEY+coalition/member/indicators/1+", text, StringComparison.Ordinal);
        Assert.True(SigningKey.TryParse(text, out var again, out var error), error);
        using (again)
        {
            Assert.Equal(key.VerificationKey, again.VerificationKey);
            Assert.Equal(key.Sign("m"u8), again.Sign("m"u8));
        }
    }

    [Fact]
    public void ExportText_KeyIdAndPayload_AreTheDocumentedBytes()
    {
        using var key = SigningKey.FromSeed("a", Convert.FromHexString(Seed));

        var expected = Convert.ToBase64String(Convert.FromHexString("01" + Seed));
        Assert.Equal($"PRIVATE+KEY+a+{key.VerificationKey.KeyId:x8}+{expected}", key.ExportText());
    }

    [Fact]
    public void TryParse_AnyChangedCharacter_IsRefused()
    {
        using var key = TestKeys.Signing("a");
        var text = key.ExportText();
        Gen.Select(Gen.Int[0, text.Length - 1], Gen.Char[(char)33, (char)126]).Sample((at, c) =>
        {
            var changed = text.ToCharArray();
            changed[at] = c;
            return c == text[at] || (!SigningKey.TryParse(changed, out _, out var error) && error.Length > 0);
        });
    }

    [Fact]
    public void TryParse_PublicKeyText_IsRefused()
    {
        using var key = TestKeys.Signing("a");

        Assert.False(SigningKey.TryParse(key.VerificationKey.ToString(), out _, out var error));
        Assert.Contains("PRIVATE+KEY", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_NeverShowsTheSecret()
    {
        using var key = TestKeys.Signing("a");

        Assert.Equal(key.VerificationKey.ToString(), key.ToString());
    }

    [Fact]
    public void Sign_AfterDispose_Throws()
    {
        var key = TestKeys.Signing("a");
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Sign("m"u8));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(64)]
    public void FromSeed_WrongLength_Throws(int length) =>
        Assert.Throws<ArgumentException>(() => SigningKey.FromSeed("a", new byte[length]));
}
