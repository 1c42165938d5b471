using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>
/// A node's storage without a silo, for tools that work while the node is stopped. It is the very same Orleans
/// provider, made from a service collection that holds only what its constructor asks for, and taken through its one
/// start-up step by a lifecycle of our own; so keys, queries and bytes cannot differ from the silo's.
/// </summary>
public sealed class OfflineStorage : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private OfflineStorage(ServiceProvider services)
    {
        _services = services;
        Rows = services.GetRequiredService<RowStore>();
    }

    /// <summary>The rows; good until this object is disposed.</summary>
    public RowStore Rows { get; }

    /// <summary>Opens the state of an existing node. The schema is checked, not changed.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="StorageException">
    /// There is no such database, or it is damaged, or has another schema version.
    /// </exception>
    public static async Task<OfflineStorage> OpenAsync(
        StorageConnection connection,
        CancellationToken cancellation = default)
    {
        await SchemaMigrator.VerifyAsync(connection, cancellation).ConfigureAwait(false);
        return await StartAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>Opens the state of a node that may be new: creates and migrates the schema first.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="StorageException">As <see cref="SchemaMigrator.MigrateAsync"/>.</exception>
    public static async Task<OfflineStorage> CreateAsync(
        StorageConnection connection,
        CancellationToken cancellation = default)
    {
        await SchemaMigrator.MigrateAsync(connection, cancellation).ConfigureAwait(false);
        return await StartAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>Closes all connections.</summary>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static async Task<OfflineStorage> StartAsync(StorageConnection connection, CancellationToken cancellation)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        collection.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        collection.AddSerializer();
        collection.AddFederationStorageServices(connection);
        var services = collection.BuildServiceProvider();
        try
        {
            var lifecycle = new StartOnlyLifecycle();
            foreach (var name in (string[])[FederationStorage.ProviderName, FederationStorage.UnsyncedProviderName])
            {
                var provider = services.GetRequiredKeyedService<IGrainStorage>(name);
                ((ILifecycleParticipant<ISiloLifecycle>)provider).Participate(lifecycle);
            }

            await lifecycle.StartAsync(cancellation).ConfigureAwait(false);
            return new OfflineStorage(services);
        }
        catch
        {
            await services.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts what subscribed, in the order of the stages.</summary>
    private sealed class StartOnlyLifecycle : ISiloLifecycle
    {
        private readonly List<(int Stage, ILifecycleObserver Observer)> _observers = [];

        public int HighestCompletedStage { get; private set; } = int.MinValue;

        public int LowestStoppedStage => int.MaxValue;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observers.Add((stage, observer));
            return new Subscription();
        }

        public async Task StartAsync(CancellationToken cancellation)
        {
            foreach (var (stage, observer) in _observers.OrderBy(o => o.Stage))
            {
                await observer.OnStart(cancellation).ConfigureAwait(false);
                HighestCompletedStage = stage;
            }
        }

        private sealed class Subscription : IDisposable
        {
            public void Dispose()
            {
                // Nobody unsubscribes from a lifecycle that is started once and thrown away.
            }
        }
    }
}
