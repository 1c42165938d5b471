using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Tests.Detector;

/// <summary>Answers requests as a test says, and counts them.</summary>
internal sealed class ScriptedNode(Func<HttpRequestMessage, int, CancellationToken, Task<HttpResponseMessage>> answer)
    : HttpMessageHandler
{
    private int _requests;

    public ScriptedNode(Func<HttpRequestMessage, int, HttpResponseMessage> answer)
        : this((request, number, _) => Task.FromResult(answer(request, number)))
    {
    }

    public ConcurrentQueue<Uri> Asked { get; } = new();

    public static HttpResponseMessage Answer(int status, string type, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return new HttpResponseMessage((HttpStatusCode)status) { Content = content };
    }

    public static HttpResponseMessage Problem(int status, string code) => Answer(
        status, "application/problem+json", $"{{\"type\":\"urn:fednode:error:{code}\",\"title\":\"t\",\"status\":{status},\"detail\":\"do this\"}}");

    /// <summary>A snapshot of rows, as the node writes it.</summary>
    public static string Snapshot(string cursor, params IEnumerable<IndicatorSummary> rows)
    {
        var text = new StringBuilder();
        var header = new SnapshotHeader(
            "fednode-snapshot/1", "test", "acme", 1, cursor, new RosterFacts(1, 2, ["acme", "globex"]), new string('0', 64), 0, 0);
        var count = 0;
        text.Append(JsonSerializer.Serialize(header, ApiJson.Options)).Append('\n');
        foreach (var row in rows)
        {
            text.Append(JsonSerializer.Serialize(row, ApiJson.Options)).Append('\n');
            count++;
        }

        var end = new SnapshotEnd(true, count, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))));
        return text.Append(JsonSerializer.Serialize(end, ApiJson.Options)).Append('\n').ToString();
    }

    public static IndicatorSummary Row(Indicator indicator, long expires = 4_000_000_000, string member = "acme") => new(
        indicator.Id.ToString(),
        indicator.Kind,
        indicator.Scheme,
        indicator.Kind == IndicatorKind.Keyword ? Encoding.UTF8.GetString(indicator.Value.Span) : Convert.ToHexStringLower(indicator.Value.Span),
        "ivory",
        "review",
        "",
        [
            new ListingSummary(
                member, "listed", 1_790_000_000, expires, "ivory", "", "", "high", 80, "block", null,
                indicator.Kind == IndicatorKind.Keyword ? new KeywordRuleRequest("", "auto", [], [], [], 0) : null,
                $"test/{member}/indicators/1", 1, [], [], "amber"),
        ],
        []);

    public static Indicator Keyword(string word) => Indicator.Keyword(Wlnorm.Normalize(word));

    public static Indicator Hash(string kind, byte[] value) => new(
        kind,
        kind switch
        {
            IndicatorKind.Seller => "voprf/tel/1",
            IndicatorKind.ImagePdq => IndicatorScheme.Pdq1,
            _ => IndicatorScheme.Sha2561,
        },
        value);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Enqueue(request.RequestUri!);
        return answer(request, Interlocked.Increment(ref _requests), cancellationToken);
    }
}

/// <summary>A clock whose short waits end at once, and which remembers how long they were to be.</summary>
internal sealed class HastyClock(TimeSpan firesBelow) : TimeProvider
{
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Enqueue(dueTime);
        return base.CreateTimer(
            callback, state, dueTime >= TimeSpan.Zero && dueTime < firesBelow ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }
}
