using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

public sealed class PeerCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Create_ThenLoad_GivesTheSameKey()
    {
        var pin = PeerCertificate.Create(_folder, "demo/a");

        Assert.True(PeerCertificate.TryLoad(_folder, out var loaded, out _));
        using (loaded)
        {
            using var key = loaded.Certificate.GetECDsaPrivateKey()!;
            Assert.Equal(pin, loaded.Pin);
            Assert.Equal("CN=demo/a", loaded.Certificate.Subject);
            Assert.Equal(pin, Hash256.Of(key.ExportSubjectPublicKeyInfo()));
        }
    }

    [Fact]
    public void Create_PrivateKey_IsForTheOwnerOnly()
    {
        PeerCertificate.Create(_folder, "demo/a");

        if (!OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(Path.Combine(_folder, PeerCertificate.KeyFile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        }
    }

    [Fact]
    public void Create_WhereAKeyIs_LeavesItAlone()
    {
        var pin = PeerCertificate.Create(_folder, "demo/a");

        Assert.Throws<IOException>(() => PeerCertificate.Create(_folder, "demo/a"));
        Assert.True(PeerCertificate.TryLoad(_folder, out var loaded, out _));
        Assert.Equal(pin, loaded.Pin);
        loaded.Dispose();
    }

    [Theory]
    [InlineData(PeerCertificate.KeyFile, "garbage")]
    [InlineData(PeerCertificate.CertificateFile, "")]
    public void TryLoad_DamagedFile_SaysSo(string file, string content)
    {
        PeerCertificate.Create(_folder, "demo/a");
        File.WriteAllText(Path.Combine(_folder, file), content);

        Assert.False(PeerCertificate.TryLoad(_folder, out _, out var error));
        Assert.Contains("PEM", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryLoad_KeyOfAnotherCertificate_IsRefused()
    {
        PeerCertificate.Create(_folder, "demo/a");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(Path.Combine(_folder, PeerCertificate.KeyFile), other.ExportPkcs8PrivateKeyPem());

        Assert.False(PeerCertificate.TryLoad(_folder, out _, out _));
    }

    [Fact]
    public void TryLoad_NothingThere_SaysSo()
    {
        Assert.False(PeerCertificate.TryLoad(_folder, out _, out var error));
        Assert.StartsWith("The TLS key cannot be read", error, StringComparison.Ordinal);
    }
}
