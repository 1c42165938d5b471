using System.Data.Common;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
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

    public DamageBoard Damages => Services.GetRequiredService<DamageBoard>();

    public RangePuller Puller => Services.GetRequiredService<RangePuller>();

    /// <summary>Starts a node.</summary>
    /// <param name="sandbox">Its database, which may be another node's too.</param>
    /// <param name="member">Who it is.</param>
    /// <param name="rostered">Whether the roster is in force at once.</param>
    /// <param name="configure">More services.</param>
    public static async Task<TestNode> StartAsync(
        StorageSandbox sandbox, string member = "a", bool rostered = true, Action<IServiceCollection>? configure = null)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TestCoalition.Issued));
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
            silo.Services.AddSingleton(TestCoalition.IdentityOf(member));
            silo.Services.AddSingleton<RosterBoard>();
            silo.Services.AddSingleton<HeadBoard>();
            silo.Services.AddSingleton<LogAppender>();
            silo.Services.AddSingleton<MergedList>();
            silo.Services.AddSingleton<ListFollower>();
            silo.Services.AddSingleton<RangePuller>();
            silo.Services.AddSingleton<TestTransport>();
            silo.Services.AddSingleton<IPeerTransport>(p => p.GetRequiredService<TestTransport>());
            silo.Services.AddSingleton(new PeerOptions());
            silo.Services.AddSingleton(new ReceiptOptions { FlushInterval = TimeSpan.FromDays(1) });
            configure?.Invoke(silo.Services);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        var node = new TestNode(cluster, clock);
        if (rostered)
        {
            node.Roster.Put(TestCoalition.Roster());
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
        while (entries.Count < status.SignedSize)
        {
            entries.AddRange((await log.ReadAsync(entries.Count, 4096, int.MaxValue)).Entries);
        }

        return (status, entries);
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
        await Follower.StopAsync(CancellationToken.None);
        await Puller.StopAsync(CancellationToken.None);
        await _cluster.DisposeAsync();
    }
}
