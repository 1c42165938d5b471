using System.Collections.Concurrent;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Matching.Policy;
using FederationNode.Node.Tests.Api;
using Microsoft.Extensions.Logging;

namespace FederationNode.Node.Tests.Detector;

/// <summary>A replica that follows a node.</summary>
internal sealed class Following : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenSource _stop = new();
    private readonly Counting _counting;
    private readonly Task _run;

    public Following(
        ApiNode node,
        string? folder = null,
        VerdictPolicy? policy = null,
        HttpMessageHandler? handler = null,
        string? policyFile = null,
        ILogger<FederationReplica>? logger = null)
    {
        Options = new FederationDetectorOptions
        {
            Nodes = [node.Client.BaseAddress!],
            Key = ApiNode.KeyOf(ApiRole.Detector),
            Timeout = TimeSpan.FromSeconds(60),
            Replica = new ReplicaOptions
            {
                Folder = folder,
                Policy = policy,
                PolicyFile = policyFile,
                ReconnectDelay = TimeSpan.FromMilliseconds(10),
            },
        };
        _counting = new Counting(handler ?? new SocketsHttpHandler());
        Replica = new FederationReplica(Options, _counting, node.Clock, logger);
        _run = Replica.RunAsync(_stop.Token);
    }

    public FederationDetectorOptions Options { get; }

    public FederationReplica Replica { get; }

    /// <summary>How often the whole list was asked for.</summary>
    public int Snapshots => _counting.Asked.Count(p => p == ApiRoutes.Snapshot);

    /// <summary>Waits until the replica's list is as wanted.</summary>
    public async Task UntilAsync(Predicate<FederationReplica> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        await Replica.WaitReadyAsync(patience.Token);
        while (true)
        {
            var changed = Replica.ChangedAsync();
            if (wanted(Replica))
            {
                return;
            }

            await Task.WhenAny(changed, _run).WaitAsync(patience.Token);
            if (_run.IsCompleted)
            {
                await _run;
            }
        }
    }

    /// <summary>Waits until something went wrong.</summary>
    public Task UntilErrorAsync() => UntilSeenAsync(replica => replica.Status.LastError is not null);

    /// <summary>Waits until something holds that the replica tells nobody of.</summary>
    public async Task UntilSeenAsync(Predicate<FederationReplica> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds(Replica))
        {
            await Task.Delay(10, patience.Token);
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Replica.Dispose();
        _stop.Dispose();
    }

    private sealed class Counting(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public ConcurrentQueue<string> Asked { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Enqueue(request.RequestUri!.AbsolutePath);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
