using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Changes;

/// <summary>GET /v1/snapshot.</summary>
internal static class SnapshotEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(ApiRoutes.Snapshot, Snapshot)
        .WithName("snapshot")
        .WithSummary("The whole list as lines of JSON, and the cursor to go on with at /v1/changes.")
        .WithDescription(
            "The first line is a SnapshotHeader, the last one a SnapshotEnd with the number of the lines between and the "
            + "SHA-256 over all bytes before it; each line between is an IndicatorSummary. An answer without the last "
            + "line is broken off. Who applies the lines and then the changes after the cursor has the node's list.")
        .WithTags("list")
        .Produces<SnapshotHeader>(StatusCodes.Status200OK, LinesOfJson.ContentType)
        .WithShapes(
            LinesOfJson.ContentType, [], [typeof(SnapshotHeader), typeof(IndicatorSummary), typeof(SnapshotEnd)])
        .MayFail(400, 429)
        .Needs(Permission.Ask);

    private static IResult Snapshot(
        HttpContext context, SnapshotWriter writer, ListFollower follower, RosterBoard roster, SnapshotPlaces places) =>
        QueryReader.FirstFault(context.Request) is { } query ? query
        : !follower.IsLoaded || roster.Current is not { } document
            ? Fault.NotReady.Because("The list is still loading: see /readyz.")
        : !places.TryTake(context) ? Fault.TooMany.Because($"{Limits.MaxSnapshots} snapshots are under way already.")
        : new SnapshotResult(writer, document);

    private sealed class SnapshotResult(SnapshotWriter writer, RosterDocument document) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
            httpContext.Response.ContentType = LinesOfJson.ContentType;
            httpContext.Response.Headers.CacheControl = "no-store";
            try
            {
                await writer.WriteAsync(httpContext.Response.BodyWriter, document, ended.Token);
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // It must not look whole, although the last line is missing anyhow.
                httpContext.Abort();
            }
        }
    }
}
