using System.Collections.Concurrent;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Peers;

/// <summary>
/// Drives the links: one loop a peer, which pushes new heads of own logs at once and compares heads every two seconds or
/// so. Announcements are merged by log, so a slow peer's backlog is never longer than the number of own logs.
/// </summary>
public sealed partial class PeerTicker(
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    HeadBoard heads,
    PeerOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<PeerTicker> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, Link> _links = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void OnGrew(LogStatus head)
        {
            if (identity.KeyOf(head.Origin) is null)
            {
                return;
            }

            foreach (var link in _links.Values)
            {
                link.Announce(head.Origin);
            }
        }

        heads.Grew += OnGrew;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                KeepLinks(stoppingToken);
                await Task.Delay(options.HeadsInterval, clock, stoppingToken);
            }
        }
        finally
        {
            heads.Grew -= OnGrew;
            await Task.WhenAll(_links.Values.Select(l => l.Loop));
        }
    }

    /// <summary>Starts a loop for each peer that may be dialled and has none, and ends those of peers that left.</summary>
    private void KeepLinks(CancellationToken stopping)
    {
        var wanted = roster.Current is null
            ? [Origin.Secretariat]
            : roster.ActivePeers().Where(p => p.Endpoint.Length > 0).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        wanted.Remove(identity.Member);
        foreach (var (member, link) in _links)
        {
            if (!wanted.Contains(member) && _links.TryRemove(member, out _))
            {
                link.Stop();
            }
        }

        foreach (var member in wanted)
        {
            _links.GetOrAdd(member, m =>
            {
                var link = new Link(stopping);
                link.Loop = Task.Run(() => RunAsync(m, link), CancellationToken.None);
                return link;
            });
        }
    }

    private async Task RunAsync(string member, Link link)
    {
        var peer = grains.GetGrain<IPeerGrain>(member);
        while (!link.Stopped.IsCancellationRequested)
        {
            try
            {
                await peer.CompareHeadsAsync();
                await ServeUntilNextComparisonAsync(peer, link);
            }
            catch (OperationCanceledException) when (link.Stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // A fault of the link's grain must not end the link; the next turn starts afresh.
                LogLinkFailed(member, failure);
                await link.WaitAsync(options.HeadsInterval, clock);
            }
        }
    }

    private async Task ServeUntilNextComparisonAsync(IPeerGrain peer, Link link)
    {
        var jitter = 0.8 + (0.4 * Random.Shared.NextDouble());
        var until = clock.GetUtcNow() + (options.HeadsInterval * jitter);
        while (clock.GetUtcNow() is var now && now < until && !link.Stopped.IsCancellationRequested)
        {
            await link.WaitAsync(until - now, clock);
            foreach (var origin in link.TakeAnnouncements())
            {
                await peer.PushAsync(origin);
            }
        }
    }

    /// <summary>The loop of one peer and what it has yet to announce.</summary>
    private sealed class Link : IDisposable
    {
        private readonly ConcurrentDictionary<string, bool> _pending = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim _signal = new(0, 1);
        private readonly CancellationTokenSource _stop;

        public Link(CancellationToken stopping)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        }

        public CancellationToken Stopped => _stop.Token;

        public Task Loop { get; set; } = Task.CompletedTask;

        public void Announce(string origin)
        {
            _pending[origin] = true;
            try
            {
                _signal.Release();
            }
            catch (SemaphoreFullException)
            {
                // The loop was already told.
            }
        }

        public IReadOnlyList<string> TakeAnnouncements() => [.. _pending.Keys.Where(o => _pending.TryRemove(o, out _))];

        public async Task WaitAsync(TimeSpan atMost, TimeProvider clock)
        {
            using var timeout = new CancellationTokenSource(atMost, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, Stopped);
            try
            {
                await _signal.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!Stopped.IsCancellationRequested)
            {
                // Nothing to announce in this time.
            }
        }

        public void Stop() => _stop.Cancel();

        public void Dispose()
        {
            _stop.Dispose();
            _signal.Dispose();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The link to {Member} failed and starts again.")]
    private partial void LogLinkFailed(string member, Exception failure);
}
