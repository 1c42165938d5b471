using System.Data.Common;
using FederationNode.Grains;
using FederationNode.Grains.Hosting;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace FederationNode.CrashHost;

/// <summary>A silo with the log grain and nothing around it.</summary>
public static class LogSilo
{
    /// <summary>Builds it, not started.</summary>
    /// <param name="connection">The database, which may be new.</param>
    /// <param name="identity">Who the node is.</param>
    /// <param name="decorate">Stands before the storage, or null.</param>
    public static IHost Build(
        StorageConnection connection, NodeIdentity identity, Func<IGrainStorage, IGrainStorage>? decorate = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo =>
        {
            silo.UseLoneSilo("fednode");
            silo.AddFederationStorage(connection);
        });
        if (decorate is not null)
        {
            builder.Services.AddSingleton(provider => new RowStore(
                decorate(provider.GetRequiredKeyedService<IGrainStorage>(FederationStorage.ProviderName)),
                provider.GetRequiredKeyedService<DbDataSource>(FederationStorage.ProviderName),
                connection));
        }

        builder.Services.AddKeyedSingleton(FederationClock.Key, TimeProvider.System);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton<RosterBoard>();
        builder.Services.AddSingleton<HeadBoard>();
        builder.Services.AddSingleton<LogAppender>();
        return builder.Build();
    }
}
