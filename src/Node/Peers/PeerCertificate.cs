using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Protocol;

namespace FederationNode.Node.Peers;

/// <summary>
/// The node's TLS key towards its peers, for both directions. TLS wants a certificate around the key; names, issuer and
/// dates in it mean nothing: the roster names the key itself, by its pin. docs/protocol.md, section 10.
/// </summary>
public sealed class PeerCertificate : IDisposable
{
    /// <summary>Name of the file with the certificate, PEM.</summary>
    public const string CertificateFile = "peer.crt.pem";

    /// <summary>Name of the file with the private key, PKCS #8 in PEM, mode 0600.</summary>
    public const string KeyFile = "peer.key.pem";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private PeerCertificate(X509Certificate2 certificate)
    {
        Certificate = certificate;
        Pin = PinOf(certificate);
    }

    /// <summary>The certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The pin of its key, as the roster names it.</summary>
    public Hash256 Pin { get; }

    /// <summary>SHA-256 of the certificate's SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).</summary>
    public static Hash256 PinOf(X509Certificate2 certificate) =>
        Hash256.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>
    /// Draws a key on P-256 and signs a certificate for it, valid from 2020 to the end of 9999: what RFC 5280 section
    /// 4.1.2.5 gives to certificates without an end.
    /// </summary>
    /// <param name="name">The common name, for people: <c>&lt;coalition&gt;/&lt;member&gt;</c>.</param>
    public static PeerCertificate Generate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        using var made = request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero));
        return new PeerCertificate(Usable(made));
    }

    /// <summary>Draws a key and writes both files into a folder.</summary>
    /// <param name="folder">Is made if it does not exist.</param>
    /// <param name="name">As in <see cref="Generate"/>.</param>
    /// <returns>The pin, for the roster.</returns>
    /// <exception cref="IOException">As in <see cref="Save"/>.</exception>
    public static Hash256 Create(string folder, string name)
    {
        using var certificate = Generate(name);
        certificate.Save(folder);
        return certificate.Pin;
    }

    /// <summary>Reads the two files of a folder.</summary>
    public static bool TryLoad(
        string folder,
        [NotNullWhen(true)] out PeerCertificate? certificate,
        [NotNullWhen(false)] out string? error)
    {
        certificate = null;
        error = null;
        var (certificateFile, keyFile) = (Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
        try
        {
            using var read = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            certificate = new PeerCertificate(Usable(read));
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = $"The TLS key cannot be read: {failure.Message}";
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            error = $"{certificateFile} and {keyFile} are not a certificate and its key in PEM: {failure.Message}";
        }

        return false;
    }

    /// <summary>Writes the two files, the key first and for the owner only.</summary>
    /// <exception cref="IOException">A file is there already (it is never replaced), or cannot be written.</exception>
    public void Save(string folder)
    {
        using var key = Certificate.GetECDsaPrivateKey()
            ?? throw new InvalidOperationException("The certificate has no ECDSA key.");
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, KeyFile), key.ExportPkcs8PrivateKeyPem(), secret: true);
        Write(Path.Combine(folder, CertificateFile), Certificate.ExportCertificatePem(), secret: false);
    }

    /// <inheritdoc/>
    public void Dispose() => Certificate.Dispose();

    /// <summary>Schannel takes no key that only lives in memory; one out of a PKCS #12 works everywhere.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate) => X509CertificateLoader.LoadPkcs12(
        certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);

    private static void Write(string path, string text, bool secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (secret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        using var writer = new StreamWriter(file);
        writer.Write(text);
        writer.Write('\n');
        writer.Flush();
        file.Flush(flushToDisk: true);
    }
}
