using System.Collections.Concurrent;
using System.Reflection;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Node.Tests.Peers;

/// <summary>A grain factory that knows one log, and remembers nothing of peers.</summary>
public class FakeGrains : DispatchProxy
{
    private readonly FakePeer _peer = new();

    internal FakeLog Log { get; } = new();

    /// <summary>The logs that were asked for.</summary>
    internal ConcurrentQueue<string> Asked { get; } = new();

    internal static FakeGrains Make(out IGrainFactory factory)
    {
        factory = Create<IGrainFactory, FakeGrains>();
        return (FakeGrains)factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.GetGenericArguments()[0] == typeof(IPeerGrain))
        {
            return _peer;
        }

        Asked.Enqueue((string)args![0]!);
        return Log;
    }

    private sealed class FakePeer : IPeerGrain
    {
        public Task<PeerMemory> LoadAsync() => Task.FromResult(PeerMemory.None);

        public Task SaveAsync(PeerMemory memory) => Task.CompletedTask;
    }
}

/// <summary>A log that answers what the test says, and remembers what it was given.</summary>
internal sealed class FakeLog : IMemberLogGrain
{
    public Func<LogRange, ExtendResult> OnExtend { get; set; } = _ => new(ExtendOutcome.Extended, 1, null);

    public LogRange Range { get; set; } = new([], 0, [], [], []);

    public LogStatus Status { get; set; } = PeerCoalition.StatusOf(0);

    public byte[]? Fork { get; set; }

    public Func<byte[], ForkOutcome> OnFork { get; set; } = _ => ForkOutcome.Taken;

    public Func<byte[], long?> OnShown { get; set; } = _ => null;

    public Func<(int Level, long Number, int Width), byte[]?> OnTile { get; set; } = _ => null;

    public ConcurrentQueue<LogRange> Extended { get; } = new();

    public ConcurrentQueue<(long From, int MaxEntries, int MaxBytes)> Reads { get; } = new();

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

    public Task<LogStatus> GetStatusAsync() => Task.FromResult(Status);

    public Task<LogRange> ReadAsync(long from, int maxEntries, int maxBytes)
    {
        Reads.Enqueue((from, maxEntries, maxBytes));
        return Task.FromResult(Range);
    }

    public Task<byte[]?> ReadTileAsync(int level, long number, int width) => Task.FromResult(OnTile((level, number, width)));

    public Task<ForkOutcome> TakeForkAsync(byte[] proof) => Task.FromResult(OnFork(proof));

    public Task<byte[]?> GetForkAsync() => Task.FromResult(Fork);

    public Task<long?> NoteShownAsync(byte[] checkpoint) => Task.FromResult(OnShown(checkpoint));

    public Task ConfirmAsync() => Task.CompletedTask;

    public Task<ExtendResult> ExtendCheckedAsync(CheckedRange range) => throw new NotSupportedException();

    public Task<RepairOutcome> RepairAsync(
        long from, IReadOnlyList<StoredEntry> entries, IReadOnlyList<long>? erased) => throw new NotSupportedException();

    public Task<RepairOutcome> RepairTileAsync(int level, long number) => throw new NotSupportedException();

    public Task<EraseResult> EraseAsync(IReadOnlyList<long> indexes) => throw new NotSupportedException();

    public Func<long, long, IReadOnlyList<long>, LogOutline> OnOutline { get; set; } = (_, _, _) => throw new NotSupportedException();

    public Task<LogOutline> ReadOutlineAsync(
        long from, int maxEntries, int maxBytes, long asOf, IReadOnlyList<long> whole) =>
        Task.FromResult(OnOutline(from, asOf, whole));

    public Task<ExtendOutcome> StoreOutlineAsync(CheckedOutline part, string peer) => throw new NotSupportedException();

    public Task<(LogOutline Part, string Peer)?> ReadKeptOutlineAsync(long from) => throw new NotSupportedException();

    public Task<bool> CheckOutlineAsync() => throw new NotSupportedException();

    public Task DropOutlineAsync() => throw new NotSupportedException();

    public Task<IReadOnlyList<Hash256>> ReadNodesAsync(IReadOnlyList<(int Level, long Index)> nodes) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendRequest> requests) =>
        throw new NotSupportedException();

    public Task<AppendResult?> FindAppendAsync(string idempotencyKey, Hash256 requestHash) =>
        throw new NotSupportedException();

    public Task<EntryEvidence?> GetEvidenceAsync(long index) => throw new NotSupportedException();
}
