using System.Collections.Concurrent;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// Another member's node, as far as the replication of the node under test sees it. It is honest: it holds the logs
/// that the test gives it and takes what is pushed; each answer can be exchanged.
/// </summary>
internal sealed class PlayedPeer
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, (WriterLog Log, int Size)> _logs = new(StringComparer.Ordinal);
    private HeadsVector _heads;

    public PlayedPeer(string name, ulong instance)
    {
        Name = name;
        _heads = Begin(instance);
        OnHeads = (question, _) => Task.FromResult(Answer(question));
        OnRange = (request, _) => Task.FromResult(Give(request));
        OnOutline = (request, _) => Task.FromResult(Outline(request));
        OnLive = (request, _) => Task.FromResult(Live(request));
        OnPush = (range, _, _) => Task.FromResult(Take(range));
        OnFork = (_, _) => throw TestTransport.Refusal(name, 404);
        OnForkPush = (_, _, _) => Task.FromResult(new PushAnswerMessage { Size = 0, Held = 0 });
    }

    public string Name { get; }

    public Func<HeadsQuestion, CancellationToken, Task<HeadsAnswer>> OnHeads { get; set; }

    public Func<RangeRequestMessage, CancellationToken, Task<LogRange>> OnRange { get; set; }

    public Func<RangeRequestMessage, CancellationToken, Task<LogOutline>> OnOutline { get; set; }

    public Func<LiveRequestMessage, CancellationToken, Task<Hash256>> OnLive { get; set; }

    /// <summary>Entries of which it says that they are dead, although they are not.</summary>
    public IReadOnlyCollection<long> Hides { get; set; } = [];

    public Func<LogRange, long, CancellationToken, Task<PushAnswerMessage>> OnPush { get; set; }

    public Func<string, CancellationToken, Task<byte[]>> OnFork { get; set; }

    public Func<string, byte[], CancellationToken, Task<PushAnswerMessage>> OnForkPush { get; set; }

    /// <summary>Checkpoints of the asker's own logs, for its first question.</summary>
    public IReadOnlyList<byte[]> Yours { get; set; } = [];

    /// <summary>Whether the last question showed that the asker has read an answer of this peer.</summary>
    public bool IsHeard { get; private set; }

    /// <summary>Holds a log, up to a size, and shows it.</summary>
    public void Hold(WriterLog log, int? size = null)
    {
        _logs[log.Origin] = (log, size ?? log.Size);
        Show(log.Origin, size ?? log.Size, log.Root(size ?? log.Size));
    }

    /// <summary>Shows a head, whatever it holds.</summary>
    public void Show(string origin, long size, Hash256 root, long? frozenAt = null, long? held = null) =>
        Change(h => h.Put(new Head(origin, size, root, frozenAt, held ?? size)));

    public void Show(UrgentRun run) => Change(h => h.PutUrgent(run));

    public void Pause(bool paused) => Change(h => h.Paused = paused);

    /// <summary>Begins another run: versions of the one before mean nothing any more.</summary>
    public void Restart(ulong instance)
    {
        lock (_lock)
        {
            var before = _heads;
            _heads = Begin(instance);
            _heads.Paused = before.Paused;
            foreach (var head in before.All)
            {
                _heads.Put(head);
            }
        }
    }

    public HeadsAnswer Answer(HeadsQuestion question)
    {
        lock (_lock)
        {
            IsHeard |= question.Instance == _heads.Instance;
            return _heads.Answer(question, Yours);
        }
    }

    public LogRange Give(RangeRequestMessage request) => _logs.TryGetValue(request.Origin, out var held)
        ? held.Log.Answer(request, held.Size)
        : throw TestTransport.Refusal(Name, 404);

    public LogOutline Outline(RangeRequestMessage request)
    {
        if (!_logs.TryGetValue(request.Origin, out var held))
        {
            throw TestTransport.Refusal(Name, 404);
        }

        var from = (int)Math.Min(request.From, held.Size);
        var end = Math.Min(held.Size, from + request.MaxEntries);
        return held.Log.Outline(from, end, held.Size, held.Log.Live(held.Size).Except(Hides));
    }

    private Hash256 Live(LiveRequestMessage request)
    {
        if (!_logs.TryGetValue(request.Origin, out var held))
        {
            throw TestTransport.Refusal(Name, 404);
        }

        using var digest = new LiveDigest();
        foreach (var index in held.Log.Live((int)request.Size).Except(Hides))
        {
            digest.Add(index);
        }

        return digest.Finish();
    }

    private static HeadsVector Begin(ulong instance)
    {
        var heads = new HeadsVector(instance);
        heads.PutLinks(["a"]);
        return heads;
    }

    /// <summary>Takes what continues the log that it shows, and says what it holds then. It keeps no entries.</summary>
    private PushAnswerMessage Take(LogRange range)
    {
        Assert.True(Checkpoint.TryParse(range.Checkpoint, out var head, out var error), error);
        lock (_lock)
        {
            var held = _heads.All.FirstOrDefault(h => h.Origin == head.Origin)?.Size ?? 0;
            if (range.Entries.Count > 0 && range.From <= held && range.End == head.Size && head.Size > held)
            {
                held = head.Size;
                _heads.Put(new Head(head.Origin, held, head.Root, null, held));
            }

            return new PushAnswerMessage { Size = held, Held = held };
        }
    }

    private void Change(Action<HeadsVector> change)
    {
        lock (_lock)
        {
            change(_heads);
        }
    }
}
