using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Replication;

/// <content>What peers ask of this node.</content>
public sealed partial class ReplicationDriver
{
    /// <summary>
    /// Answers a question for heads; at once, or, if the asker wants it so, as soon as there is news. Null if a
    /// checkpoint in the question is not one of this node's.
    /// </summary>
    public async Task<HeadsAnswer?> AnswerHeadsAsync(string member, HeadsQuestion question, CancellationToken cancel)
    {
        if (await ProveAsync(question.Yours) is not { } proven)
        {
            return null;
        }

        bool current;
        lock (_gate)
        {
            current = question.Instance == _core.Heads.Instance;
        }

        Contacted(member);
        Post(new PeerAsked(member, current, proven, question.Digest));
        if (question.Wait > 0)
        {
            await WaitForNewsAsync(question, cancel);
        }

        lock (_gate)
        {
            return _core.Heads.Answer(question, _core.Heads.IsFirst(question) ? HeadsOf(member) : []);
        }
    }

    /// <summary>Takes a new head from a peer, and the entries that came with it.</summary>
    /// <param name="member">The peer.</param>
    /// <param name="origin">The log that the checkpoint names.</param>
    /// <param name="range">Checkpoint and entries; nothing is verified yet.</param>
    /// <param name="size">How much the peer says to hold.</param>
    public async Task<ExtendResult> TakePushAsync(string member, string origin, LogRange range, long size)
    {
        long allowed;
        lock (_gate)
        {
            allowed = _core.AllowedEnd(origin);
        }

        // What is beyond the log's quota is left where it is; its head is good to know.
        var taken = range.End <= allowed ? range : new LogRange(range.Checkpoint, 0, [], [], []);
        var result = await _grains.GetGrain<IMemberLogGrain>(origin).ExtendAsync(taken);
        if (result.Outcome is not (ExtendOutcome.Refused or ExtendOutcome.UnknownLog))
        {
            if (_identity.KeyOf(origin) is not null && Checkpoint.TryParse(range.Checkpoint, out var head, out _))
            {
                Post(new OwnHeadSeen(new LogSize(origin, head.Size), member));
            }

            Post(new HeadPushed(member, origin, size));
        }

        return result;
    }

    /// <summary>The digest of this node's heads, their number of changes, and what waits: for people and metrics.</summary>
    public (Hash256 Digest, int Fetching, int Waiting, long WaitingBytes, int Overlaid) Describe()
    {
        lock (_gate)
        {
            return (_core.Heads.Digest, _core.Fetching, _core.Waiting, _core.WaitingBytes, _core.Overlaid);
        }
    }

    private async Task WaitForNewsAsync(HeadsQuestion question, CancellationToken cancel)
    {
        var wait = TimeSpan.FromMilliseconds(Math.Min(question.Wait, Limits.MaxHeadsWait));
        using var timeout = new CancellationTokenSource(wait, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel, _stopping.Token);
        while (!either.IsCancellationRequested)
        {
            Task news;
            lock (_gate)
            {
                if (_core.Heads.HasNews(question))
                {
                    return;
                }

                news = _news.Task;
            }

            await news.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>The checkpoints held of a member's logs.</summary>
    private List<byte[]> HeadsOf(string member) =>
        [.. _heads.All()
            .Where(h => h.Checkpoint.Length > 0 && Origin.Parse(h.Origin).Member == member)
            .Select(h => h.Checkpoint)
            .Take(Limits.MaxOwnHeads)];
}
