using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CsCheck;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Tests.Keys;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Notes;

public sealed class SignedNoteTests : IDisposable
{
    private readonly SigningKey _alice = TestKeys.Signing("alice", 1);
    private readonly SigningKey _bob = TestKeys.Signing("bob.example/象", 2);
    private readonly SigningKey _mirror = TestKeys.Signing("mirror", 3);

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
        _mirror.Dispose();
    }

    [Fact]
    public void TryVerify_Vectors_AsLabelled()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("tlog", "notes.json")));
        var run = 0;
        foreach (var c in cases.RootElement.EnumerateArray())
        {
            var key = VerificationKey.Parse(c.GetProperty("vkey").GetString());
            var bytes = Encoding.UTF8.GetBytes(c.GetProperty("note").GetString()!);
            Assert.Equal(c.GetProperty("valid").GetBoolean(), Verifies(bytes, key));
            run++;
        }

        Assert.Equal(2, run);
    }

    [Fact]
    public void Sign_AnyText_RoundTrips()
    {
        var lines = Gen.String[Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['一', '龥']), 0, 20];
        Gen.Select(lines.Array[1, 6], Gen.Int[0, 3]).Sample((parts, emptyAt) =>
        {
            var text = string.Concat(parts.Select((p, i) => i == emptyAt ? "\n" : p + "\n"));
            var note = Parse(SignedNote.Sign(text, _alice, _bob));
            Assert.Equal(text, note.Text);
            Assert.Equal(["alice", "bob.example/象"], note.Signatures.Select(s => s.Name));
            Assert.True(note.TryVerify([_bob.VerificationKey, _alice.VerificationKey], out var good, out _));
            Assert.Equal([_alice.VerificationKey, _bob.VerificationKey], good);
        });
    }

    [Fact]
    public void TryVerify_AnyFlippedBit_IsRefused()
    {
        var note = SignedNote.Sign("first line\n\nthird line 象\n", _alice);
        Assert.True(Verifies(note, _alice.VerificationKey));
        for (var bit = 0; bit < note.Length * 8; bit++)
        {
            var changed = (byte[])note.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Verifies(changed, _alice.VerificationKey), $"bit {bit}");
        }
    }

    [Fact]
    public void TryVerify_AnyChangedBytes_NeverGivesAnotherText()
    {
        const string Text = "first line\n\nthird line\n";
        var note = SignedNote.Sign(Text, _alice, _bob);
        Hostile.Bytes(note).Sample(bytes =>
            !SignedNote.TryParse(bytes, out var parsed, out _)
            || !parsed.TryVerify([_alice.VerificationKey], out _, out _)
            || parsed.Text == Text);
    }

    [Fact]
    public void TryParse_HostileBytes_NeverThrowsAndAllocatesLittle()
    {
        var note = SignedNote.Sign("first line\n", _alice, _bob);
        Hostile.Bytes(note).Sample(bytes => Hostile.AssertBoundedAllocation(
            bytes.Length, () => Assert.True(SignedNote.TryParse(bytes, out _, out var error) || error.Length > 0)));
    }

    [Fact]
    public void TryVerify_UnknownSignatures_AreIgnored()
    {
        var note = Parse(SignedNote.Sign("text\n", _bob, _alice, _mirror));

        Assert.True(note.TryVerify([_alice.VerificationKey], out var good, out _));
        Assert.Equal(_alice.VerificationKey, Assert.Single(good));
    }

    [Fact]
    public void TryVerify_NoKnownKey_IsRefused()
    {
        var note = Parse(SignedNote.Sign("text\n", _bob));

        Assert.False(note.TryVerify([_alice.VerificationKey], out _, out var error));
        Assert.Contains("No known key", error, StringComparison.Ordinal);
        Assert.False(note.TryVerify([], out _, out _));
    }

    [Fact]
    public void TryVerify_OneGoodAndOneBadKnownSignature_RefusesTheNote()
    {
        var good = Encoding.UTF8.GetString(SignedNote.Sign("text\n", _alice));
        var other = Encoding.UTF8.GetString(SignedNote.Sign("other\n", _bob));
        var note = Parse(Encoding.UTF8.GetBytes(good + other["other\n\n".Length..]));

        Assert.True(note.TryVerify([_alice.VerificationKey], out _, out _));
        Assert.False(note.TryVerify([_alice.VerificationKey, _bob.VerificationKey], out _, out var error));
        Assert.Contains("is bad", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryVerify_SameKeyTwice_CountsOnce()
    {
        var note = Parse(SignedNote.Sign("text\n", _alice, _alice));

        Assert.Equal(2, note.Signatures.Length);
        Assert.True(note.TryVerify([_alice.VerificationKey, _alice.VerificationKey], out var good, out _));
        Assert.Single(good);
    }

    [Fact]
    public void TryVerify_Cosignature_CoversTimeAndText()
    {
        var key = TestKeys.AsCosigner(_mirror);
        var message = "cosignature/v1\ntime 1700000000\norigin\n1\nroot\n"u8.ToArray();
        var note = Cosigned("origin\n1\nroot\n", key, 1700000000, _mirror.Sign(message));

        Assert.True(Parse(note).TryVerify([key], out var good, out _));
        Assert.Equal(key, Assert.Single(good));
        Assert.False(Verifies(Cosigned("origin\n1\nroot\n", key, 1700000001, _mirror.Sign(message)), key));
        Assert.False(Verifies(Cosigned("origin\n2\nroot\n", key, 1700000000, _mirror.Sign(message)), key));
    }

    [Fact]
    public void TryVerify_CosignatureTimeBeyondRange_IsRefused()
    {
        var key = TestKeys.AsCosigner(_mirror);
        var message = "cosignature/v1\ntime 9223372036854775808\ntext\n"u8.ToArray();

        Assert.False(Verifies(Cosigned("text\n", key, 1UL << 63, _mirror.Sign(message)), key));
    }

    [Fact]
    public void TryVerify_PlainSignatureUnderCosignatureKey_IsRefused()
    {
        var key = TestKeys.AsCosigner(_mirror);
        var line = Line(key.Name, key.KeyId, _mirror.Sign("text\n"u8));

        Assert.False(Verifies(Encoding.UTF8.GetBytes("text\n\n" + line), key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=")]
    [InlineData("text\n\n- a AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a\n")]
    [InlineData("text\n\n\u2014 a \n")]
    [InlineData("text\n\n\u2014  AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a  AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA= \n")]
    [InlineData("text\n\n\u2014 a AAAAAAA\n")]
    [InlineData("text\n\n\u2014 a AAAAAAB=\n")]
    [InlineData("text\n\n\u2014 a AAAAAA==\n")]
    [InlineData("text\n\n\u2014 a+b AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a\u00a0b AAAAAAA=\n")]
    [InlineData("text\r\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("te\txt\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=\r\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=\n\n")]
    public void TryParse_MalformedNote_SaysWhy(string note)
    {
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out var parsed, out var error));
        Assert.Null(parsed);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryParse_SmallestSignature_IsAccepted() =>
        Assert.Equal(1, Assert.Single(Parse("text\n\n\u2014 a AAAAAAA=\n"u8).Signatures).Signature.Length);

    [Fact]
    public void TryParse_InvalidUtf8_IsRefused()
    {
        byte[] note = [.. "te"u8, 0xff, .. "xt\n\n\u2014 a AAAAAAA=\n"u8];

        Assert.False(SignedNote.TryParse(note, out _, out var error));
        Assert.Contains("UTF-8", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_HundredSignatures_AreReadAndOneMoreIsNot()
    {
        const string SignatureLine = "\u2014 a AAAAAAA=\n";
        var most = "text\n\n" + string.Concat(Enumerable.Repeat(SignatureLine, 100));

        Assert.Equal(100, Parse(Encoding.UTF8.GetBytes(most)).Signatures.Length);
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(most + SignatureLine), out _, out _));
    }

    [Fact]
    public void TryParse_LargerThanTheLimit_IsRefused()
    {
        var note = SignedNote.Sign("text\n", _alice);

        Assert.True(SignedNote.TryParse(note, out _, out _, maxBytes: note.Length));
        Assert.False(SignedNote.TryParse(note, out _, out var error, maxBytes: note.Length - 1));
        Assert.Contains($"at most {note.Length - 1}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no newline")]
    [InlineData("tab\t\n")]
    public void Sign_TextThatNotesCannotCarry_Throws(string text) =>
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(text, _alice));

    [Fact]
    public void Sign_WithoutKeys_Throws() => Assert.Throws<ArgumentException>(() => SignedNote.Sign("text\n"));

    private static SignedNote Parse(ReadOnlySpan<byte> bytes)
    {
        Assert.True(SignedNote.TryParse(bytes, out var note, out var error), error);
        return note;
    }

    private static bool Verifies(byte[] bytes, VerificationKey key) =>
        SignedNote.TryParse(bytes, out var note, out _) && note.TryVerify([key], out _, out _);

    private static byte[] Cosigned(string text, VerificationKey key, ulong time, byte[] signature)
    {
        var blob = new byte[72];
        BinaryPrimitives.WriteUInt64BigEndian(blob, time);
        signature.CopyTo(blob, 8);
        return Encoding.UTF8.GetBytes(text + "\n" + Line(key.Name, key.KeyId, blob));
    }

    private static string Line(string name, uint keyId, byte[] blob)
    {
        var bytes = new byte[4 + blob.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, keyId);
        blob.CopyTo(bytes, 4);
        return $"\u2014 {name} {Convert.ToBase64String(bytes)}\n";
    }
}
