using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Identity;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Rosters;

/// <summary>GET and POST /v1/roster.</summary>
internal static class RosterEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Roster, ShowAsync)
            .WithName("showRoster")
            .WithSummary("The roster in force, as it was signed.")
            .WithTags("audit")
            .Produces<RosterView>()
            .MayFail(400, 404)
            .Needs(Permission.Audit);
        routes.MapPost(ApiRoutes.Roster, PublishAsync)
            .WithName("publishRoster")
            .WithSummary("At the secretariat's node: publishes the next signed roster document.")
            .WithTags("operate")
            .Accepts<RosterRequest>("application/json")
            .Produces<RosterView>(StatusCodes.Status201Created)
            .Produces<RosterView>(StatusCodes.Status200OK)
            .MayFail(400, 409, 413, 415, 422)
            .Needs(Permission.Operate);
    }

    private static async Task<IResult> ShowAsync(HttpContext context, NodeIdentity identity, IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var current = await grains.GetGrain<IRosterGrain>(identity.Coalition).GetAsync();
        return current.Version > 0
            ? TypedResults.Json(new RosterView(current.Version, Encoding.UTF8.GetString(current.Note)), ApiJson.Options)
            : Fault.NotFound.Because("No roster was received yet.");
    }

    private static async Task<IResult> PublishAsync(HttpContext context, RosterPublisher publisher)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<RosterRequest>(context);
        return body.Value is { } request
            ? await publisher.PublishAsync(request.Note, context.RequestAborted)
            : body.Problem!;
    }
}
