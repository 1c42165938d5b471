using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Erasure;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Storage;
using Orleans.TestingHost;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// A member's node without its web server: one real silo over a real database, a clock that the test turns, and a
/// storage that it can watch and disturb.
/// </summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private bool _following;

    private TestNode(InProcessTestCluster cluster, FakeTimeProvider clock)
    {
        _cluster = cluster;
        Clock = clock;
        Services = cluster.GetSiloServiceProvider();
    }

    public IServiceProvider Services { get; }

    public FakeTimeProvider Clock { get; }

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public HeadBoard Heads => Services.GetRequiredService<HeadBoard>();

    public RosterBoard Roster => Services.GetRequiredService<RosterBoard>();

    public RowStore Rows => Services.GetRequiredService<RowStore>();

    public WatchedStorage Storage => Services.GetRequiredService<WatchedStorage>();

    public TestTransport Peers => Services.GetRequiredService<TestTransport>();

    public MergedList List => Services.GetRequiredService<MergedList>();

    public ListFollower Follower => Services.GetRequiredService<ListFollower>();

    /// <summary>Started by <see cref="StartAllAsync"/> only where a test asks for it.</summary>
    public EntryEraser Eraser => Services.GetRequiredService<EntryEraser>();

    public LinkBoard Links => Services.GetRequiredService<LinkBoard>();

    public ReplicationDriver Replication => Services.GetRequiredService<ReplicationDriver>();

    public DamageBoard Damages => Services.GetRequiredService<DamageBoard>();

    /// <summary>Starts a node.</summary>
    /// <param name="sandbox">Its database, which may be another node's too.</param>
    /// <param name="member">Who it is.</param>
    /// <param name="rostered">Whether the roster is in force at once.</param>
    /// <param name="configure">More services.</param>
    /// <param name="confirmed">Whether own logs take entries at once, as after other members were asked.</param>
    /// <param name="clock">The clock of a node that goes on after this one stopped; null: a new one.</param>
    public static async Task<TestNode> StartAsync(
        StorageSandbox sandbox,
        string member = "a",
        bool rostered = true,
        Action<IServiceCollection>? configure = null,
        bool confirmed = true,
        FakeTimeProvider? clock = null)
    {
        clock ??= new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TestCoalition.Issued));
        var identity = TestCoalition.IdentityOf(member);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddFederationStorage(sandbox.Connection);
            silo.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.None));
            silo.Services.AddSingleton(p => new WatchedStorage(
                p.GetRequiredKeyedService<IGrainStorage>(FederationStorage.ProviderName)));
            silo.Services.AddSingleton(p => new RowStore(
                p.GetRequiredService<WatchedStorage>(),
                p.GetRequiredKeyedService<DbDataSource>(FederationStorage.ProviderName),
                sandbox.Connection));
            silo.Services.AddKeyedSingleton<TimeProvider>(FederationClock.Key, clock);
            silo.Services.AddSingleton(identity);
            silo.Services.AddSingleton<RosterBoard>();
            silo.Services.AddSingleton<HeadBoard>();
            silo.Services.AddSingleton<LogAppender>();
            silo.Services.AddSingleton<MergedList>();
            silo.Services.AddSingleton<ListFollower>();
            silo.Services.AddSingleton<EntryEraser>();
            silo.Services.AddSingleton<LapseWriter>();
            silo.Services.AddSingleton<SellerStatements>();
            silo.Services.AddSingleton<EvaluationRecorder>();
            silo.Services.AddSingleton<LinkBoard>();
            silo.Services.AddSingleton<ReplicationDriver>();
            silo.Services.AddSingleton<LogStarter>();
            silo.Services.AddSingleton(new ReplicationOptions());
            silo.Services.AddSingleton<TestTransport>();
            silo.Services.AddSingleton<IPeerTransport>(p => p.GetRequiredService<TestTransport>());
            silo.Services.AddSingleton(new ReceiptOptions { FlushInterval = TimeSpan.FromDays(1) });
            configure?.Invoke(silo.Services);
        });
        var cluster = new InProcessTestCluster(builder.Options, SiloPorts.Shared);
        await cluster.DeployAsync();
        var node = new TestNode(cluster, clock);
        if (rostered)
        {
            node.Roster.Put(TestCoalition.Roster());
        }

        foreach (var key in confirmed ? identity.LogKeys : [])
        {
            node.Heads.Confirm(key.VerificationKey.Name);
        }

        return node;
    }

    public IMemberLogGrain Log(string origin) => Grains.GetGrain<IMemberLogGrain>(origin);

    public IRosterGrain RosterGrain => Grains.GetGrain<IRosterGrain>(TestCoalition.Name);

    /// <summary>Ends the grain's activation: the next call makes a new one, which reads its rows again.</summary>
    public static Task DeactivateAsync(IAddressable grain) =>
        grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle().AsTask();

    /// <summary>All entries that the log serves, and what is held of it.</summary>
    public async Task<(LogStatus Status, List<StoredEntry> Entries)> ReadAllAsync(string origin)
    {
        var log = Log(origin);
        var status = await log.GetStatusAsync();
        var entries = new List<StoredEntry>();
        while (entries.Count < status.HeadSize)
        {
            entries.AddRange((await log.ReadAsync(entries.Count, 4096, int.MaxValue)).Entries);
        }

        return (status, entries);
    }

    /// <summary>The bytes of every row in the database, past the store.</summary>
    public async IAsyncEnumerable<byte[]> AllRowsAsync()
    {
        var source = Services.GetRequiredKeyedService<DbDataSource>(FederationStorage.ProviderName);
        await using var open = await source.OpenConnectionAsync();
        await using var command = open.CreateCommand();
        command.CommandText = "SELECT PayloadBinary FROM OrleansStorage WHERE PayloadBinary IS NOT NULL";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            yield return (byte[])reader.GetValue(0);
        }
    }

    /// <summary>Starts all as the program does: list, replication, then what wakes the logs.</summary>
    /// <param name="erasing">Whether it erases, too: that looks for work each second.</param>
    public async Task StartAllAsync(bool erasing = false)
    {
        await FollowAsync();
        if (erasing)
        {
            await Eraser.StartAsync(CancellationToken.None);
            await Services.GetRequiredService<LapseWriter>().StartAsync(CancellationToken.None);
        }

        await Replication.StartAsync(CancellationToken.None);
        await Services.GetRequiredService<LogStarter>().StartAsync(CancellationToken.None);

        // Before, turning the clock would let time pass within the start.
        await UntilAsync(() => IsBegun(Replication));
        await SettleAsync();
    }

    /// <summary>Starts the replication, and waits until it has read an answer of each of these peers.</summary>
    public async Task ReplicateAsync(IReadOnlyList<PlayedPeer> peers, params string[] origins)
    {
        await ReplicateAsync(origins);
        await AdvanceUntilAsync(() => peers.All(p => p.IsHeard));
    }

    /// <summary>Starts the list, unless it runs already.</summary>
    public async Task FollowAsync()
    {
        if (!_following)
        {
            _following = true;
            await Follower.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>Starts the replication: what is held of these logs, and of the own ones, is read before.</summary>
    public async Task ReplicateAsync(params string[] origins)
    {
        await Replication.StartAsync(CancellationToken.None);
        var own = Services.GetRequiredService<NodeIdentity>().LogKeys.Select(k => k.VerificationKey.Name);
        foreach (var origin in own.Concat(origins))
        {
            await Log(origin).GetStatusAsync();
        }

        await Replication.BeginAsync();
    }

    /// <summary>
    /// Waits, with the clock standing still, until the replication has done all that follows from what happened so far,
    /// and only waits: for its timer, or for calls that the test lets hang.
    /// </summary>
    public Task SettleAsync() => UntilAsync(() => IsSettled);

    /// <summary>Whether it only waits; see <see cref="SettleAsync"/>.</summary>
    public bool IsSettled => Peers.Hanging is var hanging && WorkingOf(Replication).Count == hanging;

    /// <summary>Turns the clock, a little at a time and each time until all is settled, until something holds.</summary>
    public Task AdvanceUntilAsync(Func<bool> holds, int milliseconds = 50) =>
        AdvanceUntilAsync(() => Task.FromResult(holds()), milliseconds);

    /// <inheritdoc cref="AdvanceUntilAsync(Func{bool}, int)"/>
    public async Task AdvanceUntilAsync(Func<Task<bool>> holds, int milliseconds = 50)
    {
        var patience = Patience();
        await SettleAsync();
        while (!await holds())
        {
            patience.ThrowIfCancellationRequested();
            await AdvanceAsync(milliseconds);
        }
    }

    public async Task AdvanceAsync(double milliseconds)
    {
        Clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        await SettleAsync();
    }

    /// <summary>Waits, with the clock standing still, until something holds that follows from what happened before.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        var patience = Patience();
        while (!holds())
        {
            patience.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Waits until the list has applied a log up to a size, and gives its digest then.</summary>
    public async Task<Hash256> DigestAsync(string origin, long size)
    {
        await FollowAsync();
        await Follower.WaitAppliedAsync(origin, size - 1, Patience());
        return List.Current.Digest;
    }

    /// <summary>Ends a wait that would otherwise never end, because what it waits for is broken.</summary>
    public static CancellationToken Patience() => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public async ValueTask DisposeAsync()
    {
        await Services.GetRequiredService<LogStarter>().StopAsync(CancellationToken.None);
        await Eraser.StopAsync(CancellationToken.None);
        await Services.GetRequiredService<LapseWriter>().StopAsync(CancellationToken.None);
        await Follower.StopAsync(CancellationToken.None);
        await Replication.StopAsync(CancellationToken.None);
        await _cluster.DisposeAsync();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_started")]
    private static extern ref bool IsBegun(ReplicationDriver replication);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_working")]
    private static extern ref ConcurrentDictionary<Task, bool> WorkingOf(ReplicationDriver replication);
}
