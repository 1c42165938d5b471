using System.Net;
using FederationNode.Contracts;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace FederationNode.Node.Peers;

/// <summary>Where the node listens for peers.</summary>
/// <param name="EndPoint">Address and port; port 0 takes a free one.</param>
public sealed record PeerHostOptions(IPEndPoint EndPoint)
{
    /// <summary>Most connections at the same time. Default 2,048: twice the largest coalition.</summary>
    public int MaxConnections { get; init; } = 2048;
}

/// <summary>
/// The listener for peers: HTTP/2 over TLS 1.3, only for those whose TLS key the roster names. A web server of its own,
/// so that its limits and routes have nothing to do with the local API's.
/// </summary>
public sealed partial class PeerHost(
    PeerHostOptions options,
    PeerCertificate certificate,
    RosterBoard roster,
    PeerEndpoints endpoints,
    ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger<PeerHost>();
    private WebApplication? _app;

    /// <summary>Where it listens, once it was started.</summary>
    public IPEndPoint EndPoint { get; private set; } = options.EndPoint;

    /// <inheritdoc/>
    /// <exception cref="IOException">The port is in use.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, OuterLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(Configure);
        _app = builder.Build();
        endpoints.MapPeerEndpoints(_app);
        await _app.StartAsync(cancellationToken);
        var bound = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        EndPoint = new IPEndPoint(options.EndPoint.Address, new Uri(bound.Addresses.Single()).Port);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(options.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(Tls());
        });

        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.MaxRequestBodySize = Limits.MaxHeadsBody;
        limits.MaxRequestHeaderCount = 32;
        limits.MaxRequestHeadersTotalSize = 8 * 1024;
        limits.MaxRequestLineSize = 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(10));
        limits.Http2.MaxStreamsPerConnection = 16;
        limits.Http2.MaxRequestHeaderFieldSize = 4 * 1024;
        limits.Http2.InitialStreamWindowSize = Limits.MaxPushBody;
        limits.Http2.InitialConnectionWindowSize = Limits.MaxHeadsBody;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    private HttpsConnectionAdapterOptions Tls() => new()
    {
        ServerCertificate = certificate.Certificate,
        SslProtocols = PeerTls.Version,
        HandshakeTimeout = TimeSpan.FromSeconds(5),
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (client, _, _) => IsPeer(PeerCertificate.PinOf(client)),
        OnAuthenticate = (_, tls) =>
        {
            tls.AllowTlsResume = false;
            tls.CertificateChainPolicy = PeerTls.ChainPolicy();
        },
    };

    private bool IsPeer(Hash256 pin)
    {
        var known = roster.PeerByPin(pin) is not null;
        if (!known)
        {
            LogStranger(pin);
        }

        return known;
    }

    [LoggerMessage(1, LogLevel.Debug, "Handshake ended: the roster names no active member with the TLS key {Pin}.")]
    private partial void LogStranger(Hash256 pin);

    /// <summary>The program around this host handles signals and prints what there is to print.</summary>
    private sealed class OuterLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
