using FederationNode.Contracts;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Changes;
using FederationNode.Node.Api.Checking;
using FederationNode.Node.Api.Feedback;
using FederationNode.Node.Api.Indicators;
using FederationNode.Node.Api.Logs;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Publishing;
using FederationNode.Node.Api.Rosters;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Api.Status;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Node.Peers;
using FederationNode.Node.Policies;
using FederationNode.Node.Sellers;
using FederationNode.Node.Sellers.Ceremonies;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FederationNode.Node.Api;

/// <summary>
/// The local API: what detectors, analysts, operators and auditors of this member call, over HTTP on loopback.
/// docs/protocol.md, "Local API".
/// </summary>
public static class LocalApi
{
    /// <summary>
    /// Registers what the API consists of. Beside it the host must register the silo with the grains' services
    /// (identity, boards, list, appender, storage, the keyed clock), the <see cref="HeldShares"/> and an
    /// <see cref="ISellerTags"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Keys, policy and times.</param>
    /// <exception cref="ArgumentException">A key is empty or has an unknown role.</exception>
    public static IServiceCollection AddLocalApi(this IServiceCollection services, LocalApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton(options);
        var keys = new ApiKeyRing(options);
        services.AddSingleton(_ => keys);
        services.AddSingleton<StorageAlarm>();
        services.AddSingleton(new PolicyBoard(options.PolicyFromFolder ?? NodePolicy.Of(options.Policy)));
        services.AddHostedService<FloodWatch>();
        if (options.Folder is { } folder)
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<PolicyWatch>(provider, folder));
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<WebhookWatch>(provider, folder));
        }

        services.AddSingleton<StreamPlaces>();
        services.AddSingleton<SnapshotPlaces>();
        services.AddSingleton<SnapshotWriter>();
        services.AddSingleton<RosterWatch>();
        services.AddSingleton<CheckStreamPlaces>();
        services.AddSingleton<CheckFormPlaces>();
        services.AddSingleton<SellerTagPlaces>();
        services.AddSingleton<ItemChecker>();
        services.AddSingleton<ListWatch>();
        services.AddSingleton<PictureHasher>();
        services.AddSingleton<BatchCheck>();
        services.AddSingleton<LinesCheck>();
        services.AddSingleton<FormCheck>();
        services.AddSingleton<CheckEndpoint>();
        services.AddSingleton<IndicatorDescriber>();
        services.AddSingleton<ChangeReader>();
        services.AddSingleton<Publisher>();
        services.AddSingleton<RosterPublisher>();
        services.AddSingleton<LogDirectory>();
        services.AddSingleton<AlarmRaiser>();
        services.AddSingleton<HitRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<HitRecorder>());
        services.AddSingleton<TallyRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<TallyRecorder>());
        services.AddSingleton<WebhookSender>();
        services.AddHostedService(provider => provider.GetRequiredService<WebhookSender>());
        services.AddSingleton<SharedKeys>();
        services.AddSingleton<ICeremonyLogs, CeremonyLogs>();
        services.AddSingleton(p => NamedKeys.OfStored(
            p.GetRequiredService<RowStore>(), p.GetRequiredService<NodeIdentity>(), p.GetRequiredService<RosterBoard>()));
        services.AddSingleton<CeremonyBoard>();
        services.AddSingleton<CeremonyPlanner>();
        services.AddSingleton<HolderBoard>();
        services.AddSingleton<QuotaBoard>();
        services.AddSingleton<PeerTraffic>();
        services.AddSingleton<TablesBoard>();
        services.AddSingleton<PeerWatch>();
        CodedBodies.Add(services);
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddOpenApi(OpenApiDescription.DocumentName, OpenApiDescription.Configure);
        return services;
    }

    /// <summary>
    /// Lets the server take request lines that hold the longest cursor, and speak HTTP/1.1 alone: without TLS one port
    /// cannot offer HTTP/2 beside it. Bodies are bounded by the API itself.
    /// </summary>
    /// <param name="server">The server's options.</param>
    public static void ConfigureLocalApi(this KestrelServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(server);
        server.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        server.Limits.MaxRequestLineSize = Limits.MaxCursor + 4096;
        server.Limits.MaxRequestHeadersTotalSize = Limits.MaxCursor + (32 * 1024);
        server.Limits.MaxRequestBufferSize = 1024 * 1024;
    }

    /// <summary>Turns every error into problem details. Comes before all other parts of the pipeline.</summary>
    /// <param name="app">The pipeline.</param>
    public static IApplicationBuilder UseLocalApi(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<ProblemMiddleware>();
        CodedBodies.Use(app);
        return app;
    }

    /// <summary>Adds the routes. Their keys guard all but the probes and the OpenAPI document.</summary>
    /// <param name="routes">The routes of a server that listens on loopback only.</param>
    public static IEndpointRouteBuilder MapLocalApi(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        StatusEndpoints.Map(routes);
        CheckEndpoint.Map(routes);
        PublishEndpoints.Map(routes);
        IndicatorEndpoints.Map(routes);
        ChangesEndpoint.Map(routes);
        SnapshotEndpoint.Map(routes);
        FeedbackEndpoints.Map(routes);
        WebhookEndpoints.Map(routes);
        LogEndpoints.Map(routes);
        RosterEndpoints.Map(routes);
        SellerEndpoint.Map(routes);
        SellerTagsEndpoint.Map(routes);
        SellerKeysEndpoint.Map(routes);
        SellerRetagEndpoint.Map(routes);
        EvaluationsEndpoint.Map(routes);
        CeremonyEndpoints.Map(routes);
        routes.MapOpenApi("/openapi/{documentName}.json");
        return routes;
    }
}
