using System.Net;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Detector;
using FederationNode.Node.Tests.Api;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>The client that a detector embeds, against a real node's API.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class FederationDetectorTests(SharedNode shared)
{
    private const string RestOfAnswer = ",\"listVersion\":\"\",\"listSize\":0,\"ageSeconds\":0,\"stale\":false}";

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Check_ItemsOfEveryKind_AnswersInTheirOrder()
    {
        var word = Some.Word();
        var published = await _node.PublishAsync(Some.Keyword(word));
        using var detector = Connect(ApiRole.Detector);

        var answer = await detector.CheckAsync(
        [
            new CheckItem("image-sha256", new string('0', 64), "image"),
            new CheckItem("text", $"a {word} for sale", "ad"),
            new CheckItem("seller", new string('1', 64)),
            new CheckItem("image-pdq", new string('2', 64)),
        ]);

        Assert.Equal(["image", "ad", null, null], answer.Items.Select(i => i.Id));
        Assert.Equal(["none", "review", "none", "none"], answer.Items.Select(i => i.Verdict));
        var match = Assert.Single(answer.Items[1].Matches);
        Assert.Equal((published.IndicatorIds[0], 2, word.Length), (match.IndicatorId, match.Start, match.Length));
        Assert.Equal("acme", Assert.Single(match.ListedBy).Member);
        Assert.Equal(_node.List.Current.Digest.ToString(), answer.ListVersion);
    }

    [Fact]
    public async Task CheckText_WhatIsListedAndWhatIsNot_TellsThemApart()
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        using var detector = Connect(ApiRole.Detector);

        Assert.Equal("review", (await detector.CheckTextAsync($"old {word}, \"象牙\" + <b>")).Verdict);
        Assert.Equal("none", (await detector.CheckTextAsync("a bicycle")).Verdict);
    }

    [Fact]
    public async Task Check_ManyAtTheSameTime_EachGetsItsOwnAnswer()
    {
        var words = Enumerable.Range(0, 20).Select(_ => Some.Word()).ToList();
        foreach (var word in words.Take(10))
        {
            await _node.PublishAsync(Some.Keyword(word));
        }

        using var detector = Connect(ApiRole.Detector);
        var verdicts = await Task.WhenAll(words.Select(w => detector.CheckTextAsync(w)));

        Assert.All(verdicts.Take(10), v => Assert.Equal("review", v.Verdict));
        Assert.All(verdicts.Skip(10), v => Assert.Equal("none", v.Verdict));
    }

    [Fact]
    public async Task Check_AsManyItemsAsAllowed_IsOneRequestAndOneMoreIsMisuse()
    {
        using var detector = Connect(ApiRole.Detector);
        var items = Enumerable.Repeat(new CheckItem("text", "a bicycle"), Limits.MaxCheckItems).ToList();

        Assert.Equal(Limits.MaxCheckItems, (await detector.CheckAsync(items)).Items.Count);
        await Assert.ThrowsAsync<ArgumentException>(() => detector.CheckAsync([.. items, items[0]]));
        await Assert.ThrowsAsync<ArgumentException>(() => detector.CheckAsync([]));
    }

    [Theory]
    [InlineData("no-such-key", 401, "key")]
    [InlineData("key-of-auditor-0123456789", 403, "detector")]
    public async Task Check_KeyThatMayNot_SaysWhy(string key, int status, string says)
    {
        using var detector = new FederationDetector(_node.Client.BaseAddress!, key);

        var refusal = await Assert.ThrowsAsync<DetectorException>(() => detector.CheckTextAsync("anything"));

        Assert.Equal(status, refusal.Status);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ItemThatTheNodeRefuses_SaysWhichAndWhy()
    {
        using var detector = Connect(ApiRole.Detector);

        var refusal = await Assert.ThrowsAsync<DetectorException>(
            () => detector.CheckAsync([new CheckItem("text", "fine"), new CheckItem("seller", "no tag")]));

        Assert.Equal(400, refusal.Status);
        Assert.Contains("items[1].value", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "application/json", "")]
    [InlineData(200, "application/json", "null")]
    [InlineData(200, "application/json", "{}")]
    [InlineData(200, "application/json", "{\"items\":[")]
    [InlineData(200, "application/json", "[]")]
    [InlineData(200, "text/html", "<html>some other server</html>")]
    [InlineData(200, "application/json; charset=no-such", "{}")]
    [InlineData(200, "application/json", "{\"items\":[]" + RestOfAnswer)]
    [InlineData(200, "application/json", "{\"items\":[null]" + RestOfAnswer)]
    [InlineData(200, "application/json", "{\"items\":null" + RestOfAnswer)]
    [InlineData(200, "application/json", "{\"items\":[{\"id\":null,\"verdict\":\"none\"}]" + RestOfAnswer)]
    [InlineData(502, "text/html", "<html>bad gateway</html>")]
    [InlineData(503, "application/problem+json", "null")]
    [InlineData(503, "application/json; charset=no-such", "{}")]
    public async Task Check_AnswerOfAnotherServer_IsADetectorException(int status, string type, string body)
    {
        using var detector = new FederationDetector(
            new Uri("http://127.0.0.1:1"), "key", new Canned(status, type, body));

        var fault = await Assert.ThrowsAsync<DetectorException>(() => detector.CheckTextAsync("anything"));

        Assert.Equal(status, fault.Status);
        Assert.NotEmpty(fault.Message);
    }

    [Fact]
    public async Task Check_NodeAway_IsAnHttpRequestException()
    {
        using var detector = new FederationDetector(new Uri("http://127.0.0.1:1"), "key");

        await Assert.ThrowsAsync<HttpRequestException>(() => detector.CheckTextAsync("anything"));
    }

    [Fact]
    public async Task GiveFeedback_OfEveryOutcome_IsTakenByTheNode()
    {
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var detector = Connect(ApiRole.Detector);

        foreach (var outcome in FeedbackOutcome.All)
        {
            var answer = await detector.GiveFeedbackAsync(
                new FeedbackRequest(published.IndicatorIds, outcome, "ad-17", $"note of {outcome}"));
            Assert.Equal((false, FeedbackOutcome.IsQueued(outcome)), (answer.Repeated, answer.Number is not null));
        }

        var queue = await ApiNode.ReadAsync<QueuePage>(await _node.GetAsync(ApiRoutes.Queue, ApiRole.Analyst));
        Assert.Equal(
            ["note of review", "note of false-positive"],
            queue.Items.Where(i => i.IndicatorIds.SequenceEqual(published.IndicatorIds)).Select(i => i.Note));
    }

    [Fact]
    public async Task GiveFeedback_SameKeyAgain_CountsOnce()
    {
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var detector = Connect(ApiRole.Detector);
        var feedback = new FeedbackRequest(published.IndicatorIds, FeedbackOutcome.Removed);
        var key = Some.Word();

        Assert.False((await detector.GiveFeedbackAsync(feedback, key)).Repeated);
        Assert.True((await detector.GiveFeedbackAsync(feedback, key)).Repeated);
        Assert.False((await detector.GiveFeedbackAsync(feedback)).Repeated);
    }

    [Fact]
    public async Task GiveFeedback_NodeIsBusyAtFirst_SentAgainWithTheSameKey()
    {
        var keys = new List<string>();
        using var busy = new ScriptedNode((request, number) =>
        {
            keys.Add(Assert.Single(request.Headers.GetValues(ApiRoutes.IdempotencyHeader)));
            return number == 1
                ? ScriptedNode.Problem(503, "not-ready")
                : ScriptedNode.Answer(200, "application/json", """{"repeated":false,"number":null}""");
        });
        using var detector = new FederationDetector(
            new FederationDetectorOptions
            {
                Nodes = [new Uri("http://node.example")],
                Key = "a-key-of-a-detector",
                RetryDelay = TimeSpan.FromMilliseconds(1),
            },
            busy);

        await detector.GiveFeedbackAsync(new FeedbackRequest([new string('0', 64)], FeedbackOutcome.Matched));
        await detector.GiveFeedbackAsync(new FeedbackRequest([new string('0', 64)], FeedbackOutcome.Matched));

        Assert.Equal(3, keys.Count);
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[1], keys[2]);
    }

    [Fact]
    public async Task GiveFeedback_ThatTheNodeRefuses_SaysWhy()
    {
        using var detector = Connect(ApiRole.Detector);
        Task<FeedbackResponse> Give(string id, string outcome, string? key = null) =>
            detector.GiveFeedbackAsync(new FeedbackRequest([id], outcome), key);

        Assert.Equal(404, (await Assert.ThrowsAsync<DetectorException>(() => Give(new string('0', 64), "removed"))).Status);
        var unknown = await Assert.ThrowsAsync<DetectorException>(() => Give(new string('0', 64), "eaten"));
        Assert.Contains("outcome must be one of", unknown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => Give(new string('0', 64), "removed", "a key"));
        await Assert.ThrowsAsync<ArgumentException>(() => Give(new string('0', 64), "removed", ""));
    }

    private FederationDetector Connect(string role) => new(_node.Client.BaseAddress!, ApiNode.KeyOf(role));

    private sealed class Canned(int status, string type, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = content });
        }
    }
}
