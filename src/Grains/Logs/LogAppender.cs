using System.Collections.Concurrent;
using System.Threading.Channels;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;

namespace FederationNode.Grains.Logs;

/// <summary>
/// Group commit: while one durable write of a log is under way, requests gather, and the next write takes them all. One
/// queue a log, bounded; a full queue makes publishers wait. Safe from any thread.
/// </summary>
public sealed class LogAppender(IGrainFactory grains) : IAsyncDisposable
{
    private const int MaxQueued = 8192;

    private readonly ConcurrentDictionary<string, Lazy<LogQueue>> _queues = new(StringComparer.Ordinal);

    /// <summary>
    /// Appends the entries of one request. When it returns without a refusal, they are durable and signed.
    /// </summary>
    /// <param name="origin">An own log.</param>
    /// <param name="request">The entries.</param>
    /// <param name="cancellationToken">Stops the waiting; the entries may be appended all the same.</param>
    public async Task<AppendResult> AppendAsync(string origin, AppendRequest request, CancellationToken cancellationToken = default)
    {
        var queue = _queues.GetOrAdd(origin, o => new Lazy<LogQueue>(() => new LogQueue(grains, o))).Value;
        return await queue.EnqueueAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var queue in _queues.Values.Where(q => q.IsValueCreated))
        {
            await queue.Value.CloseAsync();
        }
    }

    private sealed class LogQueue
    {
        // Two queues: what is urgent goes into a batch of its own, before all that is not.
        private readonly Channel<Waiting> _urgent = Channel.CreateBounded<Waiting>(MaxQueued);
        private readonly Channel<Waiting> _bulk = Channel.CreateBounded<Waiting>(MaxQueued);
        private readonly IMemberLogGrain _log;
        private readonly Task _loop;

        public LogQueue(IGrainFactory grains, string origin)
        {
            _log = grains.GetGrain<IMemberLogGrain>(origin);
            _loop = Task.Run(DrainAsync);
        }

        public async Task<AppendResult> EnqueueAsync(AppendRequest request, CancellationToken cancellationToken)
        {
            var waiting = new Waiting(request);
            await (request.GoesFirst ? _urgent : _bulk).Writer.WriteAsync(waiting, cancellationToken);
            return await waiting.Done.Task.WaitAsync(cancellationToken);
        }

        public async Task CloseAsync()
        {
            _urgent.Writer.TryComplete();
            _bulk.Writer.TryComplete();
            await _loop;
        }

        private async Task DrainAsync()
        {
            var batch = new List<Waiting>();
            var urgent = _urgent.Reader.WaitToReadAsync().AsTask();
            var bulk = _bulk.Reader.WaitToReadAsync().AsTask();
            while (true)
            {
                await Task.WhenAny(urgent, bulk);
                if (urgent.IsCompleted && bulk.IsCompleted && !await urgent && !await bulk)
                {
                    return;
                }

                Fill(batch, _urgent.Reader, Limits.MaxUrgentEntries);
                if (batch.Count == 0)
                {
                    Fill(batch, _bulk.Reader, Limits.MaxAppendEntries);
                }

                if (batch.Count > 0)
                {
                    await AppendBatchAsync(batch);
                    batch.Clear();
                }

                // A wait that goes on is kept: each new one would stay in the queue's list until something comes.
                urgent = urgent.IsCompleted ? _urgent.Reader.WaitToReadAsync().AsTask() : urgent;
                bulk = bulk.IsCompleted ? _bulk.Reader.WaitToReadAsync().AsTask() : bulk;
            }
        }

        private static void Fill(List<Waiting> batch, ChannelReader<Waiting> queue, int most)
        {
            var entries = 0;
            while (queue.TryPeek(out var next) && (entries == 0 || entries + next.Request.Entries.Count <= most)
                && queue.TryRead(out next))
            {
                entries += next.Request.Entries.Count;
                batch.Add(next);
            }
        }

        private async Task AppendBatchAsync(List<Waiting> batch)
        {
            try
            {
                var results = await _log.AppendAsync([.. batch.Select(w => w.Request)]);
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].Done.TrySetResult(results[i]);
                }
            }
            catch (Exception failure)
            {
                // Every waiter gets it: nobody is told that the entries are durable.
                foreach (var waiting in batch)
                {
                    waiting.Done.TrySetException(failure);
                }
            }
        }
    }

    private sealed record Waiting(AppendRequest Request)
    {
        public TaskCompletionSource<AppendResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
