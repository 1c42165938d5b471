using System.ComponentModel;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Indicators;
using FederationNode.Grains.Indicators;
using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace FederationNode.Node.Api.Indicators;

/// <summary>GET /v1/indicators, GET /v1/indicators/{id}, PUT /v1/indicators/{id}/note.</summary>
internal static class IndicatorEndpoints
{
    /// <summary>Indicators looked at for a page: a rare filter gives a short page and a cursor, no long wait.</summary>
    private const int MaxScan = 20_000;

    private const int MaxQuery = 200;

    private static readonly string[] Parameters = ["kind", "category", "member", "state", "q", "after", "limit"];

    private static readonly string[] States =
        [IndicatorDescriber.Listed, IndicatorDescriber.Withdrawn, IndicatorDescriber.Expired];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Indicators, List)
            .WithName("listIndicators")
            .WithSummary("A page of the merged list, in the order of the indicators' ids.")
            .WithTags("list")
            .Produces<IndicatorPage>()
            .MayFail(400)
            .Needs(Permission.Curate);
        routes.MapGet(ApiRoutes.Indicators + "/{id}", ShowAsync)
            .WithName("showIndicator")
            .WithSummary("One indicator, with a signed document for every statement about it.")
            .WithTags("list")
            .Produces<IndicatorDetail>()
            .MayFail(400, 404)
            .Needs(Permission.Curate);
        routes.MapPut(ApiRoutes.Indicators + "/{id}/note", NoteAsync)
            .WithName("noteIndicator")
            .WithSummary("Replaces the analysts' own note, which never leaves the node.")
            .WithTags("list")
            .Accepts<NoteRequest>("application/json")
            .Produces<LocalSummary>()
            .MayFail(400, 404, 413, 415)
            .Needs(Permission.Curate);
    }

    private static IResult List(
        HttpContext context,
        MergedList list,
        ListFollower follower,
        IndicatorDescriber describer,
        [FromQuery, Description("keyword, seller, image-pdq or image-sha256")] string? kind,
        [FromQuery, Description("Category of a listing")] string? category,
        [FromQuery, Description("A member with a statement about the indicator")] string? member,
        [FromQuery, Description("listed, withdrawn or expired")] string? state,
        [FromQuery, Description("Words of a keyword, or the first digits of another value")] string? q,
        [FromQuery, Description("The cursor of the page before")] string? after,
        [FromQuery, Description("Rows, 1 to 1,000; 100 if left out")] string? limit)
    {
        if (QueryReader.FirstFault(context.Request, Parameters) is { } query)
        {
            return query;
        }

        if (!QueryReader.TryReadLimit(limit, out var count))
        {
            return QueryReader.BadLimit();
        }

        if (ValueFault(kind, category, member, state, q) is { } fault)
        {
            return Fault.Invalid.Because(fault);
        }

        Hash256 from = default;
        if (!string.IsNullOrEmpty(after) && !Hash256.TryParseLowerHex(after, out from))
        {
            return Fault.BadCursor.Because("after is not a cursor of this route: start over without it.");
        }

        return follower.IsLoaded
            ? TypedResults.Json(
                Scan(
                    list,
                    describer,
                    new IndicatorFilter(kind, category, member, state, q),
                    string.IsNullOrEmpty(after) ? null : from,
                    count),
                ApiJson.Options)
            : NotReady();
    }

    private static string? ValueFault(string? kind, string? category, string? member, string? state, string? q) =>
        kind is not null && !Names.IsCode(kind) ? "kind must be a code, such as keyword."
        : category is not null && !Names.IsCode(category) ? "category must be a code, such as ivory."
        : member is not null && !Names.IsName(member) ? "member must be a member's name."
        : state is not null && !States.Contains(state) ? $"state must be one of {string.Join(", ", States)}."
        : q is { Length: 0 or > MaxQuery } ? $"q must have 1 to {MaxQuery} characters."
        : null;

    private static IndicatorPage Scan(
        MergedList list, IndicatorDescriber describer, IndicatorFilter filter, Hash256? after, int limit)
    {
        var now = describer.Now;
        var items = new List<IndicatorSummary>();
        for (var scanned = 0; scanned < MaxScan;)
        {
            var states = list.Page(after, Limits.MaxPage);
            foreach (var state in states)
            {
                if (filter.Matches(state, now))
                {
                    items.Add(describer.Summarise(state, now));
                }

                after = state.Id;
                if (items.Count == limit)
                {
                    return new IndicatorPage(items, after.ToString());
                }
            }

            scanned += states.Count;
            if (states.Count == 0)
            {
                return new IndicatorPage(items, null);
            }
        }

        return new IndicatorPage(items, after.ToString());
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context,
        string id,
        MergedList list,
        ListFollower follower,
        IndicatorDescriber describer,
        IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        if (!TryFind(list, follower, id, out var state, out var problem))
        {
            return problem!;
        }

        var grain = grains.GetGrain<IIndicatorGrain>(id);
        var statements = await grain.GetEvidenceAsync();
        var local = await grain.GetLocalAsync();
        return TypedResults.Json(
            new IndicatorDetail(
                describer.Summarise(state!),
                [.. statements.Select(s => describer.Describe(s))],
                new LocalSummary(local.Note, local.Hits, local.LastHit)),
            ApiJson.Options);
    }

    private static async Task<IResult> NoteAsync(
        HttpContext context, string id, MergedList list, ListFollower follower, IGrainFactory grains)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<NoteRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (request.Note.Length > IndicatorGrain.MaxNote)
        {
            return Fault.Invalid.Because($"note must have at most {IndicatorGrain.MaxNote} characters.");
        }

        if (!TryFind(list, follower, id, out _, out var problem))
        {
            return problem!;
        }

        var grain = grains.GetGrain<IIndicatorGrain>(id);
        await grain.SetNoteAsync(request.Note);
        var local = await grain.GetLocalAsync();
        return TypedResults.Json(new LocalSummary(local.Note, local.Hits, local.LastHit), ApiJson.Options);
    }

    private static bool TryFind(
        MergedList list,
        ListFollower follower,
        string id,
        out Protocol.Merge.IndicatorState? state,
        out ProblemResult? problem)
    {
        state = null;
        problem = !Hash256.TryParseLowerHex(id, out var hash)
            ? Fault.Invalid.Because("An indicator's id is 64 lower-case hexadecimal digits.")
            : !follower.IsLoaded ? NotReady()
            : list.TryGet(hash, out state) ? null
            : Fault.NotFound.Because("Nobody says anything about this indicator.");
        return problem is null;
    }

    private static ProblemResult NotReady() => Fault.NotReady.Because("The list is still loading: see /readyz.");
}
