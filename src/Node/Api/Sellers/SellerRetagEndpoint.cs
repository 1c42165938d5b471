using System.Diagnostics.CodeAnalysis;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Publishing;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Api.Sellers;

/// <summary>
/// POST /v1/seller/retag: what this member says of a seller by a tag of one epoch it says again by the tag of a later one.
/// Each new listing refers to the older one. Doing it again changes nothing.
/// </summary>
internal static class SellerRetagEndpoint
{
    private const int MaxItems = 1_000;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.SellerRetag, AnswerAsync)
        .WithName("retagSellers")
        .WithSummary("Lists own sellers anew by their tags of a later epoch.")
        .WithDescription("Each new listing says what the older one says, and refers to it. docs/protocol.md, \"Epochs\".")
        .WithTags("publish")
        .Accepts<SellerRetagRequest>("application/json")
        .Produces<SellerRetagResponse>()
        .MayFail(400, 409, 413, 415, 422)
        .Needs(Permission.Curate);

    private static async Task<IResult> AnswerAsync(
        HttpContext context, Publisher publisher, [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<SellerRetagRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        if (request.Items.Count is 0 or > MaxItems)
        {
            return Fault.Invalid.Because($"items must have 1 to {MaxItems} sellers.");
        }

        if (!publisher.TryFindLog(out var log, out var roster, out var problem))
        {
            return problem;
        }

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var pairs = new List<(Indicator Old, Indicator New)>(request.Items.Count);
        for (var i = 0; i < request.Items.Count; i++)
        {
            if (!TryRead(request.Items[i], $"items[{i}]", roster, now, out var pair, out problem))
            {
                return problem;
            }

            pairs.Add(pair.Value);
        }

        var states = new string[pairs.Count];
        var entries = new Dictionary<Hash256, NewEntry>();
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = StateOf(publisher, log, roster, now, pairs[i], entries);
        }

        if (!request.DryRun && entries.Count > 0
            && await publisher.AppendAsync(context, log, new AppendRequest([.. entries.Values])) is { } refused)
        {
            return refused;
        }

        return TypedResults.Json(new SellerRetagResponse(states), ApiJson.Options);
    }

    private static string StateOf(
        Publisher publisher,
        Origin log,
        RosterDocument roster,
        long now,
        (Indicator Old, Indicator New) pair,
        Dictionary<Hash256, NewEntry> entries)
    {
        if (entries.ContainsKey(pair.New.Id) || publisher.OwnListing(pair.New.Id) is { } there && there.Ends > now)
        {
            return SellerRetagResponse.Already;
        }

        if (publisher.OwnListing(pair.Old.Id) is not { Payload: ListingPayload listing } older || older.Ends <= now)
        {
            return SellerRetagResponse.NotListed;
        }

        var longest = Lifetimes.Of(roster).EndOf(new ListingTerm(pair.New.Kind, pair.New.Scheme, listing.Expires), now);
        var again = listing with { Indicator = pair.New, Expires = longest };
        entries.Add(pair.New.Id, new NewEntry(again.Kind, again.Encode(), older.Origin.Text == log.Text ? older.Index : null));
        return SellerRetagResponse.Retagged;
    }

    private static bool TryRead(
        SellerRetagItem? item,
        string path,
        RosterDocument roster,
        long now,
        [NotNullWhen(true)] out (Indicator Old, Indicator New)? pair,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        pair = null;
        if (item is null)
        {
            problem = Fault.Invalid.Because($"{path} must be an object.");
            return false;
        }

        if (!SellerScheme.TryParse(item.From, out var from, out _) || !SellerScheme.TryParse(item.To, out var to, out _)
            || from.Type != to.Type || from.Epoch >= to.Epoch)
        {
            problem = Fault.Invalid.Because(
                $"{path}.from and {path}.to must be schemes of one type, such as voprf/tel/1 and voprf/tel/2, the second of a later epoch.");
            return false;
        }

        if (!Hash256.TryParseLowerHex(item.Tag, out var tag) || !Hash256.TryParseLowerHex(item.NewTag, out var newTag))
        {
            problem = Fault.Invalid.Because($"{path}.tag and {path}.newTag must be 64 lower-case hexadecimal digits.");
            return false;
        }

        if (roster.SellerKeyOf(to.Type.Name, to.Epoch) is not { } key)
        {
            problem = Fault.UnknownSellerKey.Because($"{path}.to names a key that the roster, version {roster.Version}, does not.");
            return false;
        }

        if (key.Until <= now)
        {
            problem = Fault.Lifetime.Because($"{path}.to: tags of {to} count no more; make them under a later epoch.");
            return false;
        }

        pair = (
            new Indicator(IndicatorKind.Seller, item.From, tag.ToArray()), new Indicator(IndicatorKind.Seller, item.To, newTag.ToArray()));
        problem = null;
        return true;
    }
}
