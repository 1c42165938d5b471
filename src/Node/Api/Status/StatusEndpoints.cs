using System.Reflection;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Erasure;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Logs;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Peers;
using FederationNode.Node.Sellers;
using Microsoft.AspNetCore.Mvc;

namespace FederationNode.Node.Api.Status;

/// <summary>GET /healthz, /readyz and /v1/status.</summary>
internal static class StatusEndpoints
{
    /// <summary>The program's version.</summary>
    public static readonly string Version =
        typeof(StatusEndpoints).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Health, () => TypedResults.Json(new ProbeResponse("up"), ApiJson.Options))
            .WithName("health")
            .WithSummary("Whether the process is up. No key needed.")
            .WithTags("operate")
            .Produces<ProbeResponse>();
        routes.MapGet(ApiRoutes.Ready, Ready)
            .WithName("ready")
            .WithSummary("Whether the node answers with its list; 503 with the reason while not. No key needed.")
            .WithTags("operate")
            .Produces<ReadyResponse>()
            .MayFail(503);
        routes.MapGet(ApiRoutes.Status, StatusAsync)
            .WithName("status")
            .WithSummary("How the node is doing, and what needs a person.")
            .WithTags("operate")
            .Produces<NodeStatus>()
            .MayFail(400)
            .Needs(Permission.Operate);
    }

    private static IResult Ready(RosterBoard roster, ListFollower follower, DamageBoard damages)
    {
        var damaged = damages.All() is { Count: > 0 } all ? string.Join(' ', all) : null;
        var reason = roster.Current is null
                ? "no roster was received yet: the node waits for its first contact with the secretariat"
            : !follower.IsLoaded ? "the list is still loading from the logs"
            : !follower.IsReady ? "the node is still fetching what the other members held when it started"
            : null;
        return reason is null
            ? TypedResults.Json(new ReadyResponse("ready", damaged), ApiJson.Options)
            : Fault.NotReady.Because($"Not ready: {reason}." + (damaged is null ? "" : $" {damaged}"));
    }

    private static async Task<IResult> StatusAsync(
        HttpContext context,
        NodeIdentity identity,
        RosterBoard roster,
        MergedList list,
        ListFollower follower,
        EntryEraser eraser,
        [FromServices] StorageConnection storage,
        PeerWatch peers,
        PeerTraffic traffic,
        HolderBoard holders,
        LogDirectory logs,
        AlarmRaiser alarms)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var document = roster.Current;
        var current = follower.IsReady ? list.Current : list.Glance;
        var rows = peers.Rows();
        return TypedResults.Json(
            new NodeStatus(
                identity.Coalition,
                identity.Member,
                Running: true,
                Version,
                storage.ToString(),
                document?.Version ?? 0,
                document?.Expires ?? 0,
                follower.IsReady && document is not null,
                current.InForce,
                current.Digest.ToString(),
                rows,
                traffic.Rows(),
                holders.Rows(),
                logs.Rows(arriving: true),
                await alarms.RaiseAsync(rows),
                [.. eraser.Open.Select(e => new ErasureRow(e.Origin, e.Orders, e.First, e.Since, e.Error))]),
            ApiJson.Options);
    }
}
