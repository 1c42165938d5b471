using System.Text;
using System.Text.Json;
using CsCheck;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Tests.Keys;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Notes;

public sealed class CheckpointTests : IDisposable
{
    private const string Origin = "coalition/member/indicators/1";
    private const string Root = "gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=";
    private const string EmptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    private readonly SigningKey _key = TestKeys.Signing(Origin);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Sign_AnyHead_OpensToTheSame() =>
        Gen.Select(Gen.Long[1, ProtocolLimits.MaxLogSize], Gen.Byte.Array[32]).Sample((size, root) =>
        {
            var checkpoint = new Checkpoint(Origin, size, new Hash256(root));
            var note = checkpoint.Sign(_key);
            Assert.True(Checkpoint.TryOpen(note, _key.VerificationKey, out var opened, out var error), error);
            Assert.Equal(checkpoint, opened);
            Assert.Equal($"{Origin}\n{size}\n{Convert.ToBase64String(root)}\n", checkpoint.ToText());
        });

    [Fact]
    public void TryOpen_AnyFlippedBit_IsRefused()
    {
        var note = new Checkpoint(Origin, 300, Hash256.Of("root"u8)).Sign(_key);
        for (var bit = 0; bit < note.Length * 8; bit++)
        {
            var changed = (byte[])note.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Checkpoint.TryOpen(changed, _key.VerificationKey, out _, out var error), $"bit {bit}");
            Assert.NotEmpty(error);
        }
    }

    [Fact]
    public void TryOpen_HostileBytes_NeverThrowsAndAllocatesLittle()
    {
        var note = new Checkpoint(Origin, 300, Hash256.Of("root"u8)).Sign(_key);
        Hostile.Bytes(note).Sample(bytes => Hostile.AssertBoundedAllocation(bytes.Length, () => Assert.True(
            Checkpoint.TryOpen(bytes, _key.VerificationKey, out _, out var error) || error.Length > 0)));
    }

    [Fact]
    public void TryParse_ForeignCheckpoint_IsRead()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("tlog", "notes.json")));
        var bytes = Encoding.UTF8.GetBytes(cases.RootElement[1].GetProperty("note").GetString()!);

        Assert.True(Checkpoint.TryParse(bytes, out var checkpoint, out var error), error);
        Assert.Equal("rome2026h1.example.org", checkpoint.Origin);
        Assert.Equal(300, checkpoint.Size);
        Assert.Equal(Root, checkpoint.Root.ToBase64());
    }

    [Theory]
    [InlineData("o\n0\n" + EmptyRoot + "\n", 0)]
    [InlineData("o\n1\n" + Root + "\n", 1)]
    [InlineData("o\n1099511627776\n" + Root + "\n", 1099511627776)]
    public void TryParse_SizeInRange_IsRead(string text, long size)
    {
        Assert.True(Checkpoint.TryParse(Noted(text), out var checkpoint, out var error), error);
        Assert.Equal(size, checkpoint.Size);
        Assert.Equal(text, checkpoint.ToText());
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\n\n\n")]
    [InlineData("o\n1\n" + Root + "\n\n")]
    [InlineData("o\n1\n" + Root + "\nextension\n")]
    [InlineData("\n1\n" + Root + "\n")]
    [InlineData("o p\n1\n" + Root + "\n")]
    [InlineData("o+p\n1\n" + Root + "\n")]
    [InlineData("o\n\n" + Root + "\n")]
    [InlineData("o\n01\n" + Root + "\n")]
    [InlineData("o\n00\n" + Root + "\n")]
    [InlineData("o\n+1\n" + Root + "\n")]
    [InlineData("o\n-1\n" + Root + "\n")]
    [InlineData("o\n 1\n" + Root + "\n")]
    [InlineData("o\n1\0\n" + Root + "\n")]
    [InlineData("o\n1.0\n" + Root + "\n")]
    [InlineData("o\n0x1\n" + Root + "\n")]
    [InlineData("o\n١\n" + Root + "\n")]
    [InlineData("o\n1099511627777\n" + Root + "\n")]
    [InlineData("o\n18446744073709551616\n" + Root + "\n")]
    [InlineData("o\n0\n" + Root + "\n")]
    [InlineData("o\n1\n" + Root + " \n")]
    [InlineData("o\n1\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uV=\n")]
    [InlineData("o\n1\ngw31yQrqZZCcEOPrzX-bpy3nJ6QgngTKn8G1m0i62uU=\n")]
    [InlineData("o\n1\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62g==\n")]
    [InlineData("o\r\n1\r\n" + Root + "\r\n")]
    public void TryParse_OtherText_SaysWhy(string text)
    {
        Assert.False(Checkpoint.TryParse(Noted(text), out var checkpoint, out var error));
        Assert.Null(checkpoint);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryOpen_OriginIsNotTheKeysName_IsRefused()
    {
        var note = SignedNote.Sign($"another/log\n1\n{Root}\n", _key);

        Assert.False(Checkpoint.TryOpen(note, _key.VerificationKey, out _, out var error));
        Assert.Contains("another/log", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpen_ExtensionLine_IsRefused()
    {
        var note = SignedNote.Sign($"{Origin}\n1\n{Root}\nextension\n", _key);

        Assert.False(Checkpoint.TryOpen(note, _key.VerificationKey, out _, out _));
    }

    [Fact]
    public void TryOpen_CosignerAlone_IsNotEnough()
    {
        using var other = TestKeys.Signing("mirror", 9);
        var text = new Checkpoint(Origin, 1, Hash256.Of("root"u8)).ToText();

        Assert.False(Checkpoint.TryOpen(SignedNote.Sign(text, other), _key.VerificationKey, out _, out _));
        Assert.True(Checkpoint.TryOpen(SignedNote.Sign(text, other, _key), _key.VerificationKey, out _, out _));
    }

    [Fact]
    public void TryOpen_CosignatureKeyAsLogKey_IsRefused()
    {
        var note = new Checkpoint(Origin, 1, Hash256.Of("root"u8)).Sign(_key);

        Assert.False(Checkpoint.TryOpen(note, TestKeys.AsCosigner(_key), out _, out var error));
        Assert.Contains("cosignatures", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Sign_KeyOfAnotherLog_Throws()
    {
        using var other = TestKeys.Signing("another/log");

        Assert.Throws<ArgumentException>(() => new Checkpoint(Origin, 1, Hash256.Of("root"u8)).Sign(other));
    }

    /// <summary>A note whose signature is not looked at.</summary>
    private static byte[] Noted(string text) => Encoding.UTF8.GetBytes(text + "\n\u2014 o AAAAAAA=\n");
}
