using FederationNode.Detector;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>Retries, hedges, deadlines and other addresses of the client.</summary>
public sealed class PatienceTests
{
    private const string Good =
        "{\"items\":[{\"id\":null,\"verdict\":\"none\",\"matches\":[]}],\"listVersion\":\"\",\"listSize\":0,\"ageSeconds\":0,\"stale\":false}";

    private static readonly FederationDetectorOptions s_options = new()
    {
        Nodes = [new Uri("http://127.0.0.1:1"), new Uri("http://127.0.0.1:2")],
        Key = "key",
    };

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    public async Task Check_BusyNode_IsAskedAgainUntilItAnswers(int status)
    {
        var node = new ScriptedNode((_, n) => n < 3 ? ScriptedNode.Problem(status, "not-ready") : Ok());
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.FromSeconds(5)));

        Assert.Equal("none", (await detector.CheckTextAsync("a")).Verdict);

        Assert.Equal(3, node.Asked.Count);
    }

    [Fact]
    public async Task Check_RetryAfter_IsWaitedFor()
    {
        var clock = new HastyClock(TimeSpan.FromSeconds(9));
        var node = new ScriptedNode((_, n) => n == 1 ? Wait(7) : Ok());
        using var detector = new FederationDetector(s_options, node, clock);

        await detector.CheckTextAsync("a");

        Assert.Contains(TimeSpan.FromSeconds(7), clock.Waits);
        Assert.Equal(2, node.Asked.Count);
    }

    [Fact]
    public async Task Check_RetryAfterBeyondTheDeadline_IsRefusedAtOnce()
    {
        var node = new ScriptedNode((_, _) => Wait(60));
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.Zero));

        var refusal = await Assert.ThrowsAsync<DetectorException>(() => detector.CheckTextAsync("a"));

        Assert.Equal((429, "too-many-requests", "do this"), (refusal.Status, refusal.Code, refusal.Message));
        Assert.Single(node.Asked);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(500)]
    public async Task Check_RefusalThatStays_IsNotRepeated(int status)
    {
        var node = new ScriptedNode((_, _) => ScriptedNode.Problem(status, "invalid"));
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.FromSeconds(5)));

        Assert.Equal(status, (await Assert.ThrowsAsync<DetectorException>(() => detector.CheckTextAsync("a"))).Status);

        Assert.Single(node.Asked);
    }

    [Fact]
    public async Task Check_FirstAddressAway_AsksTheNextAndStaysThere()
    {
        var node = new ScriptedNode((request, _) =>
            request.RequestUri!.Port == 1 ? throw new HttpRequestException("refused") : Ok());
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.FromSeconds(5)));

        await detector.CheckTextAsync("a");
        await detector.CheckTextAsync("a");

        Assert.Equal([1, 2, 2], node.Asked.Select(u => u.Port));
    }

    [Fact]
    public async Task Check_AllAddressesAway_IsAnHttpRequestExceptionAfterTheRetries()
    {
        var node = new ScriptedNode((_, _) => throw new HttpRequestException("refused"));
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.FromSeconds(5)));

        await Assert.ThrowsAsync<HttpRequestException>(() => detector.CheckTextAsync("a"));

        Assert.Equal([1, 2, 1], node.Asked.Select(u => u.Port));
    }

    [Fact]
    public async Task Check_NoAnswerInTime_IsATimeout()
    {
        var node = new ScriptedNode(async (_, _, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return Ok();
        });
        using var detector = new FederationDetector(s_options, node, new HastyClock(TimeSpan.FromSeconds(11)));

        var late = await Assert.ThrowsAsync<TimeoutException>(() => detector.CheckTextAsync("a"));

        Assert.Equal("The node gave no answer within 10 s.", late.Message);
    }

    [Fact]
    public async Task Check_Cancelled_IsCancelledAndNoTimeout()
    {
        using var gone = new CancellationTokenSource();
        var node = new ScriptedNode(async (_, _, token) =>
        {
            await gone.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return Ok();
        });
        using var detector = new FederationDetector(s_options, node);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => detector.CheckTextAsync("a", gone.Token));
    }

    [Fact]
    public async Task Check_SlowNodeWithHedging_AsksTheOtherAndTakesItsAnswer()
    {
        const int WarmUp = 25;
        var node = new ScriptedNode(async (_, n, token) =>
        {
            await Task.Delay(n == WarmUp + 1 ? Timeout.Infinite : 0, token);
            return Ok();
        });
        using var detector = new FederationDetector(s_options with { HedgeQuantile = 0.95 }, node, new HastyClock(TimeSpan.FromSeconds(5)));
        for (var i = 0; i < WarmUp; i++)
        {
            await detector.CheckTextAsync("a");
        }

        Assert.Equal(WarmUp, node.Asked.Count);
        Assert.Equal("none", (await detector.CheckTextAsync("a")).Verdict);

        Assert.Equal([1, 2], node.Asked.Skip(WarmUp).Select(u => u.Port));
    }

    private static HttpResponseMessage Ok() => ScriptedNode.Answer(200, "application/json", Good);

    private static HttpResponseMessage Wait(int seconds)
    {
        var answer = ScriptedNode.Problem(429, "too-many-requests");
        answer.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        return answer;
    }
}
