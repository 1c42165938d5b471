using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using MessagePack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FederationNode.Node.Tests.Peers;

/// <summary>Node "b" with a real listener on a free port, and a transport of node "a" that dials it.</summary>
internal sealed class ListeningNode : IAsyncDisposable
{
    private readonly PeerHost _host;
    private readonly LogLines _lines = new();
    private readonly LoggerFactory _loggers;

    private ListeningNode(ISellerEvaluator? sellers)
    {
        Grains = FakeGrains.Make(out var factory);
        Roster = Coalition.BoardOf("b");
        RosterOfA = Coalition.BoardOf("a");
        Transport = new HttpPeerTransport(RosterOfA, Coalition.A);
        Puller = new RangePuller(factory, Pulls, Heads, new PeerOptions(), NullLogger<RangePuller>.Instance);
        _loggers = new LoggerFactory([_lines]);
        var endpoints = new PeerEndpoints(
            factory, Roster, Heads, Puller, _loggers.CreateLogger<PeerEndpoints>(), sellers);
        _host = new PeerHost(
            new PeerHostOptions(new IPEndPoint(IPAddress.Loopback, 0)), Coalition.B, Roster, endpoints, _loggers);
    }

    public PeerCoalition Coalition { get; } = new();

    public FakeGrains Grains { get; }

    public HeadBoard Heads { get; } = new();

    public RosterBoard Roster { get; }

    public RosterBoard RosterOfA { get; }

    public HttpPeerTransport Transport { get; }

    public RangePuller Puller { get; }

    public FakePulls Pulls { get; } = new();

    public IReadOnlyCollection<string> Lines => _lines.All;

    public string Endpoint => $"https://{_host.EndPoint}";

    public static async Task<ListeningNode> StartAsync(ISellerEvaluator? sellers = null)
    {
        var node = new ListeningNode(sellers);
        await node._host.StartAsync(CancellationToken.None);
        node.Roster.Put(node.Coalition.Roster(node.Endpoint));
        node.RosterOfA.Put(node.Coalition.Roster(node.Endpoint));
        return node;
    }

    /// <summary>A client that presents and offers what it is told to.</summary>
    public HttpClient Client(
        X509Certificate2? certificate, SslProtocols protocols = SslProtocols.Tls13, Version? version = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.EnabledSslProtocols = protocols;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
            presented is X509Certificate2 server && PeerCertificate.PinOf(server) == Coalition.B.Pin;
        handler.SslOptions.ClientCertificates = certificate is null ? [] : [certificate];
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(Endpoint),
            DefaultRequestVersion = version ?? HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public static HttpContent Body<T>(T message) => Body(MessagePackSerializer.Serialize(message));

    public static HttpContent Body(byte[] bytes)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(PeerRoutes.ContentType);
        return content;
    }

    public async ValueTask DisposeAsync()
    {
        Transport.Dispose();
        await _host.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
        Puller.Dispose();
        _loggers.Dispose();
        Coalition.Dispose();
    }
}

/// <summary>A transport that only tells that it was asked for a range.</summary>
internal sealed class FakePulls : IPeerTransport
{
    public TaskCompletionSource<(string Member, string Origin)> Asked { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<RangeMessage> GetRangeAsync(string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.TrySetResult((member, request.Origin));
        throw new PeerException(member, "enough for the test");
    }

    public Task<SizeMessage> PushAsync(string member, PushMessage push, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<HeadsMessage> ExchangeHeadsAsync(string member, HeadsMessage heads, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<EvaluatedMessage> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>Keeps log lines.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> All { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        All.Enqueue(formatter(state, exception));

    public void Dispose()
    {
    }
}
