using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Indicators;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Checking;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class CheckTests(SharedNode shared)
{
    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Check_Keyword_SaysWhoWhereAndWhy()
    {
        var word = Some.Word();
        var published = await _node.PublishAsync(Some.Keyword(word, l => l with { Confidence = 70 }));
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000, confidence: 90));

        var answer = await CheckAsync(new CheckItem("text", $"old {word.ToUpperInvariant()} 象牙", "a"));

        var item = Assert.Single(answer.Items);
        Assert.Equal(("a", "review"), (item.Id, item.Verdict));
        var match = Assert.Single(item.Matches);
        Assert.Equal(published.IndicatorIds[0], match.IndicatorId);
        Assert.Equal(("keyword", "ivory", "review"), (match.Kind, match.Category, match.Verdict));
        Assert.Equal((4, word.Length), (match.Start, match.Length));
        Assert.Equal(90, match.Confidence);
        Assert.Null(match.Distance);
        Assert.Equal(["acme", "globex"], match.ListedBy.Select(l => l.Member));
        Assert.All(match.ListedBy, l => Assert.InRange(l.Since, _node.Now - 60, _node.Now));
        Assert.NotEmpty(match.Reason);
    }

    [Fact]
    public async Task Check_SeveralMatches_GravestFirstAndVerdictIsTheGravest()
    {
        var (signal, review, sure) = (Some.Word(), Some.Word(), Some.Word());
        await _node.PublishAsync(Some.Keyword(signal, l => l with { Action = "signal", Confidence = 100 }));
        await _node.PublishAsync(Some.Keyword(review, l => l with { Confidence = 60 }));
        await _node.PublishAsync(Some.Keyword(sure, l => l with { Confidence = 95 }));

        var answer = await CheckAsync(new CheckItem("text", $"{signal} {review} {sure}"));

        Assert.Equal("review", answer.Items[0].Verdict);
        Assert.Null(answer.Items[0].Id);
        Assert.Equal(
            [Some.KeywordId(sure), Some.KeywordId(review), Some.KeywordId(signal)],
            answer.Items[0].Matches.Select(m => m.IndicatorId));
    }

    [Fact]
    public async Task Check_KeywordAtManyPlaces_TenPlacesReported()
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));

        var answer = await CheckAsync(new CheckItem("text", string.Join(' ', Enumerable.Repeat(word, 25))));

        Assert.Equal(Limits.MaxCheckPlaces, answer.Items[0].Matches.Count);
        Assert.Equal(
            Enumerable.Range(0, Limits.MaxCheckPlaces).Select(i => (int?)(i * (word.Length + 1))),
            answer.Items[0].Matches.Select(m => m.Start));
    }

    [Fact]
    public async Task Check_Context_OnlyTheListingWhoseContextHoldsCounts()
    {
        var (word, near) = (Some.Word(), Some.Word());
        await _node.PublishAsync(Some.Keyword(word, l => l with { Context = new KeywordRuleRequest(AnyOf: [near.ToUpperInvariant()]) }));
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000, action: "signal"));

        var answer = await CheckAsync(new CheckItem("text", word), new CheckItem("text", $"{word} {near}"));

        Assert.Equal(["globex"], Assert.Single(answer.Items[0].Matches).ListedBy.Select(l => l.Member));
        Assert.Equal("signal", answer.Items[0].Verdict);
        Assert.Equal(["acme", "globex"], Assert.Single(answer.Items[1].Matches).ListedBy.Select(l => l.Member));
        Assert.Equal("review", answer.Items[1].Verdict);
    }

    [Fact]
    public async Task Check_HashesAndTags_FoundByValue()
    {
        var (image, pdq, tag) = (Some.Hex(), Some.Hex(), Some.Hex());
        await _node.PublishAsync(Some.Image(image));
        await _node.PublishAsync(Some.Image(pdq) with { Kind = "image-pdq" });
        await _node.PublishAsync(Some.Image(tag) with { Kind = "seller", Scheme = "voprf/tel/1", Action = "review" });
        var nearby = (Convert.ToInt32(pdq[..1], 16) ^ 1).ToString("x", CultureInfo.InvariantCulture) + pdq[1..];

        var answer = await CheckAsync(
            new CheckItem("image-sha256", image, "i"),
            new CheckItem("image-pdq", nearby, "p"),
            new CheckItem("seller", tag, "s"),
            new CheckItem("seller", image, "n"));

        Assert.Equal(["block", "block", "review", "none"], answer.Items.Select(i => i.Verdict));
        Assert.Equal(["i", "p", "s", "n"], answer.Items.Select(i => i.Id));
        var match = Assert.Single(answer.Items[1].Matches);
        Assert.Equal(1, match.Distance);
        Assert.Null(match.Start);
        Assert.Null(Assert.Single(answer.Items[0].Matches).Distance);
        Assert.Empty(answer.Items[3].Matches);
    }

    [Fact]
    public async Task Check_WithdrawnOrExpired_LeftOut()
    {
        var (withdrawn, expired) = (Some.Hex(), Some.Hex());
        var published = await _node.PublishAsync(Some.Image(withdrawn));
        await _node.PublishAsync(Some.Image(expired) with { Expires = _node.Now + 3600 });
        Assert.Equal(["block", "block"], (await CheckAsync(Image(withdrawn), Image(expired))).Items.Select(i => i.Verdict));

        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(published.IndicatorIds[0]));
        _node.Clock.Advance(TimeSpan.FromSeconds(3601));

        var answer = await CheckAsync(Image(withdrawn), Image(expired));
        Assert.Equal(["none", "none"], answer.Items.Select(i => i.Verdict));
        Assert.All(answer.Items, i => Assert.Empty(i.Matches));
    }

    [Fact]
    public async Task Check_DisputedByAnother_LoweredToReview()
    {
        var image = Some.Hex();
        var published = await _node.PublishAsync(Some.Image(image));
        var id = FederationNode.Protocol.Hash256.TryParseHex(published.IndicatorIds[0], out var hash) ? hash : default;
        await _node.ReceiveAsync(new OpinionPayload(id, "acme", OpinionPayload.Dispute, "legal-trade"));

        var match = Assert.Single((await CheckAsync(Image(image))).Items[0].Matches);

        Assert.Equal("review", match.Verdict);
        Assert.Equal(["globex"], match.DisputedBy);
    }

    [Fact]
    public async Task Check_Answer_NamesTheListItAsked()
    {
        var before = await CheckAsync(Image(Some.Hex()));
        await _node.PublishAsync(Some.Image(Some.Hex()));

        var after = await CheckAsync(Image(Some.Hex()));

        Assert.Matches("^[0-9a-f]{64}$", after.ListVersion);
        Assert.NotEqual(before.ListVersion, after.ListVersion);
        Assert.Equal(_node.List.Current.Digest.ToString(), after.ListVersion);
        Assert.Equal(_node.List.Current.InForce, after.ListSize);
    }

    [Fact]
    public async Task Check_Hits_CountedOnceAnItem()
    {
        var word = Some.Word();
        var published = await _node.PublishAsync(Some.Keyword(word));
        await CheckAsync(new CheckItem("text", $"{word} {word}"), new CheckItem("text", word), new CheckItem("text", "none"));

        await _node.Services.GetRequiredService<HitRecorder>().FlushAsync(default);

        var local = await _node.Grains.GetGrain<IIndicatorGrain>(published.IndicatorIds[0]).GetLocalAsync();
        Assert.Equal(2, local.Hits);
        Assert.InRange(local.LastHit, _node.Now - 60, _node.Now);
    }

    [Fact]
    public async Task Check_MostItems_AllAnswered()
    {
        var items = Enumerable.Range(0, Limits.MaxCheckItems).Select(i => new CheckItem("seller", Some.Hex(), $"{i}")).ToArray();

        var answer = await CheckAsync(items);

        Assert.Equal(items.Select(i => i.Id), answer.Items.Select(i => i.Id));
    }

    [Fact]
    public async Task Check_ManyOfAllKinds_AnsweredAsEachAloneAndAsALine()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var (word, image, tag) = (Some.Word(), Some.Hex(), Some.Hex());
        await _node.PublishAsync(Some.Keyword(word));
        await _node.PublishAsync(Some.Image(image));
        await _node.PublishAsync(Some.Image(image) with { Kind = "image-pdq" });
        await _node.PublishAsync(Some.Image(tag) with { Kind = "seller", Scheme = "voprf/tel/1" });
        var items = Enumerable.Range(0, 300).Select(i => new CheckItem(
            random.GetItems(["text", "seller", "image-pdq", "image-sha256"], 1)[0],
            "",
            random.Next(2) == 0 ? null : $"{i}")).Select(item => item with
            {
                Value = random.Next(3) == 0
                    ? item.Kind switch { "text" => $"an old {word}", "seller" => tag, _ => image }
                    : item.Kind == "text" ? "an old bicycle" : Some.Hex(),
            }).ToList();

        var together = await ItemsOfAsync(new CheckRequest(items));
        var lines = await LinesOfAsync(items);

        Assert.Equal((items.Count, items.Count), (together.Count, lines.Count));
        for (var i = 0; i < items.Count; i++)
        {
            var alone = Assert.Single(await ItemsOfAsync(new CheckRequest([items[i]])));
            Assert.True(alone == together[i], $"seed {seed}, item {i}: {alone} alone, {together[i]} among others");

            var line = alone.Replace("{\"id\":", $"{{\"line\":{i + 1},\"id\":", StringComparison.Ordinal)[..^1] + ",\"error\":null}";
            Assert.True(line == lines[i], $"seed {seed}, item {i}: {line} wanted, {lines[i]} as a line");

            // And as the serializer writes it.
            var verdict = JsonSerializer.Deserialize<CheckVerdict>(alone, ApiJson.Options);
            Assert.Equal(JsonSerializer.Serialize(verdict, ApiJson.Options), alone);
        }
    }

    [Fact]
    public async Task Check_Values_NeverInTheLog()
    {
        var (text, tag) = ("call " + Some.Word(), Some.Hex());

        await CheckAsync(new CheckItem("text", text, text), new CheckItem("seller", tag));
        await _node.PostTextAsync(ApiRoutes.Check, $"{{\"items\":\"{text}\"}}");

        Assert.DoesNotContain(_node.Log.Lines, line => line.Contains(text, StringComparison.Ordinal) || line.Contains(tag, StringComparison.Ordinal));
    }

    public static TheoryData<string, string, string?, string> BadItems => new()
    {
        { "texts", "x", null, "items[1].kind" },
        { "Text", "x", null, "items[1].kind" },
        { "text", "", null, "items[1].value" },
        { "text", new string('x', Limits.MaxCheckText + 1), null, "items[1].value" },
        { "text", "x", new string('i', 129), "items[1].id" },
        { "seller", "+8613800138000", null, "items[1].value" },
        { "seller", new string('A', 64), null, "items[1].value" },
        { "image-pdq", new string('0', 63), null, "items[1].value" },
        { "image-sha256", new string('0', 65), null, "items[1].value" },
        { "image-sha256", new string('g', 64), null, "items[1].value" },
    };

    [Theory]
    [MemberData(nameof(BadItems))]
    public async Task Check_BadItem_NamedWithoutItsValue(string kind, string value, string? id, string says)
    {
        var response = await _node.PostAsync(
            ApiRoutes.Check, new CheckRequest([new CheckItem("text", "fine"), new CheckItem(kind, value, id)]), ApiRole.Detector);

        var problem = await ApiNode.ReadProblemAsync(response, HttpStatusCode.BadRequest, "invalid");
        Assert.StartsWith(says, problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("8613800138000", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind":"text","value":"WORD bangle","longest":true}""", 1)]
    [InlineData("""{"longest":true,"value":"WORD bangle","kind":"text"}""", 1)]
    [InlineData("""{"kind":"text","value":"WORD bangle","longest":false}""", 2)]
    [InlineData("""{"kind":"text","value":"WORD bangle"}""", 2)]
    public async Task Check_Longest_OnlyThatIsReported(string item, int matches)
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        await _node.PublishAsync(Some.Keyword($"{word} bangle"));

        var answer = await ApiNode.ReadAsync<CheckResponse>(await _node.PostTextAsync(
            ApiRoutes.Check, $"{{\"items\":[{item.Replace("WORD", word, StringComparison.Ordinal)}]}}"));

        Assert.Equal((matches, "review"), (answer.Items[0].Matches.Count, answer.Items[0].Verdict));
    }

    [Theory]
    [InlineData("""{"items":[{"kind":"seller","value":"VALUE","longest":true}]}""")]
    [InlineData("""{"items":[{"kind":"text","value":"VALUE","longest":"true"}]}""")]
    [InlineData("""{"items":[{"kind":"text","value":"VALUE","longest":null}]}""")]
    [InlineData("""{"items":[{"kind":"text","value":"VALUE","longest":true,"longest":true}]}""")]
    public async Task Check_LongestThatMeansNothing_Refused(string body)
    {
        var response = await _node.PostTextAsync(ApiRoutes.Check, body.Replace("VALUE", new string('0', 64), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("longest", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"items\":[]}")]
    [InlineData("{\"items\":[null]}")]
    public async Task Check_NothingToCheck_Invalid(string json) =>
        await ApiNode.ReadProblemAsync(await _node.PostTextAsync(ApiRoutes.Check, json), HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task Check_TooManyItems_Invalid()
    {
        var items = Enumerable.Repeat(new CheckItem("text", "x"), Limits.MaxCheckItems + 1).ToList();

        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Check, new CheckRequest(items)), HttpStatusCode.BadRequest, "invalid");
    }

    private async Task<List<string>> ItemsOfAsync(CheckRequest request)
    {
        var answer = await _node.PostAsync(ApiRoutes.Check, request, ApiRole.Detector);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetRawText())];
    }

    private async Task<List<string>> LinesOfAsync(IEnumerable<CheckItem> items)
    {
        var body = string.Concat(items.Select(item => JsonSerializer.Serialize(item, ApiJson.Options) + "\n"));
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Check)
        {
            Content = new StringContent(body, new MediaTypeHeaderValue("application/x-ndjson")),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        using var answer = await _node.Client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines[..^1]];
    }

    private static CheckItem Image(string hex) => new("image-sha256", hex);

    private async Task<CheckResponse> CheckAsync(params CheckItem[] items) => await ApiNode.ReadAsync<CheckResponse>(
        await _node.PostAsync(ApiRoutes.Check, new CheckRequest(items), ApiRole.Detector));
}
