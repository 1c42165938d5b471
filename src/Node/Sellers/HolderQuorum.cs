using FederationNode.Contracts.Peers;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Peers;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>
/// The client's side of keys held in shares: asks as many holders as are needed at the same time, checks each answer against
/// the holder's public share, asks further holders where one is slow, out of reach or wrong, and puts the good answers together.
/// This node's own share is asked first, since that costs nobody anything. No holder is asked twice for a batch. This file: one
/// batch; HolderQuorum.Asking.cs: one holder.
/// </summary>
internal sealed partial class HolderQuorum(
    IPeerTransport transport,
    NodeIdentity identity,
    ISellerEvaluator own,
    HolderBoard board,
    QuorumOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<HolderQuorum> logger) : ISellerTags, IDisposable
{
    private readonly SemaphoreSlim _places = new(options.AtOnce);
    private int _turn = Random.Shared.Next(SharedKey.MaxHolders);

    /// <inheritdoc/>
    public async Task<SellerEvaluation> EvaluateAsync(
        SharedKey key, IReadOnlyList<RistrettoPoint> blinded, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await EvaluateNextAsync(key, blinded, cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async Task<SellerEvaluation> EvaluateNextAsync(
        SharedKey key, IReadOnlyList<RistrettoPoint> blinded, CancellationToken cancellationToken)
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batch = new Batch(
            key,
            [.. blinded],
            new EvaluateMessage
            {
                Type = key.Scheme.Type.Name,
                Epoch = key.Scheme.Epoch,
                Blinded = [.. blinded.Select(p => p.ToArray())],
            });
        var running = new List<Asking>();
        try
        {
            var good = await GatherAsync(batch, running, end.Token);
            return new SellerEvaluation(
                await Task.Run(() => HolderAnswerCheck.Combine(key, good), cancellationToken),
                [.. good.Keys.Order().Select(n => key.Holders[n - 1])]);
        }
        finally
        {
            // Who is not needed any more, or was too slow, is left alone: nothing of it is waited for.
            await end.CancelAsync();
            _ = DisposeAfterAsync(end, [.. running.Select(a => a.Reply)]);
        }
    }

    private async Task<Dictionary<int, RistrettoPoint[]>> GatherAsync(Batch batch, List<Asking> running, CancellationToken end)
    {
        var waiting = new Queue<int>(InOrder(batch.Key));
        var good = new Dictionary<int, RistrettoPoint[]>();
        var failures = new List<HolderFailure>();
        while (good.Count < batch.Key.Threshold)
        {
            var missing = batch.Key.Threshold - good.Count;

            // Those left are spared where they are too few: each would count the batch against this member's quota.
            while (running.Count(a => !a.IsSlow) < missing && running.Count + waiting.Count >= missing
                && waiting.TryDequeue(out var number))
            {
                running.Add(new Asking(number, AskAsync(batch, number, end)));
            }

            if (running.Count + waiting.Count < missing && running.TrueForAll(a => a.IsSlow))
            {
                throw new HoldersMissingException(batch.Key, [.. good.Keys], failures, [.. running.Select(a => a.Number)]);
            }

            if (await NextAsync(running, end) is not { } answered)
            {
                NoteSlow(batch.Key, running);
                continue;
            }

            running.Remove(answered);
            var reply = await answered.Reply;
            if (reply.Elements is { } elements)
            {
                good.Add(answered.Number, elements);
            }
            else
            {
                failures.Add(reply.Failure!);
            }
        }

        return good;
    }

    /// <summary>The first that has answered; null if nobody has for a while.</summary>
    private async Task<Asking?> NextAsync(List<Asking> running, CancellationToken end)
    {
        using var tick = CancellationTokenSource.CreateLinkedTokenSource(end);
        var pause = running.Exists(a => !a.IsSlow)
            ? Task.Delay(options.SlowAfter, clock, tick.Token)
            : Task.Delay(Timeout.InfiniteTimeSpan, clock, tick.Token);
        await Task.WhenAny(running.Select(a => (Task)a.Reply).Append(pause));
        await tick.CancelAsync();
        end.ThrowIfCancellationRequested();
        return running.Find(a => a.Reply.IsCompleted);
    }

    private void NoteSlow(SharedKey key, List<Asking> running)
    {
        for (var i = 0; i < running.Count; i++)
        {
            if (!running[i].IsSlow)
            {
                running[i] = running[i] with { IsSlow = true };
                var holder = key.Holders[running[i].Number - 1];
                board.Slow(holder);
                LogSlow(holder, key.Scheme, options.SlowAfter.TotalSeconds);
            }
        }
    }

    /// <summary>
    /// The own share first, then those that answer well, each batch beginning with another, so that all have the same to do;
    /// who failed a moment ago behind them, and last who answered wrongly.
    /// </summary>
    private List<int> InOrder(SharedKey key)
    {
        var count = key.Holders.Length;
        var first = (int)((uint)Interlocked.Increment(ref _turn) % count);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => ((first + i) % count) + 1)
                .OrderBy(n => key.Holders[n - 1] == identity.Member ? -1 : board.Rank(key.Holders[n - 1])),
        ];
    }

    private static async Task DisposeAfterAsync(CancellationTokenSource end, IEnumerable<Task> running)
    {
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.Dispose();
    }

    /// <summary>What all holders are asked.</summary>
    private sealed record Batch(SharedKey Key, RistrettoPoint[] Blinded, EvaluateMessage Request);

    /// <summary>A holder that was asked.</summary>
    private sealed record Asking(int Number, Task<Reply> Reply, bool IsSlow = false);

    /// <summary>What came of it: checked elements, or why there are none.</summary>
    private sealed record Reply(RistrettoPoint[]? Elements, HolderFailure? Failure);
}
