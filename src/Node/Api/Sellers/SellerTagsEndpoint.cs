using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Api.Sellers;

/// <summary>
/// POST /v1/seller/tags: for programs of the company that have no OPRF of their own. Raw identifiers come into this
/// process, and are neither kept nor logged; what leaves it are blinded points.
/// </summary>
internal static class SellerTagsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.SellerTags, AnswerAsync)
        .WithName("tagSellers")
        .WithSummary("Turns raw seller identifiers into tags.")
        .WithDescription(
            "Each item gets its tags, or an error of its own. Identifiers are blinded in the node and kept nowhere. "
            + "docs/protocol.md, \"Seller tags\".")
        .WithTags("check")
        .Accepts<SellerTagsRequest>("application/json")
        .Produces<SellerTagsResponse>()
        .MayFail(400, 413, 415, 422, 429)
        .Needs(Permission.Ask);

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        RosterBoard roster,
        SharedKeys keys,
        ISellerTags tags,
        SellerTagPlaces places,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        if (!places.TryTake(context))
        {
            return Fault.TooMany.Because($"{Limits.MaxSellerTagRequests} requests for tags are under way already.");
        }

        var body = await RequestBody.ReadAsync<SellerTagsRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (FirstFault(request) is { } fault)
        {
            return Fault.Invalid.Because(fault);
        }

        if (roster.Current is not { } document)
        {
            return Fault.NotReady.Because("No roster was received yet.");
        }

        var epochs = request.Epoch is { } one
            ? SellerKeyEpochs.Only(one)
            : SellerKeyEpochs.Counting(SellerKeyEpochs.Describe(document, clock.GetUtcNow().ToUnixTimeSeconds()));
        try
        {
            return TypedResults.Json(
                new SellerTagsResponse(await TagAsync(request, epochs, Ask(roster, keys, tags), context.RequestAborted)), ApiJson.Options);
        }
        catch (EvaluationRefusedException refused)
        {
            return refused.Problem;
        }
        catch (SellerAnswerException wrong)
        {
            return Fault.KeyHolder.Because(wrong.Message);
        }
    }

    private static string? FirstFault(SellerTagsRequest request)
    {
        if (request.Items.Count is 0 or > Limits.MaxSellerTagItems)
        {
            return $"items must have 1 to {Limits.MaxSellerTagItems} identifiers.";
        }

        if (request.Epoch is < 1 or > SellerScheme.MaxEpoch)
        {
            return $"epoch must be 1 to {SellerScheme.MaxEpoch}.";
        }

        for (var i = 0; i < request.Items.Count; i++)
        {
            if (request.Items[i] is not { } item)
            {
                return $"items[{i}] must not be null.";
            }

            if (item.Id?.Length > Limits.MaxItemId)
            {
                return $"items[{i}].id must be at most {Limits.MaxItemId} characters.";
            }
        }

        return null;
    }

    private static async Task<IReadOnlyList<SellerTagsItem>> TagAsync(
        SellerTagsRequest request, SellerEpochs epochs, SellerEvaluator evaluate, CancellationToken aborted)
    {
        var answers = new SellerTagsItem[request.Items.Count];
        var (sellers, places) = (new List<RawSeller>(), new List<int>());
        for (var i = 0; i < answers.Length; i++)
        {
            var item = request.Items[i];
            if (SellerIdentifierType.TryParse(item.Type, out var type, out var error))
            {
                sellers.Add(new RawSeller(type, item.Value, item.Region));
                places.Add(i);
            }
            else
            {
                answers[i] = new SellerTagsItem(item.Id, [], Fault.Invalid.Because($"items[{i}].type: {error}").ToProblem());
            }
        }

        var tagged = await SellerTagger.TagAsync(evaluate, epochs, sellers, aborted);
        for (var i = 0; i < tagged.Count; i++)
        {
            answers[places[i]] = Describe(request.Items[places[i]].Id, tagged[i]);
        }

        return answers;
    }

    private static SellerTagsItem Describe(string? id, TaggedSeller tagged) => new(
        id,
        [.. tagged.Tags.Select(t => new SellerTagView(t.Scheme.ToString(), t.Tag.ToString()))],
        tagged.Error is not { } error ? null
            : (tagged.LacksKey ? Fault.UnknownSellerKey : Fault.NotCanonical).Because(error).ToProblem());

    private static SellerEvaluator Ask(RosterBoard roster, SharedKeys keys, ISellerTags tags) => async (request, cancel) =>
    {
        var points = request.Blinded.Select(b => new Hash256(Convert.FromBase64String(b))).ToList();
        var answer = await SellerEndpoint.EvaluateAsync(roster, keys, tags, request.Type, request.Epoch, points, cancel);
        return answer.Value
            ?? throw (answer.Problem!.Fault == Fault.UnknownSellerKey
                ? new UnknownSellerKeyException(answer.Problem.Detail)
                : new EvaluationRefusedException(answer.Problem));
    };

    /// <summary>Nothing can be tagged now.</summary>
    private sealed class EvaluationRefusedException(ProblemResult problem) : Exception(problem.Detail)
    {
        public ProblemResult Problem => problem;
    }
}
