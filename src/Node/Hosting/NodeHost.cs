using System.Net;
using System.Net.Sockets;
using FederationNode.Grains;
using FederationNode.Grains.Erasure;
using FederationNode.Grains.Hosting;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Cli;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Node.Policies;
using FederationNode.Node.Sellers;
using FederationNode.Node.Sellers.Ceremonies;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Replication;
using Microsoft.AspNetCore.Connections;

namespace FederationNode.Node.Hosting;

/// <summary>
/// A running node: the silo with its database, the listener for peers, the local API. This is the one place where the
/// parts are put together.
/// </summary>
public sealed class NodeHost : IAsyncDisposable
{
    private const string ClusterName = "fednode";

    private readonly WebApplication _app;
    private BackgroundService? _failed;

    private NodeHost(WebApplication app, RunFile run)
    {
        _app = app;
        Run = run;

        // At this moment a part that failed is why the node stops; later one may fail because it does.
        app.Lifetime.ApplicationStopping.Register(() => _failed = FirstFailed(app.Services));
    }

    /// <summary>How the running node is reached.</summary>
    public RunFile Run { get; }

    /// <summary>Starts a node on a folder whose lock the caller holds.</summary>
    /// <exception cref="CliException">It cannot start; says why.</exception>
    /// <exception cref="StorageException">
    /// Its database cannot be used, or a row without which it must not start.
    /// </exception>
    public static Task<NodeHost> StartAsync(NodeFolder folder, NodeConfig config, CancellationToken cancel) =>
        StartAsync(folder, config, _ => { }, cancel);

    /// <summary>As above, with more services: a test lets one fail.</summary>
    internal static async Task<NodeHost> StartAsync(
        NodeFolder folder, NodeConfig config, Action<IServiceCollection> configure, CancellationToken cancel)
    {
        Ed25519SelfTest.Run();
        var identity = folder.ReadIdentity(config);
        var storage = folder.ReadStorage(config);
        if (!PeerCertificate.TryLoad(folder.TlsFolder, out var certificate, out var error))
        {
            throw new NodeFolderException(error);
        }

        // What can be refused by itself first, then the schema and the rows that matter most, for their clear errors.
        var policy = PolicyReader.Load(folder, config.Member);
        var shares = HeldShares.Load(folder, config);
        var mended = await SchemaMigrator.MigrateAsync(storage, cancel);
        await EssentialRows.CheckAsync(storage, identity, cancel);
        var app = Build(folder, config, policy, identity, storage, certificate, shares, configure);
        NoteMended(app.Services.GetRequiredService<DamageBoard>(), mended);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (CauseOf<StorageException>(e) is { } cause)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCode.BadFolder, cause.Message, e);
        }
        catch (Exception e) when (e is SocketException or IOException { InnerException: AddressInUseException or SocketException })
        {
            await app.DisposeAsync();
            throw new CliException(
                ExitCode.BadFolder,
                $"A port is in use or not ours: {e.Message} Change \"apiListen\" or \"peerListen\" in {folder.ConfigFile}.",
                e);
        }

        var api = app.Urls.Single();
        var peers = app.Services.GetService<PeerHost>() is { } host ? $"https://{host.EndPoint}" : "";
        var run = new RunFile(Environment.ProcessId, api, peers);
        run.Write(folder);
        app.Lifetime.ApplicationStopped.Register(() => File.Delete(folder.RunFile));
        return new NodeHost(app, run);
    }

    /// <summary>Runs until the process is told to stop.</summary>
    /// <exception cref="CliException">
    /// It was not told to, but a part of the node failed; says which and why.
    /// </exception>
    public async Task WaitForShutdownAsync(CancellationToken cancel)
    {
        await _app.WaitForShutdownAsync(cancel);
        if (_failed?.ExecuteTask is not { } task)
        {
            return;
        }

        var what = $"The node stopped, because {_failed.GetType().Name} failed";
        var failure = task.Exception?.InnerException ?? new OperationCanceledException("It was broken off.");
        throw CauseOf<StorageException>(failure) is { } storage
            ? new CliException(ExitCode.BadFolder, $"{what}: {storage.Message}", failure)
            : new CliException(ExitCode.Internal, $"{what}. A fault of the program: {failure}", failure);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Build(
        NodeFolder folder,
        NodeConfig config,
        NodePolicy policy,
        NodeIdentity identity,
        StorageConnection storage,
        PeerCertificate certificate,
        HeldShares shares,
        Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "fednode",
            ContentRootPath = folder.Path,
        });
        ConfigureLogging(builder.Logging);
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureLocalApi();
            kestrel.Listen(IPEndPoint.Parse(config.ApiListen));
            kestrel.Limits.MaxRequestBodySize = Contracts.Limits.MaxApiBody;
        });
        builder.Host.UseOrleans(silo => ConfigureSilo(silo, storage));
        AddFederation(builder.Services, folder, config, identity, certificate, shares);
        builder.Services.AddLocalApi(LocalApiOptions.From(folder, config, policy));
        configure(builder.Services);
        var app = builder.Build();
        app.UseLocalApi();
        app.MapLocalApi();
        return app;
    }

    /// <summary>What the program logs, on standard error.</summary>
    internal static void ConfigureLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.UseUtcTimestamp = true;
        });
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("FederationNode", LogLevel.Information);

        // Orleans' watchdog starts the thread that looks at its stopwatch before it starts the stopwatch. Whichever is
        // faster at the start of a silo, it may warn of a deadlock that has lasted since the machine was switched on.
        // Real stalls of the thread pool are reported by another part, the silo's health monitor.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // It says of each request at levels below what is shown; asked whether it is heard at all, it makes an activity for each.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // Why a node does not start, or stops, is said once, in the verb's message; what a grain or the storage throws,
        // by who called it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Orleans.Storage.AdoNetGrainStorage", LogLevel.None);
        logging.AddFilter("Orleans.Grain.InvokeException", LogLevel.None);
    }

    /// <summary>The statements are the program's own and were written anew; but somebody had changed them.</summary>
    private static void NoteMended(DamageBoard damages, IReadOnlyList<string> queries)
    {
        foreach (var query in queries)
        {
            damages.Note(
                "OrleansQuery",
                query,
                $"The row '{query}' of the table OrleansQuery was not as this program writes it, and was written anew. "
                    + "Somebody changed the database: stop the node and audit its folder.");
        }
    }

    private static BackgroundService? FirstFailed(IServiceProvider services) =>
        services.GetServices<IHostedService>().OfType<BackgroundService>()
            .FirstOrDefault(s => s.ExecuteTask is { IsCompleted: true, IsCompletedSuccessfully: false });

    private static T? CauseOf<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not null and not T)
        {
            failure = failure.InnerException;
        }

        return (T?)failure;
    }

    private static void ConfigureSilo(ISiloBuilder silo, StorageConnection storage)
    {
        silo.UseLoneSilo(ClusterName);
        silo.AddFederationStorage(storage);
    }

    private static void AddFederation(
        IServiceCollection services,
        NodeFolder folder,
        NodeConfig config,
        NodeIdentity identity,
        PeerCertificate certificate,
        HeldShares shares)
    {
        services.AddKeyedSingleton(FederationClock.Key, TimeProvider.System);
        services.AddSingleton(folder);
        services.AddSingleton(config);
        services.AddSingleton(identity);
        services.AddSingleton(certificate);
        services.AddSingleton(OptionsOf(config));
        services.AddSingleton(new ReceiptOptions());
        services.AddSingleton<RosterBoard>();
        services.AddSingleton<HeadBoard>();
        services.AddSingleton<LinkBoard>();
        services.AddSingleton<LogAppender>();
        services.AddSingleton<IPeerTransport, HttpPeerTransport>();
        services.AddSingleton<PeerEndpoints>();
        services.AddSingleton(_ => shares);
        services.AddSingleton<ITagAllowance, QuotaAllowance>();
        services.AddSingleton<ISellerEvaluator, LocalSellerEvaluator>();
        services.AddSingleton(new QuorumOptions());
        services.AddSingleton<ISellerTags, HolderQuorum>();

        // In this order they start: the list must follow before logs are woken, peers come last.
        // The keys of new epochs are taken before anybody else hears of the roster that opens them.
        services.AddHostedService<NewEpochKeys>();
        services.AddSingleton<MergedList>();
        AddHosted<ListFollower>(services);
        AddHosted<EntryEraser>(services);
        AddHosted<LapseWriter>(services);
        AddHosted<ReplicationDriver>(services);
        services.AddHostedService<StorageProbe>();
        services.AddHostedService<RosterOutbox>();
        services.AddHostedService<LogStarter>();
        AddHosted<SellerStatements>(services);
        AddHosted<EvaluationRecorder>(services);
        AddHosted<CeremonyDriver>(services);
        if (config.PeerListen.Length > 0)
        {
            services.AddSingleton(new PeerHostOptions(IPEndPoint.Parse(config.PeerListen)));
            AddHosted<PeerHost>(services);
        }
    }

    private static ReplicationOptions OptionsOf(NodeConfig config)
    {
        var interval = (long)(config.HeadsSeconds * 1000);
        var defaults = new ReplicationOptions();
        return defaults with
        {
            HeadsInterval = interval,
            LinkTimeout = Math.Max(defaults.LinkTimeout, 3 * interval),
            Outlines = config.OutlineFirst,
        };
    }

    private static void AddHosted<T>(IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
