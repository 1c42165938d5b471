using System.Collections.Concurrent;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using Microsoft.Net.Http.Headers;

namespace FederationNode.Node.Peers;

/// <content>What all routes have in common: who asks, how much, in what form; faults; the log.</content>
public sealed partial class PeerEndpoints
{
    private const int MaxRequestsPerMember = 16;

    private static readonly TimeSpan s_busyRetry = TimeSpan.FromSeconds(1);

    // Keyed by names that the roster vouches for, so it stays as small as the coalition.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _places = new(StringComparer.Ordinal);

    private delegate Task<PeerAnswer> Handler<in T>(string member, T message, CancellationToken cancellationToken);

    private void MapPost<T>(
        IEndpointRouteBuilder routes,
        string route,
        int maxBody,
        PeerBodyReader<T> read,
        Handler<T> handle,
        Action<string, HttpContext>? withHeaders = null)
        where T : class =>
        routes.MapPost(route, (RequestDelegate)(context => ServeAsync(context, async (member, _) =>
        {
            var (message, refusal) = await ReadBodyAsync(context, maxBody, read);
            if (refusal is null)
            {
                withHeaders?.Invoke(member, context);
            }

            return refusal ?? await handle(member, message!, context.RequestAborted);
        })));

    private void MapGet(
        IEndpointRouteBuilder routes, string pattern, Func<string, HttpContext, Task<PeerAnswer>> handle) =>
        routes.MapGet(pattern, (RequestDelegate)(context => ServeAsync(context, async (_, values) =>
        {
            var text = $"{values["coalition"]}/{values["member"]}/{values["log"]}/{values["epoch"]}";
            return Origin.TryParse(text, out var origin, out var error)
                ? await handle(origin.Text, context)
                : PeerAnswer.Problem(StatusCodes.Status404NotFound, error);
        })));

    /// <summary>The one way through which every request goes.</summary>
    private async Task ServeAsync(HttpContext context, Func<string, RouteValueDictionary, Task<PeerAnswer>> handle)
    {
        // Asked anew each time: the handshake may be older than the roster.
        if (context.Connection.ClientCertificate is not { } certificate
            || roster.PeerByPin(PeerCertificate.PinOf(certificate)) is not { Name: var member })
        {
            LogStranger(context.Connection.RemoteIpAddress);
            var refusal = PeerAnswer.Problem(
                StatusCodes.Status403Forbidden, "The roster in force here names no active member with this TLS key.");
            await refusal.WriteAsync(context);
            return;
        }

        var places = _places.GetOrAdd(member, _ => new SemaphoreSlim(MaxRequestsPerMember));
        if (!places.Wait(0, CancellationToken.None))
        {
            await TooMany().WriteAsync(context);
            return;
        }

        try
        {
            var answer = await AnswerAsync(context, member, handle);
            if (answer.Detail is not null)
            {
                var path = PeerText.Clean(context.Request.Path);
                LogRefused(member, context.Request.Method, path, answer.Status, answer.Detail);
            }

            await answer.WriteAsync(context);
        }
        catch (Exception gone) when (context.RequestAborted.IsCancellationRequested
            && gone is OperationCanceledException or IOException)
        {
            LogGone(member);
        }
        finally
        {
            places.Release();
        }
    }

    private static PeerAnswer TooMany() => PeerAnswer.Problem(
        StatusCodes.Status429TooManyRequests, $"At most {MaxRequestsPerMember} requests at the same time.") with
    {
        RetryAfter = s_busyRetry,
    };

    private async Task<PeerAnswer> AnswerAsync(
        HttpContext context, string member, Func<string, RouteValueDictionary, Task<PeerAnswer>> handle)
    {
        try
        {
            return await handle(member, context.Request.RouteValues);
        }
        catch (BadHttpRequestException fault)
        {
            return PeerAnswer.Problem(fault.StatusCode, fault.Message);
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException or StorageException)
        {
            LogFailed(member, failure);
            return PeerAnswer.Problem(StatusCodes.Status503ServiceUnavailable, "The node cannot answer now.") with
            {
                RetryAfter = s_storageRetry,
            };
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(member, failure);
            return PeerAnswer.Problem(StatusCodes.Status500InternalServerError, "The node failed; its log says why.");
        }
    }

    private static async Task<(T? Message, PeerAnswer? Refusal)> ReadBodyAsync<T>(
        HttpContext context, int maxBody, PeerBodyReader<T> read)
        where T : class
    {
        var request = context.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals(PeerRoutes.ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return (null, PeerAnswer.Problem(
                StatusCodes.Status415UnsupportedMediaType, $"The body must be {PeerRoutes.ContentType}."));
        }

        if (request.ContentLength > maxBody
            || await BoundedBody.ReadAsync(request.Body, maxBody, context.RequestAborted) is not { } body)
        {
            return (null, PeerAnswer.Problem(
                StatusCodes.Status413PayloadTooLarge, $"The body of this request has at most {maxBody} bytes."));
        }

        return PeerBody.TryDecode(body, read, out var message, out var error)
            ? (message, null)
            : (null, PeerAnswer.Problem(StatusCodes.Status400BadRequest, error));
    }

    [LoggerMessage(1, LogLevel.Information, "{Member} was refused {Method} {Path}: {Status}, {Detail}")]
    private partial void LogRefused(string member, string method, string path, int status, string detail);

    [LoggerMessage(2, LogLevel.Warning, "A request of {Member} failed.")]
    private partial void LogFailed(string member, Exception failure);

    [LoggerMessage(3, LogLevel.Information, "{Address} was refused: its TLS key is no longer an active member's.")]
    private partial void LogStranger(System.Net.IPAddress? address);

    [LoggerMessage(4, LogLevel.Debug, "{Member} went away before it was answered.")]
    private partial void LogGone(string member);
}
