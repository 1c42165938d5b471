using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Node.Api.Logs;

/// <summary>GET /v1/logs and, below it, each log in the layout of C2SP tlog-tiles.</summary>
internal static class LogEndpoints
{
    private const int OriginParts = 4;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Logs, List)
            .WithName("listLogs")
            .WithSummary("The logs that the node holds.")
            .WithTags("audit")
            .Produces<IReadOnlyList<LogRow>>()
            .MayFail(400)
            .Needs(Permission.Audit);
        routes.MapGet(ApiRoutes.Logs + "/{**path}", ReadAsync)
            .WithName("readLog")
            .WithSummary("A checkpoint or tile of a log: <origin>/checkpoint or <origin>/tile/..., as C2SP tlog-tiles.")
            .WithTags("audit")
            .Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream", "text/plain")
            .MayFail(400, 404)
            .Needs(Permission.Audit);
    }

    private static IResult List(HttpContext context, LogDirectory logs, HeadBoard heads) =>
        QueryReader.FirstFault(context.Request) is { } query ? query
        : heads.IsComplete ? TypedResults.Json(logs.Rows(), ApiJson.Options)
        : StillReading();

    private static async Task<IResult> ReadAsync(
        HttpContext context, string path, HeadBoard heads, DamageBoard damages, IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var parts = path.Split('/');
        var origin = string.Join('/', parts.Take(OriginParts));
        var rest = string.Join('/', parts.Skip(OriginParts));

        // Only logs that are held: asking the grain of any other name would bring it to life.
        if (!Origin.TryParse(origin, out _, out _) || heads.Get(origin) is not { SignedSize: > 0 })
        {
            return damages.HeadOf(origin) is { } damage ? Fault.DamagedRow.Because(damage)
                : !heads.IsComplete ? StillReading() : Fault.NotFound.Because(
                "The node holds no signed log of this name: GET /v1/logs names those that it holds.");
        }

        var log = grains.GetGrain<IMemberLogGrain>(origin);
        if (rest == "checkpoint")
        {
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Bytes((await log.GetStatusAsync()).Checkpoint, "text/plain; charset=utf-8");
        }

        if (!TilePath.TryParse(rest, out var tile, out var error))
        {
            return Fault.NotFound.Because(error);
        }

        if (await log.ReadTileAsync(tile.Level, tile.Number, tile.Width) is not { } bytes)
        {
            return Fault.NotFound.Because("The log has no such tile at its newest checkpoint.");
        }

        // What a hash covers never changes; a payload may be erased.
        context.Response.Headers.CacheControl =
            tile.Level == TilePath.Payloads ? "no-store" : "private, max-age=31536000, immutable";
        return TypedResults.Bytes(bytes, "application/octet-stream");
    }

    /// <summary>An answer without a log that is only still being read would look as if the node had lost it.</summary>
    private static ProblemResult StillReading() =>
        Fault.NotReady.Because("The node is still reading its logs: try again.");
}
