using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Publishing;

/// <summary>POST /v1/listings, /v1/withdrawals, /v1/opinions, /v1/erasures.</summary>
internal static class PublishEndpoints
{
    private const int MostUrgentByDefault = 16;

    private static readonly byte[] BatchMarker = "listings"u8.ToArray();

    public static void Map(IEndpointRouteBuilder routes)
    {
        Describe(routes.MapPost(ApiRoutes.Listings, ListAsync), "publishListings")
            .WithSummary("Publishes one listing, or many together: all or none.")
            .WithDescription(
                "A body with the property \"listings\" is a batch (ListingBatch); any other is one ListingRequest.")
            .Accepts<ListingRequest>("application/json")
            .OrAcceptsMany<ListingBatch>();
        Describe(routes.MapPost(ApiRoutes.Withdrawals, WithdrawAsync), "publishWithdrawal")
            .WithSummary("Takes back this member's own listing of an indicator.")
            .MayFail(409)
            .Accepts<WithdrawalRequest>("application/json");
        Describe(routes.MapPost(ApiRoutes.Opinions, OpineAsync), "publishOpinion")
            .WithSummary("Confirms or disputes the listing of others.")
            .Accepts<OpinionRequest>("application/json");
        Describe(routes.MapPost(ApiRoutes.Erasures, EraseAsync), "publishErasure")
            .WithSummary("Has all that this member's log says of an indicator erased, on every node.")
            .MayFail(409)
            .Accepts<ErasureRequest>("application/json");
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder route, string name) => route
        .WithName(name)
        .WithTags("publish")
        .Produces<PublishResponse>(StatusCodes.Status201Created)
        .Produces<PublishResponse>(StatusCodes.Status200OK)
        .Produces<PublishResponse>(StatusCodes.Status202Accepted)
        .TakesHeader(
            ApiRoutes.IdempotencyHeader,
            Limits.MaxIdempotencyKey,
            "^[!-~]+$",
            "The same request with the same key has one effect, whenever it is repeated.")
        .MayFail(400, 409, 413, 415, 422)
        .Needs(Permission.Curate);

    private static async Task<IResult> ListAsync(
        HttpContext context,
        Publisher publisher,
        PolicyBoard policy,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
    {
        if (HeaderFault(context, out var key) is { } header)
        {
            return header;
        }

        var single = false;
        var body = await RequestBody.ReadOneOrManyAsync<ListingBatch, ListingRequest>(context, BatchMarker, one =>
        {
            single = true;
            return new ListingBatch([one], one.Urgent);
        });
        if (body.Value is not { } batch)
        {
            return body.Problem!;
        }

        if (batch.Listings.Count is 0 or > Limits.MaxAppendEntries)
        {
            return Fault.Invalid.Because(
                $"listings must have 1 to {Limits.MaxAppendEntries} items: send more in parts.");
        }

        if (!publisher.TryFindLog(out var log, out var roster, out var problem))
        {
            return problem;
        }

        var builder = new ListingBuilder(roster, clock.GetUtcNow().ToUnixTimeSeconds());
        var built = new List<BuiltListing>(batch.Listings.Count);
        for (var i = 0; i < batch.Listings.Count; i++)
        {
            var path = single ? "$" : $"listings[{i}]";
            if (batch.Listings[i] is not { } request)
            {
                return Fault.Invalid.Because($"{path} must be an object.");
            }

            if (!builder.TryBuild(request, path, out var listing, out problem))
            {
                return problem;
            }

            built.Add(listing);
        }

        if (SampleFault(built, policy.Current.Sample, single) is { } tooMany)
        {
            return tooMany;
        }

        foreach (var listing in built.Where(l => l.Override is not null))
        {
            publisher.NoteOverride(listing.Payload.Indicator.Id, listing.Override!);
        }

        return await publisher.PublishAsync(context, log, new Publication(
            [.. built.Select(b => b.Payload)],
            [.. built.Select(b => b.Requested)],
            [.. built.Select(b => b.Payload.Indicator.Id)],
            key,
            batch.Urgent ?? built.Count <= MostUrgentByDefault));
    }

    private static async Task<IResult> WithdrawAsync(HttpContext context, Publisher publisher)
    {
        var (request, id, key, wrong) = await ReadAsync<WithdrawalRequest>(context, r => (r.IndicatorId, r.Reason));
        if (request is null)
        {
            return wrong!;
        }

        if (!publisher.TryFindLog(out var log, out _, out var problem))
        {
            return problem;
        }

        var payload = new WithdrawalPayload(id, request.Reason);
        var publication = new Publication([payload], [payload], [id], key);

        // Of a repetition the first time has changed what is listed, so the key is looked up before the refusal.
        return publisher.Lists(id) || await publisher.WasDoneAsync(log, publication)
            ? await publisher.PublishAsync(context, log, publication)
            : Fault.NotListed.Because("This member does not list the indicator: there is nothing to withdraw.");
    }

    private static async Task<IResult> EraseAsync(HttpContext context, Publisher publisher)
    {
        var (request, id, key, wrong) = await ReadAsync<ErasureRequest>(context, r => (r.IndicatorId, r.Reason));
        if (request is null)
        {
            return wrong!;
        }

        if (!publisher.TryFindLog(out var log, out _, out var problem))
        {
            return problem;
        }

        // The oldest first: an older listing must not count again for a moment, nor when there are more than one request takes.
        var entries = publisher.EntriesAbout(id, log).Take(Limits.MaxAppendEntries);
        var publication = new Publication(
            [.. entries.Select(i => new ErasePayload(i, request.Reason))], [new ErasureOf(id, request.Reason)], [id], key);
        return publication.Payloads.Count > 0 ? await publisher.PublishAsync(context, log, publication)
            : await publisher.RepeatAsync(context, log, publication) ?? Fault.NotListed.Because($"The log {log} says nothing of the indicator that is not erased: there is nothing to erase.");
    }

    private static async Task<IResult> OpineAsync(HttpContext context, Publisher publisher, NodeIdentity identity)
    {
        var (request, id, key, wrong) = await ReadAsync<OpinionRequest>(context, r => (r.IndicatorId, r.Reason));
        if (request is null)
        {
            return wrong!;
        }

        if (request.Stance is not (OpinionPayload.Confirm or OpinionPayload.Dispute or OpinionPayload.None))
        {
            return Fault.Invalid.Because("stance must be confirm, dispute or none.");
        }

        if (!publisher.TryFindLog(out var log, out var roster, out var problem))
        {
            return problem;
        }

        if (request.Lister == identity.Member)
        {
            return Fault.OwnListing.Because("lister is this member itself: amend or withdraw the own listing instead.");
        }

        if (request.Lister.Length > 0 && roster.Member(request.Lister) is null)
        {
            return Fault.UnknownMember.Because($"lister names no member of the roster, version {roster.Version}.");
        }

        var payload = new OpinionPayload(id, request.Lister, request.Stance, request.Reason);
        return await publisher.PublishAsync(context, log, new Publication([payload], [payload], [id], key));
    }

    /// <summary>A keyword that hits more of the recorded normal texts than the operator lets it.</summary>
    private static ProblemResult? SampleFault(List<BuiltListing> built, PublishingSample? sample, bool single)
    {
        var tried = built.FindAll(b => b.Override is null && b.Payload.Indicator.Kind == IndicatorKind.Keyword);
        if (sample is null || tried.Count == 0)
        {
            return null;
        }

        var hits = SampleHits.Count([.. tried.Select(b => b.Payload)], sample.Texts);
        for (var i = 0; i < hits.Count; i++)
        {
            if (sample.FaultOf(hits[i].Texts) is { } fault)
            {
                return ListingBuilder.Refusal(single ? "$" : $"listings[{built.IndexOf(tried[i])}]", fault);
            }
        }

        return null;
    }

    /// <summary>Reads what this member says of one indicator, and why; the request is null if something is wrong with it.</summary>
    private static async Task<(T? Request, Hash256 Id, string? Key, ProblemResult? Wrong)> ReadAsync<T>(
        HttpContext context, Func<T, (string IndicatorId, string Reason)> about)
        where T : class
    {
        if (HeaderFault(context, out var key) is { } header)
        {
            return (null, default, key, header);
        }

        var body = await RequestBody.ReadAsync<T>(context);
        if (body.Value is not { } request)
        {
            return (null, default, key, body.Problem);
        }

        var (indicatorId, reason) = about(request);
        return IdOrReasonFault(indicatorId, reason, out var id) is { } fault
            ? (null, id, key, fault)
            : (request, id, key, null);
    }

    private static ProblemResult? HeaderFault(HttpContext context, out string? key)
    {
        key = null;
        return QueryReader.FirstFault(context.Request)
            ?? (IdempotencyKey.TryRead(context.Request, out key, out var problem) ? null : problem);
    }

    private static ProblemResult? IdOrReasonFault(string indicatorId, string reason, out Hash256 id) =>
        !Hash256.TryParseLowerHex(indicatorId, out id)
            ? Fault.Invalid.Because("indicatorId must be 64 lower-case hexadecimal digits.")
        : !Names.IsCode(reason) ? Fault.Invalid.Because("reason must be a code: 1 to 32 of a-z, 0-9 and '-'.")
        : null;
}
