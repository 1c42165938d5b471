using System.Net;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
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
