using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>POST /v1/check as a stream of lines.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class CheckLinesTests(SharedNode shared)
{
    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Lines_EachIsAnsweredInItsOrderAndTheEndCounts()
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));

        var (lines, end) = await SendAsync(
            $$"""{"id":"a","kind":"text","value":"old {{word}}"}""",
            $$"""{"kind":"image-sha256","value":"{{Some.Hex()}}"}""",
            $$"""{"value":"{{word}}","kind":"text","id":null}""");

        Assert.Equal([1, 2, 3], lines.Select(l => l.Line));
        Assert.Equal(["review", "none", "review"], lines.Select(l => l.Verdict));
        Assert.Equal(["a", null, null], lines.Select(l => l.Id));
        Assert.Equal((4, word.Length), (Assert.Single(lines[0].Matches).Start, lines[0].Matches[0].Length));
        Assert.Equal((true, 3, 0, null), (end.End, end.Count, end.Errors, end.Error));
        Assert.Equal(_node.List.Current.Digest.ToString(), end.ListVersion);
    }

    [Theory]
    [InlineData("", "malformed-json")]
    [InlineData("{", "malformed-json")]
    [InlineData("null", "malformed-json")]
    [InlineData("[]", "malformed-json")]
    [InlineData("{\"kind\":\"text\"}", "malformed-json")]
    [InlineData("{\"kind\":\"text\",\"value\":\"x\",\"value\":\"x\"}", "malformed-json")]
    [InlineData("{\"kind\":\"text\",\"value\":\"x\",\"extra\":1}", "malformed-json")]
    [InlineData("{\"kind\":\"text\",\"value\":\"x\"}{}", "malformed-json")]
    [InlineData("{\"kind\":\"text\",\"value\":\"\\ud800\"}", "malformed-json")]
    [InlineData("{\"kind\":\"text\",\"value\":\"\"}", "invalid")]
    [InlineData("{\"kind\":\"seller\",\"value\":\"8613800138000\"}", "invalid")]
    [InlineData("{\"kind\":\"picture\",\"value\":\"x\"}", "invalid")]
    public async Task Lines_OneIsBad_SaysWhichAndAnswersTheOthers(string bad, string code)
    {
        const string Good = """{"kind":"text","value":"x"}""";

        var (lines, end) = await SendAsync(Good, bad, Good);

        Assert.Equal(["none", null, "none"], lines.Select(l => l.Verdict));
        Assert.Equal((2, "urn:fednode:error:" + code), (lines[1].Line, lines[1].Error!.Type));
        Assert.DoesNotContain("8613800138000", lines[1].Error!.Detail, StringComparison.Ordinal);
        Assert.Equal((true, 3, 1), (end.End, end.Count, end.Errors));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Lines_OneIsTooLong_SkippedAndTheOthersAnswered(int times)
    {
        const string Good = """{"kind":"text","value":"x"}""";
        var longLine = new string('x', times * (Limits.MaxCheckLine + 1));

        var (lines, end) = await SendAsync(Good, longLine, Good, longLine);

        Assert.Equal(["none", null, "none", null], lines.Select(l => l.Verdict));
        Assert.Equal("urn:fednode:error:too-large", lines[1].Error!.Type);
        Assert.Equal((true, 4, 2), (end.End, end.Count, end.Errors));
    }

    [Fact]
    public async Task Lines_LongestTextThatIsTaken_IsTaken()
    {
        var text = string.Concat(Enumerable.Repeat("\\u8c61", Limits.MaxCheckText));

        var (lines, _) = await SendAsync($$"""{"kind":"text","value":"{{text}}"}""");

        Assert.Equal("none", Assert.Single(lines).Verdict);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("{\"kind\":\"text\",\"value\":\"x\"}", 1)]
    [InlineData("{\"kind\":\"text\",\"value\":\"x\"}\r\n", 1)]
    public async Task Lines_EmptyOrWithoutLastLineFeed_Answered(string body, int count)
    {
        var (lines, end) = await SendBodyAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal(Enumerable.Repeat("none", count), lines.Select(l => l.Verdict));
        Assert.Equal((true, count), (end.End, end.Count));
    }

    [Fact]
    public async Task Lines_MoreThanABodyMayHave_Answered()
    {
        const int Count = 20_000;
        var line = $$"""{"kind":"text","value":"{{new string('x', 1000)}}"}""";
        using var client = await RawClient.OpenAsync(_node, ApiRoutes.Check);
        var reading = client.ReadLinesAsync();
        for (var i = 0; i < Count; i++)
        {
            await client.SendChunkAsync(line + "\n");
        }

        await client.SendEndAsync();
        var lines = await reading;

        Assert.True(Count * line.Length > Limits.MaxApiBody);
        Assert.Equal(Count + 1, lines.Count);
        Assert.Equal(Count, JsonSerializer.Deserialize<CheckLinesEnd>(lines[^1], ApiJson.Options)!.Count);
    }

    [Fact]
    public async Task Lines_ClientWaitsForEachAnswer_GetsIt()
    {
        using var client = await RawClient.OpenAsync(_node, ApiRoutes.Check);
        for (var i = 1; i <= 3; i++)
        {
            await client.SendChunkAsync("""{"kind":"text","value":"x"}""" + "\n");
            Assert.Equal(i, JsonSerializer.Deserialize<CheckLine>(await client.ReadLineAsync(), ApiJson.Options)!.Line);
        }

        await client.SendEndAsync();
        Assert.Equal(3, JsonSerializer.Deserialize<CheckLinesEnd>(await client.ReadLineAsync(), ApiJson.Options)!.Count);
    }

    [Fact]
    public async Task Lines_ClientThatDoesNotRead_IsNotReadFrom()
    {
        using var client = await RawClient.OpenAsync(_node, ApiRoutes.Check);
        var line = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat("""{"id":"0123456789012345678901234567890123456789","kind":"text","value":"x"}""" + "\n", 1000)));
        var sent = 0L;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            while (sent < 1L << 30)
            {
                await client.SendChunkAsync(line, patience.Token);
                sent += line.Length;
            }
        }
        catch (OperationCanceledException)
        {
            // It is held back: what follows would fill somebody's memory.
        }

        Assert.True(patience.IsCancellationRequested, $"All of {sent} bytes were taken.");
    }

    [Fact]
    public async Task Lines_TimeIsOver_EndSaysSo()
    {
        using var client = await RawClient.OpenAsync(_node, ApiRoutes.Check + "?timeoutMs=300");
        await client.SendChunkAsync("""{"kind":"text","value":"x"}""" + "\n{");

        Assert.Equal("none", JsonSerializer.Deserialize<CheckLine>(await client.ReadLineAsync(), ApiJson.Options)!.Verdict);
        var end = JsonSerializer.Deserialize<CheckLinesEnd>(await client.ReadLineAsync(), ApiJson.Options)!;

        Assert.Equal((false, 1, "urn:fednode:error:deadline"), (end.End, end.Count, end.Error!.Type));
    }

    [Fact]
    public async Task Lines_NothingComesForLong_EndSaysSo()
    {
        await using var node = await ApiNode.StartAsync(
            TestCoalition.Acme, o => o with { CheckStreamIdle = TimeSpan.FromMilliseconds(200) });
        using var client = await RawClient.OpenAsync(node, ApiRoutes.Check);
        await client.SendChunkAsync("""{"kind":"text","value":"x"}""" + "\n");

        await client.ReadLineAsync();
        var end = JsonSerializer.Deserialize<CheckLinesEnd>(await client.ReadLineAsync(), ApiJson.Options)!;

        Assert.Equal((false, 1, "urn:fednode:error:deadline"), (end.End, end.Count, end.Error!.Type));
    }

    [Theory]
    [InlineData("timeoutMs=0")]
    [InlineData("timeoutMs=60001")]
    [InlineData("timeoutMs=x")]
    [InlineData("timeoutMs=")]
    [InlineData("timeoutMs=5&timeoutMs=6")]
    [InlineData("timeout=5")]
    public async Task Check_BadTimeout_Invalid(string query)
    {
        foreach (var type in (string[])["application/json", "application/x-ndjson"])
        {
            using var body = new StringContent("{}", Encoding.UTF8, type);
            await ApiNode.ReadProblemAsync(
                await _node.SendAsync(HttpMethod.Post, $"{ApiRoutes.Check}?{query}", ApiRole.Detector, body),
                HttpStatusCode.BadRequest,
                "invalid");
        }
    }

    [Fact]
    public async Task Check_BodyDoesNotComeInTime_DeadlineMissed()
    {
        using var client = await RawClient.OpenAsync(_node, ApiRoutes.Check + "?timeoutMs=200", "application/json");
        await client.SendChunkAsync("{\"items\":[");

        var answer = await client.ReadLineAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, client.Status);
        Assert.Equal("urn:fednode:error:deadline", JsonSerializer.Deserialize<ApiProblem>(answer, ApiJson.Options)!.Type);
    }

    [Fact]
    public async Task Check_ManyLongTextsInOneMillisecond_DeadlineMissedAndNothingAnswered()
    {
        var text = string.Concat(Enumerable.Repeat("象牙ivory ", 10_000));
        var items = Enumerable.Range(0, 60).Select(_ => new CheckItem("text", text)).ToList();

        var response = await _node.PostAsync(ApiRoutes.Check + "?timeoutMs=1", new CheckRequest(items), ApiRole.Detector);

        Assert.NotNull(response.Headers.RetryAfter);
        await ApiNode.ReadProblemAsync(response, HttpStatusCode.ServiceUnavailable, "deadline");
    }

    private Task<(IReadOnlyList<CheckLine> Lines, CheckLinesEnd End)> SendAsync(params string[] lines) =>
        SendBodyAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));

    private async Task<(IReadOnlyList<CheckLine> Lines, CheckLinesEnd End)> SendBodyAsync(byte[] bytes)
    {
        var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n');
        Assert.Equal("", lines[^1]);
        return (
            [.. lines[..^2].Select(l => JsonSerializer.Deserialize<CheckLine>(l, ApiJson.Options)!)],
            JsonSerializer.Deserialize<CheckLinesEnd>(lines[^2], ApiJson.Options)!);
    }
}
