using System.Net;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Feedback;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Feedback;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>What becomes of matches: counts for the log, and the queue for people.</summary>
public sealed class FeedbackTests : IAsyncLifetime
{
    private const string Log = "test/acme/indicators/1";

    private ApiNode _node = null!;
    private string _ivory = "";
    private string _pangolin = "";

    private IFeedbackGrain Grain => _node.Grains.GetGrain<IFeedbackGrain>(TestCoalition.Acme);

    private long Today => _node.Now / 86_400;

    public async Task InitializeAsync()
    {
        _node = await ApiNode.StartReadyAsync();
        _ivory = (await _node.PublishAsync(Some.Keyword("ivorywordforall"))).IndicatorIds[0];
        _pangolin = (await _node.PublishAsync(Some.Image(new string('a', 64)))).IndicatorIds[0];
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Day_OfChecksAndFeedback_EndsAsOneTallyACategory()
    {
        await CheckAsync(new CheckItem("text", "ivorywordforall ivorywordforall"), new CheckItem("text", "nothing"));
        await CheckAsync(new CheckItem("image-sha256", new string('a', 64)), new CheckItem("text", "an ivorywordforall"));
        await GiveAsync(new FeedbackRequest([_ivory], "matched", Count: 40));
        await GiveAsync(new FeedbackRequest([_ivory, _pangolin], "blocked", Count: 3));
        await GiveAsync(new FeedbackRequest([_pangolin], "removed"));
        await Recorder().FlushAsync();
        var day = Today;
        Assert.Empty(await TalliesAsync());

        _node.Clock.Advance(TimeSpan.FromDays(1));
        await Recorder().FlushAsync();
        await Recorder().FlushAsync();

        Assert.Equal(
            [new TallyPayload(day, "ivory", 42, 3, 0), new TallyPayload(day, "pangolin", 1, 4, 1)],
            (await TalliesAsync()).OrderBy(t => t.Category, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Counts_AfterTheGrainSleptWithThem_AreThere()
    {
        await GiveAsync(new FeedbackRequest([_ivory], "removed", Count: 5));
        await _node.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await GiveAsync(new FeedbackRequest([_ivory], "removed"));

        Assert.Equal(1, await Grain.WriteTalliesAsync(Today + 1));
        Assert.Equal(6, Assert.Single(await TalliesAsync()).Removals);
    }

    [Fact]
    public async Task Feedback_SameKey_CountsOnceAndOtherContentIsRefused()
    {
        var request = new FeedbackRequest([_ivory], "removed", "item-1", "taken down", 2);
        Assert.False((await GiveAsync(request, "k1")).Repeated);
        _node.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.True((await GiveAsync(request, "k1")).Repeated);
        var first = await GiveAsync(new FeedbackRequest([_ivory], "false-positive"), "k2");
        var again = await GiveAsync(new FeedbackRequest([_ivory], "false-positive"), "k2");

        Assert.Equal((first.Number, true), (again.Number, again.Repeated));
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Feedback, request with { Count = 3 }, ApiRole.Detector, "k1"),
            HttpStatusCode.UnprocessableEntity,
            "key-reused");
        await Grain.WriteTalliesAsync(Today + 1);
        Assert.Equal(2, Assert.Single(await TalliesAsync()).Removals);
        Assert.Single((await QueueAsync("")).Items);
    }

    [Fact]
    public async Task Queue_WhatPeopleShouldLookAt_NewestFirstInPagesAndDecided()
    {
        var numbers = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            var given = await GiveAsync(new FeedbackRequest([_ivory], i % 2 == 0 ? "false-positive" : "review", $"item-{i}", $"note {i}"));
            numbers.Add(given.Number!.Value);
        }

        var page = await QueueAsync("limit=2");
        var rest = await QueueAsync($"limit=3&after={page.Next}");
        Assert.Equal(Enumerable.Reverse(numbers), page.Items.Concat(rest.Items).Select(i => i.Number));
        Assert.Empty((await QueueAsync($"limit=3&after={rest.Next}")).Items);
        var newest = page.Items[0];
        Assert.Equal(("false-positive", "open", "item-4", "note 4", _node.Now), (newest.Outcome, newest.State, newest.ItemId, newest.Note, newest.At));
        Assert.Equal([_ivory], newest.IndicatorIds);

        Assert.Equal("resolved", (await DecideAsync(numbers[0], "resolved")).State);
        Assert.Equal("dismissed", (await DecideAsync(numbers[1], "dismissed")).State);

        Assert.Equal([numbers[0]], (await QueueAsync("state=resolved")).Items.Select(i => i.Number));
        Assert.Equal([numbers[4], numbers[3], numbers[2]], (await QueueAsync("state=open")).Items.Select(i => i.Number));
        Assert.Equal("open", (await DecideAsync(numbers[0], "open")).State);
    }

    [Fact]
    public async Task Queue_Full_OldestDecidedMakesRoomElseRefused()
    {
        var rows = _node.Services.GetRequiredService<RowStore>();
        var full = new FeedbackRow { Next = FeedbackGrain.MaxQueue + 1 };
        for (var i = 1; i <= FeedbackGrain.MaxQueue; i++)
        {
            full.Queue[i] = QueueState.Open;
        }

        await rows.WriteAsync(FeedbackGrain.RowKind, TestCoalition.Acme, full, null);
        await rows.WriteAsync(FeedbackGrain.ItemKind, FeedbackGrain.KeyOf(1), new QueueRow { Outcome = "review" }, null);
        var request = new FeedbackRequest([_ivory], "review", Note: "the newest");
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Feedback, request, ApiRole.Detector), HttpStatusCode.TooManyRequests, "too-many-requests");

        await DecideAsync(1, "dismissed");
        var given = await GiveAsync(request);

        Assert.Equal(FeedbackGrain.MaxQueue + 1, given.Number);
        Assert.Equal("the newest", (await QueueAsync("limit=1")).Items[0].Note);
        Assert.Null(await rows.ReadAsync<QueueRow>(FeedbackGrain.ItemKind, FeedbackGrain.KeyOf(1)));
    }

    public static TheoryData<string, HttpStatusCode, string> BadFeedback => new()
    {
        { "{", HttpStatusCode.BadRequest, "malformed-json" },
        { """{"indicatorIds":["ID"]}""", HttpStatusCode.BadRequest, "malformed-json" },
        { """{"indicatorIds":["ID"],"outcome":"sold"}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":[],"outcome":"removed"}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":[null],"outcome":"removed"}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["zz"],"outcome":"removed"}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["ID"],"outcome":"removed","count":0}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["ID"],"outcome":"removed","count":1000001}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["ID"],"outcome":"review","count":2}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["ID"],"outcome":"removed","itemId":""}""", HttpStatusCode.BadRequest, "invalid" },
        { """{"indicatorIds":["0000000000000000000000000000000000000000000000000000000000000000"],"outcome":"removed"}""", HttpStatusCode.NotFound, "not-found" },
    };

    [Theory]
    [MemberData(nameof(BadFeedback))]
    public async Task Feedback_Bad_RefusedAndNothingCounted(string json, HttpStatusCode status, string code)
    {
        await ApiNode.ReadProblemAsync(
            await _node.PostTextAsync(ApiRoutes.Feedback, json.Replace("ID", _ivory, StringComparison.Ordinal)), status, code);

        Assert.Equal(0, await Grain.WriteTalliesAsync(Today + 1));
        Assert.Empty((await QueueAsync("")).Items);
    }

    [Theory]
    [InlineData("?state=lost", "invalid", HttpStatusCode.BadRequest)]
    [InlineData("?limit=0", "invalid", HttpStatusCode.BadRequest)]
    [InlineData("?after=x", "bad-cursor", HttpStatusCode.BadRequest)]
    public async Task Queue_BadParameter_Refused(string query, string code, HttpStatusCode status) =>
        await ApiNode.ReadProblemAsync(await _node.GetAsync(ApiRoutes.Queue + query, ApiRole.Analyst), status, code);

    [Theory]
    [InlineData("7", "resolved", HttpStatusCode.NotFound, "not-found")]
    [InlineData("x", "resolved", HttpStatusCode.NotFound, "not-found")]
    [InlineData("7", "gone", HttpStatusCode.BadRequest, "invalid")]
    public async Task Decision_OfNothingOrUnknown_Refused(string number, string state, HttpStatusCode status, string code) =>
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync($"{ApiRoutes.Queue}/{number}", new QueueDecision(state), ApiRole.Analyst), status, code);

    private TallyRecorder Recorder() => _node.Services.GetRequiredService<TallyRecorder>();

    private async Task CheckAsync(params CheckItem[] items) =>
        await ApiNode.ReadAsync<CheckResponse>(await _node.PostAsync(ApiRoutes.Check, new CheckRequest(items), ApiRole.Detector));

    private async Task<FeedbackResponse> GiveAsync(FeedbackRequest request, string? key = null) =>
        await ApiNode.ReadAsync<FeedbackResponse>(await _node.PostAsync(ApiRoutes.Feedback, request, ApiRole.Detector, key));

    private async Task<QueuePage> QueueAsync(string query) =>
        await ApiNode.ReadAsync<QueuePage>(await _node.GetAsync($"{ApiRoutes.Queue}?{query}", ApiRole.Analyst));

    private async Task<QueueEntry> DecideAsync(long number, string state) => await ApiNode.ReadAsync<QueueEntry>(
        await _node.PostAsync($"{ApiRoutes.Queue}/{number}", new QueueDecision(state), ApiRole.Analyst));

    private async Task<IReadOnlyList<TallyPayload>> TalliesAsync()
    {
        var range = await _node.Grains.GetGrain<IMemberLogGrain>(Log).ReadAsync(0, Limits.MaxRangeEntries, 1 << 20);
        return [.. range.Entries
            .Select((e, i) => LogEntry.TryInterpret(
                Origin.Parse(Log), i, MerkleHash.Leaf(e.Leaf), e.Leaf, e.Salt, e.Payload, out var entry, out _) ? entry.Payload : null)
            .OfType<TallyPayload>()];
    }
}
