using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>Puts the node's storage into a silo.</summary>
public static class FederationStorage
{
    /// <summary>
    /// The name of the storage provider, for <c>[PersistentState("...", FederationStorage.ProviderName)]</c>.
    /// </summary>
    public const string ProviderName = "federation";

    /// <summary>The same rows, written so that they are on disk with the next write of the other provider.</summary>
    internal const string UnsyncedProviderName = "federation-unsynced";

    /// <summary>
    /// The service id under which all rows are stored, whatever the silo's cluster is called: tools find the rows of
    /// a stopped node without knowing its configuration.
    /// </summary>
    public const string ServiceId = "fednode";

    /// <summary>
    /// Adds the storage provider <see cref="ProviderName"/>, a <see cref="RowStore"/> and a <see cref="DamageBoard"/>,
    /// for which the host registers a <see cref="Identity.NodeIdentity"/>. The schema is created or
    /// migrated when the silo starts, before the provider opens the database; the silo does not start when that
    /// fails (see <see cref="SchemaMigrator.MigrateAsync"/>, which may also be called before, for its errors).
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="connection">The database.</param>
    public static ISiloBuilder AddFederationStorage(this ISiloBuilder builder, StorageConnection connection)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(connection);
        builder.Services.AddFederationStorageServices(connection);
        builder.Services.AddSingleton<DamageBoard>();
        builder.AddIncomingGrainCallFilter<DamageFilter>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new MigrationAtStart(connection));
        return builder;
    }

    /// <summary>What the silo and the offline store have in common.</summary>
    internal static void AddFederationStorageServices(this IServiceCollection services, StorageConnection connection)
    {
        services.AddSingleton(connection);
        AddProvider(services, connection, ProviderName, synced: true);
        AddProvider(services, connection, UnsyncedProviderName, synced: false);
        services.AddSingleton(provider => new RowStore(
            provider.GetRequiredKeyedService<IGrainStorage>(ProviderName),
            provider.GetRequiredKeyedService<DbDataSource>(ProviderName),
            connection,
            provider.GetRequiredKeyedService<IGrainStorage>(UnsyncedProviderName)));
    }

    private static void AddProvider(IServiceCollection services, StorageConnection connection, string name, bool synced)
    {
        services.AddKeyedSingleton(name, (_, _) => connection.CreateDataSource(synced));

        // Orleans prefers these to the silo's own for the provider of this name.
        services.AddKeyedSingleton(name, new ClusterOptions { ServiceId = ServiceId, ClusterId = ServiceId });
        services.AddAdoNetGrainStorage(name, options => options.Configure<IServiceProvider>((o, provider) =>
        {
            o.Invariant = connection.Invariant;
            o.DataSource = provider.GetRequiredKeyedService<DbDataSource>(name);
            o.GrainStorageSerializer = new MessagePackGrainStorageSerializer();
        }));
    }

    private sealed class MigrationAtStart(StorageConnection connection) : ILifecycleParticipant<ISiloLifecycle>
    {
        // The provider opens the database at ApplicationServices, a later stage.
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
            nameof(SchemaMigrator),
            ServiceLifecycleStage.RuntimeInitialize,
            cancellation => SchemaMigrator.MigrateAsync(connection, cancellation));
    }
}
