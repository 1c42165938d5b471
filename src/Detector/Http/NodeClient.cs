using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Telemetry;
using Polly;
using Polly.Hedging;
using Polly.Retry;

namespace FederationNode.Detector.Http;

/// <summary>
/// Sends requests to the company's node: pooled connections, a deadline over all, retries, hedges, and the next address
/// when one does not answer. Safe from any thread.
/// </summary>
internal sealed class NodeClient : IDisposable
{
    /// <summary>Bytes of an answer that is read as a whole.</summary>
    private const long MaxAnswer = 256 * 1024 * 1024;

    private const int MaxProblem = 64 * 1024;

    private readonly HttpClient _http;
    private readonly Uri[] _nodes;
    private readonly FederationDetectorOptions _options;
    private readonly TimeProvider _clock;
    private readonly LatencyWindow _latencies = new();
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;
    private int _preferred;

    /// <summary>Makes a client.</summary>
    /// <param name="options">Good ones.</param>
    /// <param name="key">The bearer key.</param>
    /// <param name="handler">What sends the requests, or null for the platform's own; disposed with this object.</param>
    /// <param name="clock">Measures deadlines, delays and latencies.</param>
    public NodeClient(FederationDetectorOptions options, string key, HttpMessageHandler? handler, TimeProvider clock)
    {
        (_options, _clock, _nodes) = (options, clock, [.. options.Nodes]);
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            // A name that leads elsewhere by now is asked for again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            AutomaticDecompression = DecompressionMethods.All,
        })
        {
            // Each call has a deadline of its own; a stream has none.
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _pipeline = MakePipeline();
    }

    /// <summary>Sends a request, and again where that is safe. The answer is read as a whole, whatever its status.</summary>
    /// <param name="make">Makes the request for an address, anew each time.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="HttpRequestException">No address was reached.</exception>
    /// <exception cref="TimeoutException">The deadline passed.</exception>
    /// <exception cref="DetectorException">The node refused the request.</exception>
    public async Task<byte[]> AskAsync(Func<Uri, HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(make, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    /// <summary>As <see cref="AskAsync"/>, but the caller reads the body, without a deadline.</summary>
    public Task<HttpResponseMessage> OpenAsync(Func<Uri, HttpRequestMessage> make, CancellationToken cancellationToken) =>
        SendAsync(make, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Func<Uri, HttpRequestMessage> make, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var (first, attempt) = (Volatile.Read(ref _preferred), -1);
        var begun = _clock.GetTimestamp();
        HttpResponseMessage answer;
        try
        {
            answer = await _pipeline.ExecuteAsync(
                async token => await SendOnceAsync(
                    make, (first + Interlocked.Increment(ref attempt)) % _nodes.Length, completion, token),
                either.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The node gave no answer within {_options.Timeout.TotalSeconds:0.###} s.", e);
        }
        finally
        {
            DetectorMetrics.Requested(_clock.GetElapsedTime(begun));
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusalAsync(answer, cancellationToken);
        }
    }

    /// <summary>Asks one address. The next call begins with it if it answers, with the one behind it if not.</summary>
    private async Task<HttpResponseMessage> SendOnceAsync(
        Func<Uri, HttpRequestMessage> make, int place, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var begun = _clock.GetTimestamp();
        using var request = make(_nodes[place]);
        try
        {
            var answer = await _http.SendAsync(request, completion, cancellationToken);
            _latencies.Add(_clock.GetElapsedTime(begun));
            Volatile.Write(ref _preferred, IsBusy(answer) ? (place + 1) % _nodes.Length : place);
            return answer;
        }
        catch (HttpRequestException)
        {
            Volatile.Write(ref _preferred, (place + 1) % _nodes.Length);
            throw;
        }
    }

    private static bool IsBusy(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;

    private ResiliencePipeline<HttpResponseMessage> MakePipeline()
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = _clock };
        if (_options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = _options.Retries,
                Delay = _options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = args => ValueTask.FromResult(IsWorthAnother(args.Outcome)),
                DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result is { } answer ? RetryAfter(answer) : null),
                OnRetry = _ =>
                {
                    DetectorMetrics.Repeated("retry");
                    return default;
                },
            });
        }

        if (_options.HedgeQuantile is { } share)
        {
            builder.AddHedging(new HedgingStrategyOptions<HttpResponseMessage>
            {
                MaxHedgedAttempts = 1,

                // Only for latency: what failed is a matter of retries.
                ShouldHandle = _ => ValueTask.FromResult(false),
                DelayGenerator = _ => ValueTask.FromResult(HedgeDelay(share)),
                OnHedging = _ =>
                {
                    DetectorMetrics.Repeated("hedge");
                    return default;
                },
            });
        }

        return builder.Build();
    }

    private TimeSpan HedgeDelay(double share) => _latencies.Quantile(share) is { } usual
        ? (usual > _options.MinHedgeDelay ? usual : _options.MinHedgeDelay)
        : System.Threading.Timeout.InfiniteTimeSpan;

    private bool IsWorthAnother(Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is HttpRequestException
        || (outcome.Result is { } answer && IsBusy(answer)

            // Who is to wait longer than there is time gets the answer now.
            && (RetryAfter(answer) is not { } wait || wait < _options.Timeout));

    private TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _clock.GetUtcNow() => date - _clock.GetUtcNow(),
        _ => null,
    };

    private static async Task<DetectorException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var (status, body) = ((int)answer.StatusCode, new byte[MaxProblem]);
        var length = 0;
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
            if (JsonSerializer.Deserialize<ApiProblem>(body.AsSpan(0, length), WireJson.Options) is { } problem)
            {
                const string Prefix = "urn:fednode:error:";
                var code = problem.Type.StartsWith(Prefix, StringComparison.Ordinal) ? problem.Type[Prefix.Length..] : null;
                return new DetectorException(status, problem.Detail, code: code);
            }
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            return Unexplained(answer, e);
        }

        return Unexplained(answer, null);
    }

    private static DetectorException Unexplained(HttpResponseMessage answer, Exception? inner) => new(
        (int)answer.StatusCode,
        $"The node refused the request and did not say why: {(int)answer.StatusCode} {answer.ReasonPhrase}",
        inner);
}
