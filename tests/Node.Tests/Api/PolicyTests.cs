using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Storage;
using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>A node whose folder has a policy.</summary>
public sealed class PolicyTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("fednode-policy-").FullName;
    private readonly NodeFolder _folder;

    public PolicyTests() => _folder = new NodeFolder(_path);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public async Task Policy_Reloaded_ChangesVerdictsWithoutARestart()
    {
        await using var node = await StartAsync("{}");
        var image = Some.Hex();
        await node.ReceiveAsync(Some.ForeignHash("image-sha256", image, node.Now + 1000));
        Assert.Equal("block", (await CheckAsync(node, image)).Verdict);

        Write("""{"kinds":{"image-sha256":{"blockAt":2}}}""");
        node.LookAtPolicy();

        var match = Assert.Single((await CheckAsync(node, image)).Matches);
        const string Reason = "review: 1 of 1 members needed to review (globex); 1 of 2 members needed to block (globex)";
        Assert.Equal(("review", Reason), (match.Verdict, match.Reason));
        var row = await ApiNode.ReadAsync<IndicatorDetail>(await node.GetAsync($"{ApiRoutes.Indicators}/{match.IndicatorId}"));
        Assert.Equal(("review", Reason), (row.Indicator.Verdict, row.Indicator.Reason));

        Write("""{"kinds":{"image-sha256":{"blockAt":-2}}}""");
        node.LookAtPolicy();

        Assert.Equal("review", (await CheckAsync(node, image)).Verdict);
        var says = $"{_folder.PolicyFile}, line 1: \"kinds.image-sha256.blockAt\" must be 0 to 1000.";
        Assert.Contains(await AlarmsAsync(node), a => a.EndsWith(says, StringComparison.Ordinal));
        Assert.Contains(node.Log.Lines, l => l.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Policy_AllowedAndVerified_ReportedWithVerdictNone()
    {
        var tag = Some.Hex();
        await File.WriteAllTextAsync(Path.Combine(_path, "sellers.txt"), tag);
        var word = Some.Word();
        await using var node = await StartAsync(
            $"{{\"allow\":{{\"verifiedSellers\":\"sellers.txt\",\"phrases\":[\"{word} soap\"]}}}}");
        await node.ReceiveAsync(
            Some.ForeignHash("seller", tag, node.Now + 1000, "review", "voprf/tel/1"),
            Some.ForeignKeyword(word, node.Now + 1000));

        var seller = await CheckAsync(node, new CheckItem("seller", tag));
        Assert.Equal("none", seller.Verdict);
        Assert.Equal("allowed by policy.json: a verified seller", Assert.Single(seller.Matches).Reason);

        var text = await CheckAsync(node, new CheckItem("text", $"a {word} soap, a {word}"));
        Assert.Equal("review", text.Verdict);
        Assert.Equal(["review", "none"], text.Matches.Select(m => m.Verdict));
        Assert.Equal($"allowed by policy.json: {word} soap", text.Matches[1].Reason);
    }

    [Fact]
    public async Task Policy_ClosedWhenStale_WhatHasNoMatchIsReviewed()
    {
        await using var node = await StartAsync("""{"whenStale":"closed"}""");
        node.HearPeers();

        var fresh = await CheckAsync(node, new CheckItem("text", "nothing"));
        Assert.Equal(("none", null), (fresh.Verdict, fresh.Reason));

        node.Clock.Advance(TimeSpan.FromHours(1));

        var stale = await CheckAsync(node, new CheckItem("text", "nothing"));
        Assert.Equal("review", stale.Verdict);
        Assert.Empty(stale.Matches);
        Assert.Equal(
            "review: the list may be out of date, and policy.json has such items reviewed (whenStale is closed)", stale.Reason);
    }

    [Fact]
    public async Task Flood_MoreThanTheLimit_OnlySignalsUntilReleased()
    {
        const string Limit = "\"entries\":5,\"hours\":1";
        await using var node = await StartAsync($"{{\"flood\":{{{Limit}}}}}");
        var (early, late) = (Some.Hex(), Some.Hex());
        await node.ReceiveAsync(Some.ForeignHash("image-sha256", early, node.Now + 100_000));
        await Flood(node).LookAsync();

        // Backdated by a day: what counts is when it came.
        foreach (var hex in Enumerable.Range(0, 5).Select(_ => Some.Hex()).Append(late))
        {
            node.Globex.Add(Some.ForeignHash("image-sha256", hex, node.Now + 100_000), node.Now - 86_400);
        }

        await node.ReceiveAsync();
        await Flood(node).LookAsync();

        Assert.Equal("block", (await CheckAsync(node, early)).Verdict);
        const string Reason =
            "signal: 0 of 1 members needed to review; quarantined: globex added 6 entries within 1 h";
        Assert.Equal(Reason, Assert.Single((await CheckAsync(node, late)).Matches).Reason);
        Assert.Equal("signal", (await CheckAsync(node, late)).Verdict);
        Assert.Contains(
            "globex is in quarantine: globex added 6 entries within 1 h, more than \"flood\" in policy.json lets pass. What it "
                + "lists since only signals. Look at it, then name the member in \"flood.released\", or in \"muted\".",
            await AlarmsAsync(node));

        // It is remembered by the next process.
        var row = await node.Services.GetRequiredService<RowStore>().ReadAsync<FloodRow>(FloodRow.RowKind, "acme");
        var held = Assert.Single(row!.Value.ToMemory().Quarantines);
        Assert.Equal((node.Globex.Origin, "globex", 1, 6), (held.Log, held.Member, held.From, held.Entries));
        node.Services.GetRequiredService<PolicyBoard>().Hold(QuarantineTable.Empty);
        await Flood(node).LoadAsync();
        Assert.Equal("signal", (await CheckAsync(node, late)).Verdict);

        Write($"{{\"flood\":{{{Limit},\"released\":[\"globex\"]}}}}");
        node.LookAtPolicy();
        await Flood(node).LookAsync();

        Assert.Equal("block", (await CheckAsync(node, late)).Verdict);
        Assert.DoesNotContain(await AlarmsAsync(node), a => a.Contains("quarantine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flood_DamagedRow_BegunAnew()
    {
        await using var node = await StartAsync("""{"flood":{"entries":5,"hours":1}}""");
        await node.ReceiveAsync(Some.ForeignHash("image-sha256", Some.Hex(), node.Now + 100_000));
        await Flood(node).LookAsync();
        var rows = node.Services.GetRequiredService<RowStore>();
        var stored = await rows.ReadAsync<FloodRow>(FloodRow.RowKind, "acme");
        await rows.WriteAsync(
            FloodRow.RowKind, "acme", new FloodRow { Logs = [new FloodLogRow { Origin = "nonsense" }] }, stored!.ETag);

        await Flood(node).LoadAsync();
        await Flood(node).LookAsync();

        Assert.Contains(node.Log.Lines, l => l.Contains("its row is damaged. It is begun anew", StringComparison.Ordinal));
        var anew = await rows.ReadAsync<FloodRow>(FloodRow.RowKind, "acme");
        Assert.Equal(node.Globex.Origin, Assert.Single(anew!.Value.Logs).Origin);
    }

    [Fact]
    public async Task Lint_KeywordThatHitsTheSample_RefusedUnlessOverridden()
    {
        var (common, rare) = (Some.Word(), Some.Word());
        await File.WriteAllLinesAsync(
            Path.Combine(_path, "ads.txt"), Enumerable.Range(0, 100).Select(i => $"ad {i} {(i % 10 == 0 ? common : "")} {(i == 3 ? rare : "")}"));
        await using var node = await StartAsync("""{"sample":{"path":"ads.txt","maxHitRate":0.05}}""");

        var problem = await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, Some.Keyword(common)), HttpStatusCode.UnprocessableEntity, "lint");
        Assert.Equal(
            "$.value hits 10 of the 100 normal texts of \"sample\" in policy.json, which lets at most 5 % pass: add words that "
                + "must be near it (context.anyOf or context.allOf), or say in overrideLint why it is needed all the same.",
            problem.Detail);
        problem = await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, new ListingBatch([Some.Keyword(rare), Some.Keyword(common)])),
            HttpStatusCode.UnprocessableEntity,
            "lint");
        Assert.StartsWith("listings[1].value hits 10 of", problem.Detail, StringComparison.Ordinal);

        await node.PublishAsync(Some.Keyword(rare));
        await node.PublishAsync(Some.Keyword(common, l => l with { Context = new KeywordRuleRequest(AnyOf: ["tusk"]) }));
        await node.PublishAsync(Some.Keyword(common, l => l with { OverrideLint = "seen in 30 cases" }));
    }

    private static FloodWatch Flood(ApiNode node) =>
        node.Services.GetServices<IHostedService>().OfType<FloodWatch>().Single();

    private static async Task<IReadOnlyList<string>> AlarmsAsync(ApiNode node) =>
        (await ApiNode.ReadAsync<NodeStatus>(await node.GetAsync(ApiRoutes.Status))).Alarms;

    private static Task<CheckVerdict> CheckAsync(ApiNode node, string image) =>
        CheckAsync(node, new CheckItem("image-sha256", image));

    private static async Task<CheckVerdict> CheckAsync(ApiNode node, CheckItem item) =>
        Assert.Single((await ApiNode.ReadAsync<CheckResponse>(
            await node.PostAsync(ApiRoutes.Check, new CheckRequest([item]), ApiRole.Detector))).Items);

    private void Write(string json) => File.WriteAllText(_folder.PolicyFile, json);

    private Task<ApiNode> StartAsync(string json)
    {
        Write(json);
        return ApiNode.StartWithPolicyAsync(_folder);
    }
}
