using System.Collections.Concurrent;
using System.Reflection;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;

namespace FederationNode.Node.Tests.Peers;

/// <summary>A grain factory that knows one log and one peer.</summary>
public class FakeGrains : DispatchProxy
{
    internal FakeLog Log { get; } = new();

    internal FakePeer Peer { get; } = new();

    /// <summary>The keys under which grains were asked for.</summary>
    internal ConcurrentQueue<string> Asked { get; } = new();

    internal static FakeGrains Make(out IGrainFactory factory)
    {
        factory = Create<IGrainFactory, FakeGrains>();
        return (FakeGrains)factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Asked.Enqueue((string)args![0]!);
        return targetMethod!.GetGenericArguments()[0] == typeof(IPeerGrain) ? Peer : Log;
    }
}

/// <summary>A log that answers what the test says, and remembers what it was given.</summary>
internal sealed class FakeLog : IMemberLogGrain
{
    public Func<LogRange, ExtendResult> OnExtend { get; set; } = _ => new(ExtendOutcome.Extended, 1, null);

    public LogRange Range { get; set; } = new([], 0, [], []);

    public Func<(int Level, long Number, int Width), byte[]?> OnTile { get; set; } = _ => null;

    public ConcurrentQueue<LogRange> Extended { get; } = new();

    /// <summary>Counts the calls of <see cref="ExtendAsync"/> that have begun.</summary>
    public SemaphoreSlim Begun { get; } = new(0);

    /// <summary>What <see cref="ExtendAsync"/> waits for before it answers.</summary>
    public Task Busy { get; set; } = Task.CompletedTask;

    public async Task<ExtendResult> ExtendAsync(LogRange range)
    {
        Extended.Enqueue(range);
        Begun.Release();
        await Busy;
        return OnExtend(range);
    }

    public Task<LogStatus> GetStatusAsync() =>
        Task.FromResult(new LogStatus(PeerCoalition.Log, 0, default, 0, default, Range.Checkpoint));

    public Task<LogRange> ReadAsync(long from, int maxEntries, int maxBytes) => Task.FromResult(Range);

    public Task<byte[]?> ReadTileAsync(int level, long number, int width) => Task.FromResult(OnTile((level, number, width)));

    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendRequest> requests) =>
        throw new NotSupportedException();

    public Task<AppendResult?> FindAppendAsync(string idempotencyKey, Hash256 requestHash) =>
        throw new NotSupportedException();

    public Task<EntryEvidence?> GetEvidenceAsync(long index) => throw new NotSupportedException();

    public Task NotePeerSizeAsync(long size) => throw new NotSupportedException();
}

/// <summary>A peer's grain that remembers the heads that it was told.</summary>
internal sealed class FakePeer : IPeerGrain
{
    public TaskCompletionSource<IReadOnlyList<PeerHead>> Noted { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it waits for after it was told.</summary>
    public Task Busy { get; set; } = Task.CompletedTask;

    public Task NoteHeadsAsync(IReadOnlyList<PeerHead> heads)
    {
        Noted.TrySetResult(heads);
        return Busy;
    }

    public Task PushAsync(string origin) => throw new NotSupportedException();

    public Task CompareHeadsAsync() => throw new NotSupportedException();

    public Task<PeerStatus> GetStatusAsync() => throw new NotSupportedException();
}
