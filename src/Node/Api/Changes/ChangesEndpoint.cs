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
            + "expiry changes nothing in the logs and is not reported: compare the times. A page ends with the SHA-256 "
            + "over its bytes before that property. Who keeps a copy of the list begins with a snapshot.")
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
        RosterWatch roster,
        StreamPlaces places,
        LocalApiOptions options,
        [FromQuery, Description("The cursor of the page before, or of a snapshot; left out: from the beginning")] string? after,
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
            return Fault.BadCursor.Because("The cursor is not one that this node gave: start over with a snapshot.");
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
                + "restored from a copy. Start over with a snapshot.");
        }

        if (!streamed)
        {
            return await reader.ReadAsync(cursor, count) is var (page, _) ? new PageResult(page) : Lost();
        }

        if (reader.IsLost(cursor))
        {
            return Lost();
        }

        if (!places.TryTake(context))
        {
            return Fault.TooMany.Because($"{Limits.MaxChangeStreams} streams are open already.");
        }

        return new ChangeStream(reader, follower, roster, options, cursor, count);
    }

    private static ProblemResult Lost() => Fault.CursorLost.Because(
        "It is not known any more what changed since this cursor: the node was started anew, or takes back what does not "
        + "count any more. Take a snapshot and go on from its cursor.");

    /// <summary>Only who names the stream's type gets it: */* means a page.</summary>
    private static bool WantsStream(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(a => a.Quality is not 0
            && a.MediaType.Equals(ChangeStream.ContentType, StringComparison.OrdinalIgnoreCase));

    private sealed class PageResult(ChangesPage page) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var bytes = PageBytes.Write(page);
            httpContext.Response.ContentType = ApiJson.ContentType;
            httpContext.Response.ContentLength = bytes.Length;
            return httpContext.Response.Body.WriteAsync(bytes, httpContext.RequestAborted).AsTask();
        }
    }
}
