using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Protocol;

namespace FederationNode.Node.Peers;

/// <summary>What both ends of a link between peers demand of TLS. docs/protocol.md, section 10.</summary>
internal static class PeerTls
{
    /// <summary>The only version.</summary>
    public const SslProtocols Version = SslProtocols.Tls13;

    /// <summary>
    /// A chain is built before the pin is looked at, though nothing is made of it: it must at least fetch nothing from
    /// addresses that a stranger's certificate names.
    /// </summary>
    public static X509ChainPolicy ChainPolicy() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    /// <summary>How a node dials: TLS 1.3, its own certificate, and nobody but the holder of the pinned key.</summary>
    public static SslClientAuthenticationOptions ClientOptions(PeerCertificate own, Hash256 pin) => new()
    {
        EnabledSslProtocols = Version,
        ClientCertificateContext = SslStreamCertificateContext.Create(own.Certificate, null, offline: true),
        CertificateChainPolicy = ChainPolicy(),
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is X509Certificate2 presented && PeerCertificate.PinOf(presented) == pin,
    };
}
