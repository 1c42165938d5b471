using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>GET /v1/webhooks, POST /v1/webhooks/{name}/replay.</summary>
internal static class WebhookEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Webhooks, Show)
            .WithName("showWebhooks")
            .WithSummary("How it goes with the webhooks of webhooks.json, and what they would not take.")
            .WithTags("operate")
            .Produces<IReadOnlyList<WebhookStatus>>()
            .MayFail(400)
            .Needs(Permission.Operate);
        routes.MapPost(ApiRoutes.Webhooks + "/{name}/replay", Replay)
            .WithName("replayWebhook")
            .WithSummary("Goes back to before the oldest batch that was given up, and tells everything since again.")
            .WithTags("operate")
            .Produces<WebhookStatus>()
            .MayFail(400, 404, 409)
            .Needs(Permission.Operate);
    }

    private static IResult Show(HttpContext context, WebhookSender sender) =>
        QueryReader.FirstFault(context.Request) is { } query
            ? query
            : TypedResults.Json<IReadOnlyList<WebhookStatus>>([.. sender.Runs.Select(r => r.Status)], ApiJson.Options);

    private static IResult Replay(HttpContext context, string name, WebhookSender sender) =>
        QueryReader.FirstFault(context.Request) is { } query ? query
        : sender.Runs.FirstOrDefault(r => r.Name == name) is not { } run
            ? Fault.NotFound.Because("webhooks.json names no such webhook.")
        : !run.Replay() ? Fault.NothingToReplay.Because("No batch for this webhook was given up.")
        : TypedResults.Json(run.Status, ApiJson.Options);
}
