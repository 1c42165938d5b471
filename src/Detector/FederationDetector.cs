using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Encodings.Web;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;

namespace FederationNode.Detector;

/// <summary>
/// Asks the company's own node whether things are on the list. Safe for concurrent use; one instance for the life of a
/// program. Nothing is retried: a detector knows best what to do while its node is away.
/// </summary>
public sealed class FederationDetector : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // Every property of an answer is always there (docs/protocol.md section 14): one that lacks some is no answer.
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly HttpClient _http;

    /// <summary>Makes a detector.</summary>
    /// <param name="node">The node's local API, such as <c>http://127.0.0.1:7480</c>.</param>
    /// <param name="key">A bearer key of role <c>detector</c> or more.</param>
    /// <param name="handler">What sends the requests, or null for the platform's own; disposed with this object.</param>
    public FederationDetector(Uri node, string key, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentException.ThrowIfNullOrEmpty(key);
        _http = new HttpClient(handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(15) })
        {
            BaseAddress = node,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Checks up to 1,000 items in one request.</summary>
    /// <exception cref="ArgumentException">There are no items, or too many.</exception>
    /// <exception cref="DetectorException">The node refused the request, or its answer is none.</exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    public async Task<CheckResponse> CheckAsync(IReadOnlyList<CheckItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count is 0 or > Limits.MaxCheckItems)
        {
            throw new ArgumentException($"A check has 1 to {Limits.MaxCheckItems} items, not {items.Count}.", nameof(items));
        }

        using var response = await _http.PostAsJsonAsync(ApiRoutes.Check, new CheckRequest(items), Json, cancellationToken);

        // JSON is UTF-8, whatever the answer says of itself.
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new DetectorException((int)response.StatusCode, Explain(response, body));
        }

        return TryRead<CheckResponse>(body, out var fault) is { } answer && answer.Items.Count == items.Count
            && answer.Items.All(i => i is not null)
                ? answer
                : throw new DetectorException(
                    (int)response.StatusCode,
                    "What answers is no node of this version: it gave no verdict for each item. Is the address right?",
                    fault);
    }

    /// <summary>Checks one text.</summary>
    /// <exception cref="DetectorException">The node refused the request.</exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    public async Task<CheckVerdict> CheckTextAsync(string text, CancellationToken cancellationToken = default) =>
        (await CheckAsync([new CheckItem("text", text)], cancellationToken)).Items[0];

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Explain(HttpResponseMessage response, byte[] body) =>
        TryRead<ApiProblem>(body, out _) is { } problem
            ? problem.Detail
            : $"The node refused the request and did not say why: {(int)response.StatusCode} {response.ReasonPhrase}";

    private static T? TryRead<T>(byte[] body, out JsonException? fault)
        where T : class
    {
        fault = null;
        try
        {
            return JsonSerializer.Deserialize<T>(body, Json);
        }
        catch (JsonException e)
        {
            fault = e;
            return null;
        }
    }
}

/// <summary>The node answered, but not with verdicts.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What it said.</param>
/// <param name="inner">What went wrong while reading, or null.</param>
public sealed class DetectorException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;
}
