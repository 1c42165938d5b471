using System.Text;
using FederationNode.Grains.Lists;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// Changes as server-sent events (WHATWG HTML, section 9.2). Each event is one page; its id is the page's cursor. A
/// reader drops an event that is broken off, by the format's own rule. At most one page a reader is in memory: a slow
/// reader slows only itself.
/// </summary>
internal sealed class ChangeStream(
    ChangeReader reader,
    ListFollower follower,
    RosterWatch roster,
    LocalApiOptions options,
    ChangesCursor start,
    int limit) : IResult
{
    public const string ContentType = "text/event-stream";

    public const string EventName = "changes";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        httpContext.Response.ContentType = ContentType;
        httpContext.Response.Headers.CacheControl = "no-store";
        try
        {
            await WriteAsync(httpContext.Response, ": open\n\n"u8.ToArray(), ended.Token);
            await FollowAsync(httpContext.Response, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader left, or the node stops: the reader goes on later from its last id.
        }
    }

    private async Task FollowAsync(HttpResponse response, CancellationToken ended)
    {
        var cursor = start;
        while (true)
        {
            // Asked before reading: what is applied meanwhile ends the wait at once.
            var changed = Task.WhenAny(follower.ChangedAsync(), roster.ChangedAsync());
            if (reader.FirstAhead(cursor) is not null || await reader.ReadAsync(cursor, limit) is not var (page, next))
            {
                // What the reader knows does not lead on any more. It comes back with its last id, and is told so.
                return;
            }

            cursor = next;
            if (page.Changes.Count > 0 || page.Roster is not null)
            {
                await WriteAsync(
                    response,
                    [.. Encoding.ASCII.GetBytes($"event: {EventName}\nid: {page.Cursor}\ndata: "), .. PageBytes.Write(page).Span, .. "\n\n"u8],
                    ended);
            }

            if (!page.More)
            {
                await WaitAsync(response, changed, ended);
            }
        }
    }

    private async Task WaitAsync(HttpResponse response, Task changed, CancellationToken ended)
    {
        while (true)
        {
            try
            {
                await changed.WaitAsync(options.StreamKeepAlive, ended);
                return;
            }
            catch (TimeoutException)
            {
                await WriteAsync(response, ": alive\n\n"u8.ToArray(), ended);
            }
        }
    }

    private static async Task WriteAsync(HttpResponse response, byte[] text, CancellationToken ended)
    {
        await response.Body.WriteAsync(text, ended);
        await response.Body.FlushAsync(ended);
    }
}
