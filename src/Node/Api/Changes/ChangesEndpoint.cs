using System.ComponentModel;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace FederationNode.Node.Api.Changes;

/// <summary>GET /v1/changes, as a page or as server-sent events.</summary>
internal static class ChangesEndpoint
{
    private const string LastEventId = "Last-Event-ID";

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(ApiRoutes.Changes, ChangesAsync)
        .WithName("changes")
        .WithSummary("What changed after a cursor: a page, or with Accept: text/event-stream a stream that goes on.")
        .WithDescription(
            "Each event is a page, and its id the cursor after it; send the last one as Last-Event-ID to go on. An "
            + "expiry changes nothing in the logs and is not reported: compare the times.")
        .WithTags("list")
        .TakesHeader(
            LastEventId,
            Limits.MaxCursor,
            "^[A-Za-z0-9_-]+$",
            "For a stream: the id of the last event that was read. Goes before the parameter after.")
        .Produces<ChangesPage>(StatusCodes.Status200OK, "application/json", ChangeStream.ContentType)
        .MayFail(400, 409, 429)
        .Needs(Permission.Ask);

    private static async Task<IResult> ChangesAsync(
        HttpContext context,
        ChangeReader reader,
        ListFollower follower,
        StreamPlaces places,
        LocalApiOptions options,
        [FromQuery, Description("The cursor of the page before; left out: from the beginning")] string? after,
        [FromQuery, Description("Rows of a page, 1 to 1,000; 100 if left out")] string? limit)
    {
        if (QueryReader.FirstFault(context.Request, "after", "limit") is { } query)
        {
            return query;
        }

        if (!QueryReader.TryReadLimit(limit, out var count))
        {
            return QueryReader.BadLimit();
        }

        var streamed = WantsStream(context.Request);
        var text = streamed && context.Request.Headers[LastEventId] is [{ Length: > 0 } last] ? last : after;
        if (!ChangesCursor.TryParse(text, out var cursor))
        {
            return Fault.BadCursor.Because("The cursor is not one that this route gave: start over without it.");
        }

        if (!follower.IsLoaded)
        {
            // While the logs load, every cursor would seem to be ahead of them.
            return Fault.NotReady.Because("The list is still loading: see /readyz.");
        }

        if (reader.FirstAhead(cursor) is { } origin)
        {
            return Fault.CursorAhead.Because(
                $"The cursor has read more of {origin} than this node holds: it is of another node, or this one was "
                + "restored from a copy. Start over without a cursor.");
        }

        if (!streamed)
        {
            return TypedResults.Json((await reader.ReadAsync(cursor, count)).Page, ApiJson.Options);
        }

        if (!places.TryTake())
        {
            return Fault.TooMany.Because($"{Limits.MaxChangeStreams} streams are open already.");
        }

        context.Response.OnCompleted(() =>
        {
            places.Return();
            return Task.CompletedTask;
        });
        return new ChangeStream(reader, follower, options, cursor, count);
    }

    /// <summary>Only who names the stream's type gets it: */* means a page.</summary>
    private static bool WantsStream(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(a => a.Quality is not 0
            && a.MediaType.Equals(ChangeStream.ContentType, StringComparison.OrdinalIgnoreCase));
}
