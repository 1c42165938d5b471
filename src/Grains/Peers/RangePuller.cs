using System.Threading.Channels;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Peers;

/// <summary>
/// Fetches what other nodes hold and this one lacks: at most a few logs at a time, one pull a log, range by range, each
/// verified and durable before the next. Wishes for the same log are merged, so the queue is never longer than the
/// number of logs. Where a peer fails, the next one that claims to have the log is asked.
/// </summary>
public sealed partial class RangePuller(
    IGrainFactory grains,
    IPeerTransport transport,
    HeadBoard heads,
    PeerOptions options,
    ILogger<RangePuller> logger) : BackgroundService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Wish> _wishes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);
    private readonly Channel<string> _ready = Channel.CreateUnbounded<string>();

    /// <summary>Asks for a log up to a size that a peer claims to hold. Returns at once.</summary>
    public void Request(string origin, string member, long size)
    {
        lock (_lock)
        {
            if (!_wishes.TryGetValue(origin, out var wish))
            {
                _wishes[origin] = wish = new Wish();
                if (!_running.Contains(origin))
                {
                    _ready.Writer.TryWrite(origin);
                }
            }

            wish.Claims[member] = size;
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, options.MaxConcurrentPulls).Select(_ => WorkAsync(stoppingToken)));

    private async Task WorkAsync(CancellationToken stopping)
    {
        await foreach (var origin in _ready.Reader.ReadAllAsync(stopping))
        {
            Wish? wish;
            lock (_lock)
            {
                if (!_wishes.Remove(origin, out wish))
                {
                    continue;
                }

                _running.Add(origin);
            }

            try
            {
                await PullAsync(origin, wish, stopping);
            }
            finally
            {
                Finish(origin);
            }
        }
    }

    private void Finish(string origin)
    {
        lock (_lock)
        {
            _running.Remove(origin);
            if (_wishes.ContainsKey(origin))
            {
                _ready.Writer.TryWrite(origin);
            }
        }
    }

    private async Task PullAsync(string origin, Wish wish, CancellationToken stopping)
    {
        // The largest claim first; a claim is only a hint, so a liar costs one request.
        foreach (var (member, size) in wish.Claims.OrderByDescending(c => c.Value))
        {
            try
            {
                if (await PullFromAsync(origin, member, size, stopping))
                {
                    return;
                }
            }
            catch (CorruptStateException)
            {
                // The stored log is damaged here, which was said; no peer can help with that.
                return;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // One peer's or log's trouble must neither end the worker nor keep the other peers from being asked.
                LogFailed(origin, member, failure);
            }
        }
    }

    /// <summary>Pulls until the claimed size is reached; false if this peer was of no use.</summary>
    private async Task<bool> PullFromAsync(string origin, string member, long size, CancellationToken stopping)
    {
        var log = grains.GetGrain<IMemberLogGrain>(origin);
        var held = (heads.Get(origin) ?? await log.GetStatusAsync()) is { } status
            ? (status.SignedSize >= size ? status.SignedSize : status.Size)
            : 0;
        while (held < size || (heads.Get(origin)?.SignedSize ?? 0) < size)
        {
            var (range, error) = await FetchAsync(origin, member, held, stopping);
            if (range is null)
            {
                LogUnhelpful(member, origin, error!);
                return false;
            }

            var result = await log.ExtendAsync(range);
            if (result.Outcome is not (ExtendOutcome.Extended or ExtendOutcome.AlreadyHeld))
            {
                LogUnhelpful(member, origin, result.Error ?? result.Outcome.ToString());
                return false;
            }

            if (result.Size == held && result.Outcome is ExtendOutcome.AlreadyHeld)
            {
                // It has no more than this, whatever it claimed.
                return false;
            }

            held = result.Size;
        }

        return true;
    }

    private async Task<(LogRange? Range, string? Error)> FetchAsync(
        string origin, string member, long from, CancellationToken stopping)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        cancel.CancelAfter(options.RangeTimeout);
        try
        {
            var message = await transport.GetRangeAsync(
                member,
                new RangeRequestMessage
                {
                    Origin = origin,
                    From = from,
                    MaxEntries = Limits.MaxRangeEntries,
                    MaxBytes = Limits.MaxRangeBytes,
                },
                cancel.Token);
            var range = PeerWire.FromMessage(message);

            // A peer that has less answers with its head alone, which may be just what a broken-off transfer lacks.
            return range is null ? (null, "the range is malformed")
                : range.From != from && range.Entries.Count > 0
                    ? (null, $"asked for entries from {from}, got entries from {range.From}")
                : (range, null);
        }
        catch (PeerException failure)
        {
            return (null, failure.Message);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return (null, $"no answer within {options.RangeTimeout.TotalSeconds:0} s");
        }
    }

    /// <summary>Who claims to hold how much of a log.</summary>
    private sealed class Wish
    {
        public Dictionary<string, long> Claims { get; } = new(StringComparer.Ordinal);
    }

    [LoggerMessage(1, LogLevel.Warning, "Pulling {Origin} from {Member} failed; it is tried again after the next comparison of heads.")]
    private partial void LogFailed(string origin, string member, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "{Member} could not help with {Origin}: {Error}")]
    private partial void LogUnhelpful(string member, string origin, string error);
}
