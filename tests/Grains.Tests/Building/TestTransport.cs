using System.Collections.Concurrent;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// The wire, as the test wants the other members to answer. Unless told otherwise nobody answers. All that was asked is
/// kept, in order.
/// </summary>
internal sealed class TestTransport : IPeerTransport
{
    private readonly ConcurrentDictionary<string, PlayedPeer> _played = new(StringComparer.Ordinal);
    private int _hanging;

    /// <summary>Calls that wait in <see cref="HangAsync"/>.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    public Func<string, HeadsQuestion, CancellationToken, Task<HeadsAnswer>> OnHeads { get; set; } =
        (m, _, _) => throw Dead(m);

    public Func<string, LogRange, long, CancellationToken, Task<PushAnswerMessage>> OnPush { get; set; } =
        (m, _, _, _) => throw Dead(m);

    public Func<string, RangeRequestMessage, CancellationToken, Task<LogRange>> OnRange { get; set; } =
        (m, _, _) => throw Dead(m);

    public Func<string, RangeRequestMessage, CancellationToken, Task<LogOutline>> OnOutline { get; set; } =
        (m, _, _) => throw Dead(m);

    public Func<string, LiveRequestMessage, CancellationToken, Task<Hash256>> OnLive { get; set; } =
        (m, _, _) => throw Dead(m);

    public Func<string, string, CancellationToken, Task<byte[]>> OnFork { get; set; } = (m, _, _) => throw Dead(m);

    public Func<string, string, byte[], CancellationToken, Task<PushAnswerMessage>> OnForkPush { get; set; } =
        (m, _, _, _) => throw Dead(m);

    public ConcurrentQueue<(string Member, HeadsQuestion Question)> Questions { get; } = new();

    public ConcurrentQueue<(string Member, LogRange Range, long Size)> Pushes { get; } = new();

    public ConcurrentQueue<(string Member, RangeRequestMessage Request, bool Urgent)> Ranges { get; } = new();

    public ConcurrentQueue<(string Member, RangeRequestMessage Request)> Outlines { get; } = new();

    public ConcurrentQueue<(string Member, LiveRequestMessage Request)> Comparisons { get; } = new();

    public ConcurrentQueue<(string Member, string Origin)> Forks { get; } = new();

    public ConcurrentQueue<(string Member, string Origin, byte[] Proof)> ForkPushes { get; } = new();

    /// <summary>Lets a member be played.</summary>
    public PlayedPeer Play(string member)
    {
        var peer = _played[member] = new PlayedPeer(member, 1_000 + (ulong)_played.Count);
        OnHeads = (m, question, cancel) => Of(m).OnHeads(question, cancel);
        OnPush = (m, range, size, cancel) => Of(m).OnPush(range, size, cancel);
        OnRange = (m, request, cancel) => Of(m).OnRange(request, cancel);
        OnOutline = (m, request, cancel) => Of(m).OnOutline(request, cancel);
        OnLive = (m, request, cancel) => Of(m).OnLive(request, cancel);
        OnFork = (m, origin, cancel) => Of(m).OnFork(origin, cancel);
        OnForkPush = (m, origin, proof, cancel) => Of(m).OnForkPush(origin, proof, cancel);
        return peer;
    }

    /// <summary>Waits for ever, or until the asker gives up, or until the gate is opened.</summary>
    public async Task HangAsync(CancellationToken cancel, Gate? gate = null)
    {
        // Counted off at once, and not when the caller goes on: otherwise nobody would know that it will.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void End(bool canceled)
        {
            if (canceled ? ended.TrySetCanceled(cancel) : ended.TrySetResult())
            {
                Interlocked.Decrement(ref _hanging);
            }
        }

        using var registration = cancel.Register(() => End(true));
        gate?.Add(() => End(false));
        // Last, and if it has ended by now back to what it was: a call that the gate does not know yet only seems to hang.
        Interlocked.Increment(ref _hanging);
        await ended.Task;
    }

    public static PeerException Dead(string member) => new(member, "no answer");

    public static PeerException Refusal(string member, int status) =>
        new(member, $"refused with {status}") { Status = status };

    public Task<HeadsAnswer> AskHeadsAsync(string member, HeadsQuestion question, CancellationToken cancellationToken)
    {
        Questions.Enqueue((member, question));
        return OnHeads(member, question, cancellationToken);
    }

    public Task<PushAnswerMessage> PushAsync(
        string member, LogRange range, long size, CancellationToken cancellationToken)
    {
        Pushes.Enqueue((member, range, size));
        return OnPush(member, range, size, cancellationToken);
    }

    public Task<LogRange> GetRangeAsync(
        string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken)
    {
        Ranges.Enqueue((member, request, urgent));
        return OnRange(member, request, cancellationToken);
    }

    public Task<LogOutline> GetOutlineAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        Outlines.Enqueue((member, request));
        return OnOutline(member, request, cancellationToken);
    }

    public Task<Hash256> GetLiveAsync(string member, LiveRequestMessage request, CancellationToken cancellationToken)
    {
        Comparisons.Enqueue((member, request));
        return OnLive(member, request, cancellationToken);
    }

    public Task<byte[]> GetForkAsync(string member, string origin, CancellationToken cancellationToken)
    {
        Forks.Enqueue((member, origin));
        return OnFork(member, origin, cancellationToken);
    }

    public Task<PushAnswerMessage> PushForkAsync(
        string member, string origin, byte[] proof, CancellationToken cancellationToken)
    {
        ForkPushes.Enqueue((member, origin, proof));
        return OnForkPush(member, origin, proof, cancellationToken);
    }

    public Task<EvaluatedMessage> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private PlayedPeer Of(string member) => _played.TryGetValue(member, out var peer) ? peer : throw Dead(member);
}

/// <summary>Lets go on what waits for it.</summary>
internal sealed class Gate
{
    private readonly Lock _lock = new();
    private readonly List<Action> _waiting = [];
    private bool _open;

    public void Open()
    {
        lock (_lock)
        {
            _open = true;
            _waiting.ForEach(w => w());
        }
    }

    public void Add(Action goOn)
    {
        lock (_lock)
        {
            _waiting.Add(goOn);
            if (_open)
            {
                goOn();
            }
        }
    }
}
