using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Api.Sellers;

/// <summary>GET /v1/seller/keys: under which keys a program that blinds for itself should ask for tags.</summary>
internal static class SellerKeysEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(ApiRoutes.SellerKeys, Answer)
        .WithName("listSellerKeys")
        .WithSummary("The keys for seller tags that the roster names, and which of them count.")
        .WithTags("check")
        .Produces<SellerKeysResponse>()
        .MayFail(400)
        .Needs(Permission.Ask);

    private static IResult Answer(
        HttpContext context, RosterBoard roster, [FromKeyedServices(FederationClock.Key)] TimeProvider clock) =>
        QueryReader.FirstFault(context.Request) is { } query ? query
        : roster.Current is not { } document ? Fault.NotReady.Because("No roster was received yet.")
        : TypedResults.Json(SellerKeyEpochs.Describe(document, clock.GetUtcNow().ToUnixTimeSeconds()), ApiJson.Options);
}
