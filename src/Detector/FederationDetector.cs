using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Detector.Http;
using FederationNode.Detector.Telemetry;

namespace FederationNode.Detector;

/// <summary>
/// Asks the company's own node whether things are on the list. Safe for concurrent use; one instance for the life of a
/// program. Failed connections, 429 and 503 are tried again within the deadline of the call: checks change nothing, and
/// feedback has a key by which it counts once.
/// </summary>
public sealed partial class FederationDetector : IDisposable
{
    private readonly NodeClient _client;
    private readonly string _query;

    /// <summary>Makes a detector with the options' defaults.</summary>
    /// <param name="node">The node's local API, such as <c>http://127.0.0.1:7480</c>.</param>
    /// <param name="key">A bearer key of role <c>detector</c> or more.</param>
    /// <param name="handler">What sends the requests, or null for the platform's own; disposed with this object.</param>
    /// <exception cref="ArgumentException">The address or the key is none.</exception>
    public FederationDetector(Uri node, string key, HttpMessageHandler? handler = null)
        : this(new FederationDetectorOptions { Nodes = [node], Key = key }, handler)
    {
    }

    /// <summary>Makes a detector.</summary>
    /// <param name="options">Where the node is, and how patient to be.</param>
    /// <param name="handler">What sends the requests, or null for the platform's own; disposed with this object.</param>
    /// <param name="clock">Measures deadlines and delays; null: the system's.</param>
    /// <exception cref="ArgumentException">The options are wrong; says what.</exception>
    public FederationDetector(
        FederationDetectorOptions options, HttpMessageHandler? handler = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = new NodeClient(options, OptionsCheck.Demand(options), handler, clock ?? TimeProvider.System);

        // The node gives up when nobody waits any more.
        _query = string.Create(
            CultureInfo.InvariantCulture, $"{ApiRoutes.Check}?timeoutMs={(int)Math.Ceiling(options.Timeout.TotalMilliseconds)}");
    }

    /// <summary>Checks up to 1,000 items in one request.</summary>
    /// <exception cref="ArgumentException">There are no items, or too many.</exception>
    /// <exception cref="DetectorException">The node refused the request, or its answer is none.</exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    /// <exception cref="TimeoutException">The deadline passed.</exception>
    public async Task<CheckResponse> CheckAsync(IReadOnlyList<CheckItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count is 0 or > Limits.MaxCheckItems)
        {
            throw new ArgumentException($"A check has 1 to {Limits.MaxCheckItems} items, not {items.Count}.", nameof(items));
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(new CheckRequest(items), WireJson.Options);
        var bytes = await _client.AskAsync(node => Post(node, _query, body, "application/json"), cancellationToken);
        var answer = WireJson.Read<CheckResponse>(bytes, "a check's answer");
        if (answer.Items.Count != items.Count || answer.Items.Any(i => i is null))
        {
            throw new DetectorException(
                200, "What answers is no node of this version: it gave no verdict for each item. Is the address right?");
        }

        foreach (var item in answer.Items)
        {
            DetectorMetrics.CheckedOverHttp(item.Verdict);
        }

        return answer;
    }

    /// <summary>Checks one text.</summary>
    /// <inheritdoc cref="CheckAsync"/>
    public async Task<CheckVerdict> CheckTextAsync(string text, CancellationToken cancellationToken = default) =>
        (await CheckAsync([new CheckItem("text", text)], cancellationToken)).Items[0];

    /// <summary>Checks an image file: the node hashes it in all orientations, and keeps nothing of it.</summary>
    /// <param name="file">A JPEG, PNG or WebP file, at most 20,971,520 bytes.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The verdict; with <see cref="CheckPart.Error"/> set if the image cannot be decoded.</returns>
    /// <inheritdoc cref="CheckFormAsync"/>
    public async Task<CheckPart> CheckImageAsync(ReadOnlyMemory<byte> file, CancellationToken cancellationToken = default) =>
        (await CheckFormAsync([FormPart.Image(file)], cancellationToken)).Items[0];

    /// <summary>Checks images, texts and seller tags together, as a form of 1 to 16 parts and 64 MiB at most.</summary>
    /// <exception cref="ArgumentException">There are no parts, or too many.</exception>
    /// <exception cref="DetectorException">The node refused the request, or its answer is none.</exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    /// <exception cref="TimeoutException">The deadline passed.</exception>
    public async Task<CheckFormResponse> CheckFormAsync(
        IReadOnlyList<FormPart> parts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count is 0 or > Limits.MaxCheckParts)
        {
            throw new ArgumentException($"A form has 1 to {Limits.MaxCheckParts} parts, not {parts.Count}.", nameof(parts));
        }

        var bytes = await _client.AskAsync(node => PostForm(node, parts), cancellationToken);
        var answer = WireJson.Read<CheckFormResponse>(bytes, "a form's answer");
        if (answer.Items.Count != parts.Count || answer.Items.Any(i => i is null))
        {
            throw new DetectorException(
                200, "What answers is no node of this version: it gave no answer for each part. Is the address right?");
        }

        foreach (var part in answer.Items)
        {
            DetectorMetrics.CheckedOverHttp(part.Verdict ?? "none");
        }

        return answer;
    }

    /// <summary>
    /// Says what became of items that matched (<see cref="FeedbackOutcome"/>): it counts for the company's signed tally of the
    /// day, or goes into the analysts' queue. Items that the node itself checked it counts as matches and blocks by itself.
    /// Sent again when that is needed, it counts once.
    /// </summary>
    /// <param name="feedback">The indicators, as matches name them, and the outcome.</param>
    /// <param name="idempotencyKey">
    /// 1 to 128 printable ASCII characters without spaces: the same feedback with the same key, in whatever call, counts once.
    /// Null: a new one for this call.
    /// </param>
    /// <param name="cancellationToken">Gives it up; it may have counted.</param>
    /// <returns>When it is durable at the node.</returns>
    /// <exception cref="DetectorException">The node refused it (an indicator that nobody lists: 404), or its answer is none.</exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    /// <exception cref="TimeoutException">The deadline passed; it may have counted.</exception>
    public async Task<FeedbackResponse> GiveFeedbackAsync(
        FeedbackRequest feedback, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(feedback);
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        if (key.Length is 0 or > Limits.MaxIdempotencyKey || key.Any(c => c is < '!' or > '~'))
        {
            throw new ArgumentException(
                $"An idempotency key has 1 to {Limits.MaxIdempotencyKey} printable ASCII characters without spaces.",
                nameof(idempotencyKey));
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(feedback, WireJson.Options);
        var bytes = await _client.AskAsync(
            node =>
            {
                var request = Post(node, ApiRoutes.Feedback, body, "application/json");
                request.Headers.Add(ApiRoutes.IdempotencyHeader, key);
                return request;
            },
            cancellationToken);
        return WireJson.Read<FeedbackResponse>(bytes, "the answer to feedback");
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static HttpRequestMessage Post(Uri node, string path, ReadOnlyMemory<byte> body, string type)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new HttpRequestMessage(HttpMethod.Post, new Uri(node, path)) { Content = content };
    }

    private HttpRequestMessage PostForm(Uri node, IReadOnlyList<FormPart> parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var part in parts)
        {
            form.Add(new ReadOnlyMemoryContent(part.Content), $"\"{part.Kind}{(part.Id is null ? "" : ":" + part.Id)}\"");
        }

        return new HttpRequestMessage(HttpMethod.Post, new Uri(node, _query)) { Content = form };
    }
}
