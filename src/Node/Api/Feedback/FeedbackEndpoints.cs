using System.ComponentModel;
using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Indicators;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Publishing;
using FederationNode.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace FederationNode.Node.Api.Feedback;

/// <summary>POST /v1/feedback, GET /v1/queue, POST /v1/queue/{number}.</summary>
internal static class FeedbackEndpoints
{
    private const int MaxIndicators = 100;
    private const int MaxNote = 2000;
    private const long MaxCount = 1_000_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(ApiRoutes.Feedback, TakeAsync)
            .WithName("giveFeedback")
            .WithSummary("Says what became of a match: counts for the day's tally, or something for a person to look at.")
            .WithTags("feedback")
            .Accepts<FeedbackRequest>("application/json")
            .Produces<FeedbackResponse>()
            .TakesHeader(
                ApiRoutes.IdempotencyHeader,
                Limits.MaxIdempotencyKey,
                "^[!-~]+$",
                "The same feedback with the same key counts once; the last 512 keys are remembered.")
            .MayFail(400, 404, 413, 415, 422, 429)
            .Needs(Permission.Ask);
        routes.MapGet(ApiRoutes.Queue, ReadAsync)
            .WithName("readQueue")
            .WithSummary("What detectors say a person should look at, the newest first.")
            .WithTags("feedback")
            .Produces<QueuePage>()
            .MayFail(400)
            .Needs(Permission.Curate);
        routes.MapPost(ApiRoutes.Queue + "/{number}", DecideAsync)
            .WithName("decideQueued")
            .WithSummary("Says that an item of the queue is resolved, dismissed or open again.")
            .WithTags("feedback")
            .Accepts<QueueDecision>("application/json")
            .Produces<QueueEntry>()
            .MayFail(400, 404, 413, 415)
            .Needs(Permission.Curate);
    }

    private static async Task<IResult> TakeAsync(
        HttpContext context,
        MergedList list,
        ListFollower follower,
        IndicatorDescriber describer,
        NodeIdentity identity,
        IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        if (!IdempotencyKey.TryRead(context.Request, out var key, out var header))
        {
            return header!;
        }

        var body = await RequestBody.ReadAsync<FeedbackRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (FaultOf(request) is { } fault)
        {
            return Fault.Invalid.Because(fault);
        }

        if (!follower.IsLoaded)
        {
            return Fault.NotReady.Because("The list is still loading: see /readyz.");
        }

        var categories = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < request.IndicatorIds.Count; i++)
        {
            if (!Hash256.TryParseLowerHex(request.IndicatorIds[i], out var id) || !list.TryGet(id, out var state))
            {
                return Fault.NotFound.Because(
                    string.Create(CultureInfo.InvariantCulture, $"Nobody says anything about indicatorIds[{i}]."));
            }

            if (describer.Summarise(state).Category is { Length: > 0 } category)
            {
                categories.Add(category);
            }
        }

        var taken = await grains.GetGrain<IFeedbackGrain>(identity.Member).TakeAsync(new FeedbackNote(
            request.Outcome, request.IndicatorIds, [.. categories], request.ItemId, request.Note, request.Count, describer.Now, key));
        return taken.Refusal switch
        {
            FeedbackRefusal.KeyReused => Fault.KeyReused.Because(
                "This idempotency key was used for other feedback: take a new one for each."),
            FeedbackRefusal.QueueFull => Fault.TooMany.Because(
                "The queue is full of items that nobody has looked at: resolve or dismiss some first."),
            _ => TypedResults.Json(new FeedbackResponse(taken.Repeated, taken.Number), ApiJson.Options),
        };
    }

    private static string? FaultOf(FeedbackRequest request) =>
        !FeedbackOutcome.All.Contains(request.Outcome) ? $"outcome must be one of {string.Join(", ", FeedbackOutcome.All)}."
        : request.IndicatorIds.Count is 0 or > MaxIndicators || request.IndicatorIds.Any(i => i is null || !Hash256.TryParseLowerHex(i, out _))
            ? $"indicatorIds must have 1 to {MaxIndicators} ids of 64 lower-case hexadecimal digits."
        : request.ItemId is { Length: 0 or > Limits.MaxItemId } ? $"itemId must have 1 to {Limits.MaxItemId} characters, or be null."
        : request.Note.Length > MaxNote ? $"note must have at most {MaxNote} characters."
        : request.Count is < 1 or > MaxCount ? $"count must be 1 to {MaxCount}."
        : request.Count > 1 && FeedbackOutcome.IsQueued(request.Outcome) ? "count must be 1 for what a person is to look at."
        : null;

    private static async Task<IResult> ReadAsync(
        HttpContext context,
        NodeIdentity identity,
        IGrainFactory grains,
        [FromQuery, Description("open, resolved or dismissed; left out: all")] string? state,
        [FromQuery, Description("next of the page before")] string? after,
        [FromQuery, Description("Rows, 1 to 1,000; 100 if left out")] string? limit)
    {
        if (QueryReader.FirstFault(context.Request, "state", "after", "limit") is { } query)
        {
            return query;
        }

        if (!QueryReader.TryReadLimit(limit, out var count))
        {
            return QueryReader.BadLimit();
        }

        if (state is not null && !QueueState.All.Contains(state))
        {
            return Fault.Invalid.Because($"state must be one of {string.Join(", ", QueueState.All)}.");
        }

        if (!TryReadNumber(after, out var before))
        {
            return Fault.BadCursor.Because("after is not a cursor of this route: start over without it.");
        }

        var items = await grains.GetGrain<IFeedbackGrain>(identity.Member).ReadQueueAsync(before, state, count);
        return TypedResults.Json(
            new QueuePage(
                [.. items.Select(Describe)],
                items.Count == count ? items[^1].Number.ToString(CultureInfo.InvariantCulture) : null),
            ApiJson.Options);
    }

    private static async Task<IResult> DecideAsync(
        HttpContext context, string number, NodeIdentity identity, IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<QueueDecision>(context);
        if (body.Value is not { } decision)
        {
            return body.Problem!;
        }

        return !QueueState.All.Contains(decision.State)
                ? Fault.Invalid.Because($"state must be one of {string.Join(", ", QueueState.All)}.")
            : TryReadNumber(number, out var its) && its is { } known
                && await grains.GetGrain<IFeedbackGrain>(identity.Member).SetStateAsync(known, decision.State) is { } item
                ? TypedResults.Json(Describe(item), ApiJson.Options)
            : Fault.NotFound.Because("The queue has no item of this number.");
    }

    private static bool TryReadNumber(string? text, out long? number)
    {
        number = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var read);
        number = read;
        return isNumber;
    }

    private static QueueEntry Describe(QueuedItem item) =>
        new(item.Number, item.Outcome, item.State, item.IndicatorIds, item.ItemId, item.Note, item.At);
}
