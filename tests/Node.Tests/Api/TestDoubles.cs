using System.Collections.Concurrent;
using System.Security.Cryptography;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Sellers;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>Real timers, and a time of day that a test can move.</summary>
internal sealed class TestClock : TimeProvider
{
    private long _offset;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));
}

/// <summary>Peers that hold nothing; reachable or not.</summary>
internal sealed class TestTransport : IPeerTransport
{
    public bool Reachable { get; set; } = true;

    public int RefuseEvaluation { get; set; }

    public EvaluateMessage? Evaluated { get; private set; }

    /// <summary>The key with which the key holder answers.</summary>
    public VoprfSecretKey SellerKey { get; set; } = TestCoalition.TelephoneKey;

    public Task<HeadsAnswer> AskHeadsAsync(
        string member, HeadsQuestion question, CancellationToken cancellationToken) =>
        Answer(member, new HeadsAnswer(default, 1, 1, [], [], null, false, []));

    public Task<PushAnswerMessage> PushAsync(
        string member, LogRange range, long size, CancellationToken cancellationToken) =>
        Answer(member, new PushAnswerMessage { Size = 0, Held = 0 });

    public Task<LogRange> GetRangeAsync(
        string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken) =>
        throw new PeerException(member, "holds nothing") { Status = 404 };

    public Task<LogOutline> GetOutlineAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken) =>
        throw new PeerException(member, "holds nothing") { Status = 404 };

    public Task<Hash256> GetLiveAsync(string member, LiveRequestMessage request, CancellationToken cancellationToken) =>
        throw new PeerException(member, "holds nothing") { Status = 404 };

    public Task<byte[]> GetForkAsync(string member, string origin, CancellationToken cancellationToken) =>
        throw new PeerException(member, "knows of none") { Status = 404 };

    public Task<PushAnswerMessage> PushForkAsync(
        string member, string origin, byte[] proof, CancellationToken cancellationToken) =>
        Answer(member, new PushAnswerMessage { Size = 0, Held = 0 });

    public Task<EvaluatedMessage> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        if (RefuseEvaluation != 0)
        {
            throw new PeerException(member, "refuses") { Status = RefuseEvaluation, RetryAfter = TimeSpan.FromSeconds(77) };
        }

        Evaluated = request;
        Assert.True(
            VoprfServer.TryEvaluate(
                SellerKey, request.Blinded, RandomNumberGenerator.GetBytes(DleqProof.RandomSize), out var evaluation, out var error),
            error);
        return Answer(member, new EvaluatedMessage
        {
            Evaluated = [.. evaluation.Elements.Select(e => e.ToArray())],
            Proof = evaluation.Proof.ToArray(),
        });
    }

    private Task<T> Answer<T>(string member, T answer) =>
        Reachable ? Task.FromResult(answer) : throw new PeerException(member, "is out of reach");
}

/// <summary>Keeps what the program logs, so that a test can look for what must not be in it.</summary>
internal sealed class LogCapture : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Writer(LogCapture capture, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            capture.Lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {exception}");
    }
}
