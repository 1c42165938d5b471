using FederationNode.Contracts.Peers;
using MessagePack;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace FederationNode.Node.Peers;

/// <summary>What a peer is answered: a status, and a body with its content type and cache rule.</summary>
internal sealed record PeerAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>The content type of errors (RFC 9457).</summary>
    public const string ProblemType = "application/problem+json";

    private const string NoStore = "no-store";

    /// <summary>What was wrong, or null; also goes to the log.</summary>
    public string? Detail { get; private init; }

    /// <summary>Cache-Control; nothing is stored unless said otherwise.</summary>
    public string CacheControl { get; init; } = NoStore;

    /// <summary>When to try again, in whole seconds from 1; null: not said.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A message of the protocol.</summary>
    public static PeerAnswer Message<T>(T message, int status = StatusCodes.Status200OK) =>
        new(status, PeerRoutes.ContentType, MessagePackSerializer.Serialize(message));

    /// <summary>An error, as RFC 9457 problem details without a type of its own.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="detail">What is wrong and what to do.</param>
    public static PeerAnswer Problem(int status, string detail) => new(status, ProblemType, default)
    {
        Detail = PeerText.Clean(detail),
    };

    /// <summary>Writes the answer.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.Headers[HeaderNames.CacheControl] = CacheControl;
        if (RetryAfter is { } wait)
        {
            response.Headers[HeaderNames.RetryAfter] = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(
                System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Detail is not null)
        {
            var problem = new ProblemDetails
            {
                Status = Status,
                Title = ReasonPhrases.GetReasonPhrase(Status),
                Detail = Detail,
            };
            await response.WriteAsJsonAsync(problem, options: null, ProblemType, context.RequestAborted);
            return;
        }

        response.ContentType = ContentType;
        response.ContentLength = Body.Length;
        await response.Body.WriteAsync(Body, context.RequestAborted);
    }
}
