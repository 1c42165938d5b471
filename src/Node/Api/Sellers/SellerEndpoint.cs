using FederationNode.Contracts.Api;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Api.Sellers;

/// <summary>POST /v1/seller/evaluate.</summary>
internal static class SellerEndpoint
{
    private const int MaxPoints = 4000;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.SellerEvaluate, AnswerAsync)
        .WithName("evaluateSellers")
        .WithSummary("Has blinded seller identifiers evaluated by the key holders.")
        .WithDescription(
            "The caller blinds and finalises: the identifier never reaches this node. "
            + "docs/protocol.md, \"Seller tags\".")
        .WithTags("check")
        .Accepts<SellerEvaluateRequest>("application/json")
        .Produces<SellerEvaluateResponse>()
        .MayFail(400, 413, 415, 422, 429)
        .Needs(Permission.Ask);

    private static async Task<IResult> AnswerAsync(HttpContext context, RosterBoard roster, SharedKeys keys, ISellerTags tags)
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

        var points = new List<Hash256>(request.Blinded.Count);
        foreach (var text in request.Blinded)
        {
            if (!Hash256.TryParseBase64(text, out var point))
            {
                return Fault.Invalid.Because($"blinded[{points.Count}] must be the base64 of 32 bytes.");
            }

            points.Add(point);
        }

        var answer = await EvaluateAsync(roster, keys, tags, request.Type, request.Epoch, points, context.RequestAborted);
        return answer.Value is { } value ? TypedResults.Json(value, ApiJson.Options) : answer.Problem!;
    }

    /// <summary>Has points evaluated under the key that the roster names, or says why not.</summary>
    internal static async Task<Parsed<SellerEvaluateResponse>> EvaluateAsync(
        RosterBoard roster,
        SharedKeys keys,
        ISellerTags tags,
        string type,
        int epoch,
        IReadOnlyList<Hash256> points,
        CancellationToken aborted)
    {
        if (roster.Current is null)
        {
            return Fault.NotReady.Because("No roster was received yet.");
        }

        if (!keys.TryGet(type, epoch, out var key, out var error))
        {
            return Fault.UnknownSellerKey.Because(error);
        }

        var blinded = new RistrettoPoint[points.Count];
        for (var i = 0; i < blinded.Length; i++)
        {
            if (!RistrettoPoint.TryDecode(points[i].Span, out blinded[i], out error))
            {
                return Fault.BadPoint.Because($"blinded[{i}]: {error}");
            }
        }

        try
        {
            var result = await tags.EvaluateAsync(key, blinded, aborted);
            return new SellerEvaluateResponse(
                [.. result.Evaluated.Select(p => Convert.ToBase64String(p.Span))], key.PublicKey.ToString(), result.Holders);
        }
        catch (HoldersMissingException missing)
        {
            return missing.RetryAfter is { } wait
                ? (Fault.TooMany with { RetryAfter = (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, int.MaxValue) })
                    .Because(missing.Message)
                : Fault.KeyHolder.Because(missing.Message);
        }
    }
}
