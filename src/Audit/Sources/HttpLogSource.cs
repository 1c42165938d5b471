using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace FederationNode.Audit.Sources;

/// <summary>A log behind a URL: a node's local API, or any web server with an exported directory.</summary>
public sealed class HttpLogSource : ILogSource
{
    private const string DamagedRow = "urn:fednode:error:damaged-row";
    private const int MaxProblem = 64 * 1024;

    private readonly HttpClient _http;
    private readonly Uri _prefix;
    private readonly string? _key;

    /// <summary>Makes a source.</summary>
    /// <param name="http">The client; its timeout applies to each request.</param>
    /// <param name="prefix">The address below which <c>checkpoint</c> and <c>tile/</c> lie.</param>
    /// <param name="key">Bearer key of role auditor, or null.</param>
    /// <param name="origin">The log that it must be, or null.</param>
    public HttpLogSource(HttpClient http, Uri prefix, string? key = null, string? origin = null)
    {
        _http = http;
        _prefix = prefix.AbsoluteUri.EndsWith('/') ? prefix : new Uri(prefix.AbsoluteUri + "/");
        _key = key;
        Origin = origin;
        Name = _prefix.AbsoluteUri.TrimEnd('/');
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string? Origin { get; }

    /// <inheritdoc/>
    public async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(
                _http, new Uri(_prefix, path), _key, SourceLimits.MaxBytes(path, Origin), cancellationToken);
        }
        catch (InvalidDataException damage) when (path == LogFiles.Checkpoint)
        {
            throw new DamagedHeadException(damage.Message, damage);
        }
    }

    /// <summary>Gets a bounded answer, or null if there is nothing at the address.</summary>
    /// <exception cref="IOException">The server is not reached, or refuses.</exception>
    /// <exception cref="InvalidDataException">The server says that its storage of just this is damaged.</exception>
    internal static async Task<byte[]?> GetAsync(
        HttpClient http, Uri address, string? key, int maxBytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        try
        {
            using var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            {
                return null;
            }

            if (response.StatusCode == HttpStatusCode.InternalServerError
                && await DamageAsync(response, cancellationToken) is { } damage)
            {
                throw new InvalidDataException(damage);
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new IOException($"{address} answered {(int)response.StatusCode} ({response.ReasonPhrase}).");
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await SourceLimits.ReadAsync(body, maxBytes, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new IOException($"{address} cannot be read: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{address} did not answer in time.", e);
        }
    }

    /// <summary>
    /// What a node says of a damaged row (docs/protocol.md section 14), or null if it says something else.
    /// </summary>
    private static async Task<string?> DamageAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return null;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = await SourceLimits.ReadAsync(body, MaxProblem, cancellationToken);
        try
        {
            using var problem = JsonDocument.Parse(bytes);
            return problem.RootElement.GetProperty("type").GetString() == DamagedRow
                ? problem.RootElement.GetProperty("detail").GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}
