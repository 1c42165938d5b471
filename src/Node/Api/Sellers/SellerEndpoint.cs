using FederationNode.Contracts.Api;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Sellers;

/// <summary>POST /v1/seller/evaluate.</summary>
internal static class SellerEndpoint
{
    private const int MaxPoints = 4000;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.SellerEvaluate, AnswerAsync)
        .WithName("evaluateSellers")
        .WithSummary("Has blinded seller identifiers evaluated by the key holder.")
        .WithDescription(
            "The caller blinds and finalises: the identifier never reaches this node. "
            + "docs/protocol.md, \"Seller tags\".")
        .WithTags("check")
        .Accepts<SellerEvaluateRequest>("application/json")
        .Produces<SellerEvaluateResponse>()
        .MayFail(400, 413, 415, 422, 429)
        .Needs(Permission.Ask);

    private static async Task<IResult> AnswerAsync(HttpContext context, RosterBoard roster, ISellerTags tags)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<SellerEvaluateRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (request.Blinded.Count is 0 or > MaxPoints)
        {
            return Fault.Invalid.Because($"blinded must have 1 to {MaxPoints} points.");
        }

        var points = new List<byte[]>(request.Blinded.Count);
        foreach (var text in request.Blinded)
        {
            if (!Hash256.TryParseBase64(text, out var point))
            {
                return Fault.Invalid.Because($"blinded[{points.Count}] must be the base64 of 32 bytes.");
            }

            points.Add(point.ToArray());
        }

        var answer = await EvaluateAsync(roster, tags, request.Type, request.Epoch, points, context.RequestAborted);
        return answer.Value is { } value ? TypedResults.Json(value, ApiJson.Options) : answer.Problem!;
    }

    /// <summary>Has points evaluated under the key that the roster names, or says why not.</summary>
    internal static async Task<Parsed<SellerEvaluateResponse>> EvaluateAsync(
        RosterBoard roster, ISellerTags tags, string type, int epoch, List<byte[]> points, CancellationToken aborted) =>
        roster.Current is not { } document ? Fault.NotReady.Because("No roster was received yet.")
            : document.SellerKeys.FirstOrDefault(k => k.Type == type && k.Epoch == epoch) is not { } key
                ? Fault.UnknownSellerKey.Because(
                    $"The roster, version {document.Version}, names no key of this type and epoch.")
            : await AskAsync(tags, key, points, aborted);

    private static async Task<Parsed<SellerEvaluateResponse>> AskAsync(
        ISellerTags tags, SellerKey key, List<byte[]> points, CancellationToken aborted)
    {
        try
        {
            var result = await tags.EvaluateAsync(key.Type, key.Epoch, points, aborted);
            return result.Evaluated.Count != points.Count
                ? Fault.KeyHolder.Because("The key holder's answer does not fit the request.")
                : new SellerEvaluateResponse(
                    [.. result.Evaluated.Select(Convert.ToBase64String)],
                    Convert.ToBase64String(result.Proof),
                    key.PublicKey.ToString());
        }
        catch (PeerException refusal)
        {
            return refusal.Status switch
            {
                StatusCodes.Status422UnprocessableEntity =>
                    Fault.BadPoint.Because("A point is not canonical, or is the identity."),
                StatusCodes.Status429TooManyRequests => Fault.TooMany.Because("The key holder takes no more for now."),
                0 => Fault.KeyHolder.Because("The key holder is out of reach: see the node's status."),
                var status => Fault.KeyHolder.Because($"The key holder refused with status {status}."),
            };
        }
    }
}
