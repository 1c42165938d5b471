using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using MessagePack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;

namespace FederationNode.Node.Tests.Peers;

/// <summary>Node "b" with a real listener on a free port, and a transport of node "a" that dials it.</summary>
internal sealed class ListeningNode : IAsyncDisposable
{
    private readonly PeerHost _host;
    private readonly LogLines _lines = new();
    private readonly LoggerFactory _loggers;
    private readonly RowStore _rows = NoStorage.ToRowStore();
    private readonly ListFollower _follower;

    private ListeningNode(ISellerEvaluator? sellers, IPeerTransport? dials)
    {
        Grains = FakeGrains.Make(out var factory);
        Roster = Coalition.BoardOf("b");
        RosterOfA = Coalition.BoardOf("a");
        _loggers = new LoggerFactory([_lines]);
        Tables = new TablesBoard(Clock, _loggers.CreateLogger<TablesBoard>());
        TablesOfA = new TablesBoard(Clock, _loggers.CreateLogger<TablesBoard>());
        Transport = new HttpPeerTransport(RosterOfA, Coalition.A, new PeerTraffic(), TablesOfA);
        var damages = new DamageBoard(_loggers.CreateLogger<DamageBoard>());
        _follower = new ListFollower(
            List,
            factory,
            Coalition.IdentityOf("b"),
            Roster,
            Heads,
            damages,
            TimeProvider.System,
            _loggers.CreateLogger<ListFollower>());
        Replication = new ReplicationDriver(
            factory,
            dials ?? new NoTransport(),
            Coalition.IdentityOf("b"),
            Roster,
            Heads,
            Links,
            _rows,
            damages,
            List,
            _follower,
            new ReplicationOptions(),
            TimeProvider.System,
            _loggers.CreateLogger<ReplicationDriver>());
        var endpoints = new PeerEndpoints(
            factory, Roster, Heads, Replication, Tables, _loggers.CreateLogger<PeerEndpoints>(), sellers ?? new NoShares());
        _host = new PeerHost(
            new PeerHostOptions(new IPEndPoint(IPAddress.Loopback, 0)), Coalition.B, Roster, endpoints, _loggers);
    }

    public PeerCoalition Coalition { get; } = new();

    public FakeGrains Grains { get; }

    public HeadBoard Heads { get; } = new();

    public LinkBoard Links { get; } = new();

    /// <summary>The clock of the boards with what peers say of their tables.</summary>
    public FakeTimeProvider Clock { get; } = new();

    /// <summary>What "b" knows of others' text tables.</summary>
    public TablesBoard Tables { get; }

    /// <summary>What "a" knows of others' text tables.</summary>
    public TablesBoard TablesOfA { get; }

    public MergedList List { get; } = new();

    public RosterBoard Roster { get; }

    public RosterBoard RosterOfA { get; }

    public HttpPeerTransport Transport { get; }

    public ReplicationDriver Replication { get; }

    public IReadOnlyCollection<string> Lines => _lines.All;

    public string Endpoint => $"https://{_host.EndPoint}";

    /// <summary>Starts it.</summary>
    /// <param name="sellers">Evaluates seller tags; without one it holds no shares.</param>
    /// <param name="dials">What it reaches "a" with; without one "a" has no address.</param>
    public static async Task<ListeningNode> StartAsync(ISellerEvaluator? sellers = null, IPeerTransport? dials = null)
    {
        var node = new ListeningNode(sellers, dials);
        await node._host.StartAsync(CancellationToken.None);
        node.Roster.Put(node.Coalition.Roster(node.Endpoint, endpointOfA: dials is null ? "" : "https://127.0.0.1:1"));
        node.RosterOfA.Put(node.Coalition.Roster(node.Endpoint));
        await node.Replication.StartAsync(CancellationToken.None);
        await node.Replication.BeginAsync();
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
        await Replication.StopAsync(CancellationToken.None);
        Replication.Dispose();
        _follower.Dispose();
        _rows.Dispose();
        _loggers.Dispose();
        Coalition.Dispose();
    }
}

/// <summary>A node that holds no shares.</summary>
internal sealed class NoShares : ISellerEvaluator
{
    public Task<Evaluation> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(new Evaluation(EvaluationOutcome.UnknownKey, null, "This node holds no share."));
}

/// <summary>Member "b" dials nobody, unless a test plays a part of "a".</summary>
internal class NoTransport : IPeerTransport
{
    public virtual Task<HeadsAnswer> AskHeadsAsync(
        string member, HeadsQuestion question, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<PushAnswerMessage> PushAsync(
        string member, LogRange range, long size, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public virtual Task<LogRange> GetRangeAsync(
        string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<LogOutline> GetOutlineAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<Hash256> GetLiveAsync(string member, LiveRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<byte[]> GetForkAsync(string member, string origin, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<PushAnswerMessage> PushForkAsync(
        string member, string origin, byte[] proof, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public virtual Task<EvaluatedMessage> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}

/// <summary>Rows that nobody reads or writes: only their health is asked for.</summary>
internal sealed class NoStorage : IGrainStorage
{
    public static RowStore ToRowStore()
    {
        var connection = StorageConnection.Parse("Host=127.0.0.1;Database=never-opened");
        return new RowStore(new NoStorage(), connection.CreateDataSource(), connection);
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException();

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException();

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException();
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
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        All.Enqueue(formatter(state, exception));

    public void Dispose()
    {
    }
}
