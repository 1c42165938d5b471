using System.Text;
using System.Text.Json;
using FederationNode.Grains.Lists;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// Changes as server-sent events (WHATWG HTML, section 9.2). Each event is one page; its id is the page's cursor. A
/// reader drops an event that is broken off, by the format's own rule. At most one page a reader is in memory: a slow
/// reader slows only itself.
/// </summary>
internal sealed class ChangeStream(
    ChangeReader reader, ListFollower follower, LocalApiOptions options, ChangesCursor start, int limit) : IResult
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
            await WriteAsync(httpContext.Response, ": open\n\n", ended.Token);
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
            var changed = follower.ChangedAsync();
            var (page, next) = await reader.ReadAsync(cursor, limit);
            cursor = next;
            if (page.Changes.Count > 0)
            {
                var json = JsonSerializer.Serialize(page, ApiJson.Options);
                await WriteAsync(response, $"event: {EventName}\nid: {page.Cursor}\ndata: {json}\n\n", ended);
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
                await WriteAsync(response, ": alive\n\n", ended);
            }
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken ended)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), ended);
        await response.Body.FlushAsync(ended);
    }
}

/// <summary>Holds a place among the streams that may be open at the same time.</summary>
internal sealed class StreamPlaces : IDisposable
{
    private readonly SemaphoreSlim _free = new(Contracts.Limits.MaxChangeStreams);

    public bool TryTake() => _free.Wait(0);

    public void Return() => _free.Release();

    public void Dispose() => _free.Dispose();
}
