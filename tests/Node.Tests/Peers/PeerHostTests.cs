using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>Who gets in: real TLS on loopback.</summary>
public sealed class PeerHostTests : IAsyncLifetime
{
    private static readonly HeadsQuestion s_question = new(default, 0, 0, [], 0);

    private ListeningNode _node = null!;

    public async Task InitializeAsync() => _node = await ListeningNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Request_BothPinsInTheRoster_IsAnswered()
    {
        var answer = await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        Assert.Empty(answer.Heads);
    }

    [Fact]
    public async Task Request_CertificateLongExpired_IsAnswered()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=whoever", key, HashAlgorithmName.SHA256);
        using var expired = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        _node.Roster.Put(_node.Coalition.Roster(_node.Endpoint, pinOfA: PeerCertificate.PinOf(expired)));
        using var client = _node.Client(expired);

        using var response = await PostHeadsAsync(client);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Handshake_KeyNotInTheRoster_IsEnded()
    {
        using var stranger = PeerCertificate.Generate("demo/a");
        using var client = _node.Client(stranger.Certificate);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostHeadsAsync(client));
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Handshake_NoCertificate_IsEnded()
    {
        using var client = _node.Client(null);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostHeadsAsync(client));
    }

    [Fact]
    public async Task Handshake_SuspendedMember_IsEnded()
    {
        _node.Roster.Put(_node.Coalition.Roster(_node.Endpoint, statusOfA: MemberStatus.Suspended));

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None));

        Assert.Equal(0, failure.Status);
    }

    [Fact]
    public async Task Handshake_Tls12_IsEnded()
    {
        using var old = _node.Client(_node.Coalition.A.Certificate, SslProtocols.Tls12);
        using var current = _node.Client(_node.Coalition.A.Certificate, SslProtocols.Tls12 | SslProtocols.Tls13);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostHeadsAsync(old));
        using var response = await PostHeadsAsync(current);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Request_Http11_IsRefused()
    {
        using var client = _node.Client(_node.Coalition.A.Certificate, version: HttpVersion.Version11);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostHeadsAsync(client));
    }

    [Fact]
    public async Task Request_MemberSuspendedAfterTheHandshake_Is403()
    {
        using var client = _node.Client(_node.Coalition.A.Certificate);
        using var before = await PostHeadsAsync(client);
        _node.Roster.Put(_node.Coalition.Roster(_node.Endpoint, statusOfA: MemberStatus.Suspended));

        using var after = await PostHeadsAsync(client);

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, after.StatusCode);
    }

    [Fact]
    public async Task Dial_ServerWithAnotherKey_IsRefusedByTheClient()
    {
        using var other = PeerCertificate.Generate("demo/b");
        _node.RosterOfA.Put(_node.Coalition.Roster(_node.Endpoint, pinOfB: other.Pin));

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None));

        Assert.Contains("TLS handshake failed", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Dial_AfterTheRosterNamesAnotherKey_NoLongerUsesTheOldConnection()
    {
        await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);
        using var other = PeerCertificate.Generate("demo/b");
        _node.RosterOfA.Put(_node.Coalition.Roster(_node.Endpoint, pinOfB: other.Pin));

        await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None));
        _node.RosterOfA.Put(_node.Coalition.Roster(_node.Endpoint));
        await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);
    }

    [Fact]
    public async Task Dial_MemberWithoutAddress_IsRefused()
    {
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.AskHeadsAsync("c", s_question, CancellationToken.None));

        Assert.Equal("c", failure.Member);
    }

    private static Task<HttpResponseMessage> PostHeadsAsync(HttpClient client) =>
        client.PostAsync(PeerRoutes.Heads, ListeningNode.Body(PeerWire.ToMessage(s_question)));
}
