using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>Talks to the local API of a running node, and turns its refusals into messages and exit codes.</summary>
internal sealed class NodeClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly HttpClient _http;
    private readonly string _url;

    public NodeClient(string url, string key)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new CliException(ExitCode.Usage, "--url must be an address such as http://127.0.0.1:7480.");
        }

        if (key.Length == 0 || !key.All(c => c is > ' ' and <= '~'))
        {
            throw new CliException(
                ExitCode.Usage, "--key must be one bearer key, all of visible ASCII characters, or @FILE with one in it.");
        }

        _url = url.TrimEnd('/');
        _http = new HttpClient { BaseAddress = uri, Timeout = TimeSpan.FromSeconds(100) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancel)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel);
        return await ReadAsync<T>(response, cancel);
    }

    /// <summary>The bytes at a path, or null if there is nothing.</summary>
    public async Task<byte[]?> GetBytesAsync(string path, CancellationToken cancel)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel, HttpStatusCode.NotFound);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await response.Content.ReadAsByteArrayAsync(cancel);
    }

    public async Task<TAnswer> PostAsync<TRequest, TAnswer>(
        string path, TRequest body, CancellationToken cancel, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: Json) };
        if (idempotencyKey is not null)
        {
            request.Headers.Add(ApiRoutes.IdempotencyHeader, idempotencyKey);
        }

        using var response = await SendAsync(request, cancel);
        return await ReadAsync<TAnswer>(response, cancel);
    }

    public Task<SellerEvaluateResponse> EvaluateSellersAsync(SellerEvaluateRequest request, CancellationToken cancel) =>
        PostAsync<SellerEvaluateRequest, SellerEvaluateResponse>(ApiRoutes.SellerEvaluate, request, cancel);

    public Task<SellerKeysResponse> ReadSellerKeysAsync(CancellationToken cancel) =>
        GetAsync<SellerKeysResponse>(ApiRoutes.SellerKeys, cancel);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancel, params HttpStatusCode[] expected)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, cancel);
        }
        catch (HttpRequestException e)
        {
            throw new CliException(
                ExitCode.Unreachable,
                $"No node answers at {_url}: {Innermost(e)} Is it running, and is that its local API?",
                e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Unreachable, $"The node at {_url} did not answer in time.", e);
        }

        if (response.IsSuccessStatusCode || expected.Contains(response.StatusCode))
        {
            return response;
        }

        using (response)
        {
            var (type, explanation) = await ExplainAsync(response, cancel);
            throw type == ProblemResult.TypePrefix + Fault.DamagedRow.Code ? new DamagedRowException(explanation)
                : type == ProblemResult.TypePrefix + Fault.UnknownSellerKey.Code ? new UnknownSellerKeyException(explanation)
                : response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.RetryAfter?.Delta is { } wait
                    ? new TryLaterException(wait, explanation)
                : new CliException(
                    response.StatusCode == HttpStatusCode.ServiceUnavailable ? ExitCode.Unreachable : ExitCode.Refused,
                    explanation);
        }
    }

    /// <summary>The outer message often says only that there is an inner one.</summary>
    private static string Innermost(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? "it speaks no TLS; a local API's address begins with http://."
            : e.GetBaseException().Message.TrimEnd('.') + ".";

    /// <summary>The detail is a sentence of its own, and says what the title says.</summary>
    private static async Task<(string? Type, string Explanation)> ExplainAsync(
        HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<ApiProblem>(Json, cancel);
            return problem is { Detail.Length: > 0 }
                ? (problem.Type, problem.Detail)
                : (problem?.Type, $"The node answered {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return (null, $"The node answered {(int)response.StatusCode} {response.ReasonPhrase}.");
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(Json, cancel) ?? throw new JsonException("The answer is empty.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new CliException(ExitCode.Unreachable, $"What answers at {_url} is no node of this version: {e.Message}", e);
        }
    }
}
