using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Status;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Checking;

/// <summary>POST /v1/check.</summary>
internal static class CheckEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.Check, CheckAsync)
        .WithName("check")
        .WithSummary("Asks whether texts, image hashes and seller tags are on the list.")
        .WithDescription(
            "A PDQ hash is looked up as given: for a mirrored or turned image, send its other seven hashes as items of "
            + "their own. Each item gets the gravest verdict of its matches.")
        .WithTags("check")
        .Accepts<CheckRequest>("application/json")
        .Produces<CheckResponse>()
        .MayFail(400, 413, 415)
        .Needs(Permission.Ask);

    private static async Task<IResult> CheckAsync(
        HttpContext context,
        ItemChecker checker,
        MergedList list,
        ListFollower follower,
        PeerWatch peers,
        HitRecorder recorder,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<CheckRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (FirstFault(request) is { } fault)
        {
            return fault;
        }

        // The state before the answer: nothing newer than what is said of the list goes unmentioned.
        var current = list.Latest;
        var freshness = peers.Freshness();
        var isStale = freshness.Stale || !follower.IsReady || follower.HeldUp.Count > 0;
        var opened = checker.Open(clock.GetUtcNow().ToUnixTimeSeconds(), isStale);
        var hits = new List<Hash256>();
        var verdicts = request.Items.Select(item => ItemChecker.Check(opened, item, hits)).ToList();
        recorder.Record(hits);
        return TypedResults.Json(
            new CheckResponse(
                verdicts,
                current.Digest.ToString(),
                current.InForce,
                freshness.AgeSeconds,
                isStale),
            ApiJson.Options);
    }

    private static ProblemResult? FirstFault(CheckRequest request)
    {
        if (request.Items.Count is 0 or > Limits.MaxCheckItems)
        {
            return Fault.Invalid.Because($"items must have 1 to {Limits.MaxCheckItems} items.");
        }

        for (var i = 0; i < request.Items.Count; i++)
        {
            if (ItemChecker.FaultOf(request.Items[i]) is { } fault)
            {
                return Fault.Invalid.Because(string.Create(
                    CultureInfo.InvariantCulture, $"items[{i}]{(fault[0] == '.' ? "" : " ")}{fault}."));
            }
        }

        return null;
    }
}
