using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// Programs that publish at the same time and without a pause, over a node's local API. Each asks again with the same
/// idempotency key until it has an answer, as section 14 of the protocol tells it to, and notes what it was told.
/// </summary>
internal sealed class Publishers : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _origin;
    private readonly ConcurrentDictionary<string, (string Id, long Index)> _acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<byte[]> _checkpoints = new();
    private readonly Task _all;
    private volatile TaskCompletionSource _up = NewSource();
    private volatile bool _stopping;
    private volatile Target? _target;

    public Publishers(string url, string key, string origin, int count)
    {
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _origin = origin;
        _up.SetResult();
        _all = Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => PublishAsync(i))));
    }

    /// <summary>By idempotency key: the indicator's id and where its entry stands.</summary>
    public IReadOnlyDictionary<string, (string Id, long Index)> Acknowledged => _acknowledged;

    /// <summary>Checkpoints that the node showed meanwhile.</summary>
    public IReadOnlyCollection<byte[]> Checkpoints => _checkpoints;

    /// <summary>From now on a request that fails waits for <see cref="NodeIsUp"/> before it is sent again.</summary>
    public void NodeGoesDown() => _up = NewSource();

    /// <summary>Lets the waiting requests go.</summary>
    public void NodeIsUp() => _up.TrySetResult();

    /// <summary>Ends when so many more requests were acknowledged; fails if a publisher does.</summary>
    public async Task UntilMoreAsync(int more)
    {
        var target = new Target(_acknowledged.Count + more, NewSource());
        _target = target;
        Reach();
        await (await Task.WhenAny(target.Reached.Task, _all).WaitAsync(TimeSpan.FromSeconds(120)));
    }

    /// <summary>Lets each publisher finish the request that it is at.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        return _all.WaitAsync(TimeSpan.FromSeconds(120));
    }

    /// <summary>What the node says of an indicator.</summary>
    public async Task<JsonElement> ShowAsync(string id) =>
        await _http.GetFromJsonAsync<JsonElement>($"/v1/indicators/{id}");

    public void Dispose() => _http.Dispose();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PublishAsync(int publisher)
    {
        for (var n = 0; !_stopping; n++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"publisher-{publisher}-{n}");
            while (!await TryPublishAsync(key))
            {
                await _up.Task;
            }

            Reach();
        }
    }

    /// <summary>Whether there was an answer; a refusal fails the test.</summary>
    private async Task<bool> TryPublishAsync(string key)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/listings")
            {
                Content = JsonContent.Create(new { kind = "keyword", value = key, category = "ivory" }),
            };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await _http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }

            Assert.True(response.IsSuccessStatusCode, text);
            var answer = JsonDocument.Parse(text).RootElement;
            _acknowledged[key] = (
                answer.GetProperty("indicatorIds")[0].GetString()!, answer.GetProperty("index").GetInt64());
            _checkpoints.Enqueue(await _http.GetByteArrayAsync($"/v1/logs/{_origin}/checkpoint"));
            return true;
        }
        catch (HttpRequestException)
        {
            return _acknowledged.ContainsKey(key);
        }
    }

    private void Reach()
    {
        if (_target is { } target && _acknowledged.Count >= target.Count)
        {
            target.Reached.TrySetResult();
        }
    }

    private sealed record Target(int Count, TaskCompletionSource Reached);
}
