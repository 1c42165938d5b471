using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using FederationNode.Node.Tests.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

public sealed class StatusTests
{
    private static readonly CheckRequest Anything = new([new CheckItem("text", "anything")]);

    [Fact]
    public async Task Status_BeforeTheFirstRoster_AlarmAndNothingIsPublished()
    {
        await using var node = await ApiNode.StartAsync(TestCoalition.Acme);

        var status = await StatusAsync(node);

        Assert.Equal(("test", "acme", 0, false), (status.Coalition, status.Member, status.RosterVersion, status.Ready));
        Assert.Contains("No roster", Assert.Single(status.Alarms), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await node.GetAsync(ApiRoutes.Health, null)).StatusCode);
        var problem = await ApiNode.ReadProblemAsync(await node.GetAsync(ApiRoutes.Ready, null), HttpStatusCode.ServiceUnavailable, "not-ready");
        Assert.Contains("roster", problem.Detail, StringComparison.Ordinal);
        await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word())), HttpStatusCode.ServiceUnavailable, "not-ready");
        await ApiNode.ReadProblemAsync(await node.GetAsync(ApiRoutes.Changes), HttpStatusCode.ServiceUnavailable, "not-ready");
        await ApiNode.ReadProblemAsync(await node.GetAsync(ApiRoutes.Indicators), HttpStatusCode.ServiceUnavailable, "not-ready");
        await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.SellerEvaluate, new SellerEvaluateRequest("tel", 1, [Convert.ToBase64String(new byte[32])])),
            HttpStatusCode.ServiceUnavailable,
            "not-ready");

        // docs/protocol.md section 17.5: a list of nothing is a view as well.
        const string EmptyView = "00f6a3367f5f6e53b1b638888e5923c9cf501d75172f0b2b7d5be18e4a7ca9c2";
        var check = await CheckAsync(node);
        Assert.Equal((EmptyView, EmptyView, true), (status.ViewDigest, check.ListVersion, check.Stale));
    }

    [Theory]
    [InlineData(ApiRoutes.Logs)]
    [InlineData(ApiRoutes.Logs + "/test/acme/indicators/1/checkpoint")]
    public async Task Logs_BeforeAllAreRead_NotReadyRatherThanMissing(string path)
    {
        await using var node = await ApiNode.StartAsleepAsync();

        await ApiNode.ReadProblemAsync(
            await node.GetAsync(path, ApiRole.Auditor), HttpStatusCode.ServiceUnavailable, "not-ready");
    }

    [Theory]
    [InlineData(-301, true)]
    [InlineData(-299, false)]
    public async Task Status_ClockBeforeTheRosterWasIssued_Alarm(int seconds, bool raised)
    {
        await using var node = await ApiNode.StartReadyAsync();
        var issued = node.Services.GetRequiredService<RosterBoard>().Current!.Issued;
        node.Clock.Advance(TimeSpan.FromSeconds(issued + seconds - node.Now));

        var alarms = (await StatusAsync(node)).Alarms;

        Assert.Equal(raised, alarms.Any(a => a.Contains("clock", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Status_PeersComeAndGo_AgeStalenessAndAlarmsFollow()
    {
        await using var node = await ApiNode.StartReadyAsync();
        Assert.Equal((null, true), Freshness(await CheckAsync(node)));

        Contact(node, works: true);
        var fresh = await CheckAsync(node);
        Assert.False(fresh.Stale);
        Assert.InRange(fresh.AgeSeconds!.Value, 0, 60);
        Assert.Empty((await StatusAsync(node)).Alarms);

        Contact(node, works: false);
        node.Clock.Advance(TimeSpan.FromSeconds(121));

        var stale = await CheckAsync(node);
        Assert.True(stale.Stale);
        Assert.InRange(stale.AgeSeconds!.Value, 121, 181);
        var status = await StatusAsync(node);
        var peer = Assert.Single(status.Peers, p => p.Member == Origin.Secretariat);
        Assert.Equal((false, 1), (peer.Reachable, peer.Failures));
        Assert.Contains("out of reach", peer.LastError, StringComparison.Ordinal);
        Assert.StartsWith("secretariat is out of reach", Assert.Single(status.Alarms), StringComparison.Ordinal);

        // The other member only dials: this node cannot know.
        Assert.Null(Assert.Single(status.Peers, p => p.Member == TestCoalition.Globex).LastContactSecondsAgo);

        Contact(node, works: true);
        Assert.False((await CheckAsync(node)).Stale);
    }

    [Theory]
    [InlineData(null, "none", null)]
    [InlineData("wlnorm/1=?", "malformed", "What secretariat says of its text tables cannot be read.")]
    [InlineData(
        "wlnorm/1=00000000000000000000000000000000000000000000000000000000000000ff",
        "other",
        "secretariat has other text tables under the name wlnorm/1")]
    public async Task Status_PeerWithOtherTextTables_SaysSo(string? statement, string word, string? alarm)
    {
        await using var node = await ApiNode.StartReadyAsync();
        Contact(node, works: true);
        Assert.All((await StatusAsync(node)).Peers, p => Assert.Null(p.TextTables));

        node.Services.GetRequiredService<TablesBoard>().Take(Origin.Secretariat, statement);

        var status = await StatusAsync(node);
        var peer = Assert.Single(status.Peers, p => p.Member == Origin.Secretariat);
        Assert.Equal((word, statement is { Length: > 40 } ? statement[9..] : null), (peer.TextTables, peer.TextTablesHash));
        Assert.Equal(alarm is null ? 0 : 1, status.Alarms.Count);
        Assert.All(status.Alarms, a => Assert.StartsWith(alarm!, a, StringComparison.Ordinal));
        Assert.All(status.Alarms, a => Assert.Contains("Logs replicate as ever", a, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_RosterExpired_Alarm()
    {
        await using var node = await ApiNode.StartReadyAsync();
        node.Clock.Advance(TimeSpan.FromDays(366));

        var status = await StatusAsync(node);

        Assert.Equal(1, status.RosterVersion);
        Assert.True(status.Ready);
        Assert.Contains(status.Alarms, a => a.Contains("has expired", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_LogsAndList_AreThoseOfTheOtherRoutes()
    {
        await using var node = await ApiNode.StartReadyAsync();
        await node.PublishAsync(Some.Keyword(Some.Word()));

        var status = await StatusAsync(node);

        Assert.Equal(await ApiNode.ReadAsync<IReadOnlyList<LogRow>>(await node.GetAsync(ApiRoutes.Logs)), status.Logs);
        Assert.Equal((1, node.List.Current.Digest.ToString()), (status.Indicators, status.ViewDigest));
        Assert.Contains("SQLite", status.Storage, StringComparison.Ordinal);
        Assert.NotEmpty(status.Version);
    }

    [Fact]
    public async Task Storage_Fails_UnavailableAlarmAndRecoveryWithoutLoss()
    {
        await using var node = await ApiNode.StartReadyAsync();
        var listing = Some.Keyword(Some.Word());
        var before = await node.PublishAsync(Some.Keyword(Some.Word()));
        await ExecuteAsync(node, "ALTER TABLE OrleansStorage RENAME TO Away");

        var problem = await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, listing, key: "once"), HttpStatusCode.ServiceUnavailable, "storage-unavailable");
        Assert.DoesNotContain(node.DatabaseFile, problem.Detail, StringComparison.Ordinal);
        Assert.Contains((await StatusAsync(node)).Alarms, a => a.StartsWith("The storage failed", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await node.GetAsync(ApiRoutes.Health, null)).StatusCode);
        Assert.Equal("none", (await CheckAsync(node)).Items[0].Verdict);

        await ExecuteAsync(node, "ALTER TABLE Away RENAME TO OrleansStorage");
        var after = await ApiNode.ReadAsync<PublishResponse>(
            await node.PostAsync(ApiRoutes.Listings, listing, key: "once"), HttpStatusCode.Created);
        Assert.Equal(before.Index + 1, after.Index);
        Assert.DoesNotContain((await StatusAsync(node)).Alarms, a => a.StartsWith("The storage failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Storage_TakesNoWrites_RepetitionInTheSameBatchFailsToo()
    {
        await using var node = await ApiNode.StartReadyAsync();
        await node.PublishAsync(Some.Keyword(Some.Word()));
        foreach (var verb in (string[])["INSERT", "UPDATE"])
        {
            await ExecuteAsync(
                node,
                $"CREATE TRIGGER No{verb} BEFORE {verb} ON OrleansStorage BEGIN SELECT RAISE(ABORT, 'no writes'); END");
        }

        var entry = new NewEntry(EntryKind.Heartbeat, new HeartbeatPayload([]).Encode());
        var request = new AppendRequest([entry], "once");
        var log = node.Grains.GetGrain<IMemberLogGrain>("test/acme/indicators/1");

        var results = await log.AppendAsync([request, request]);

        Assert.All(results, r => Assert.Equal(AppendRefusal.StorageUnavailable, r.Refusal));
        await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word())),
            HttpStatusCode.ServiceUnavailable,
            "storage-unavailable");
        const string Failed = "The storage failed";
        var alarm = Assert.Single(
            (await StatusAsync(node)).Alarms, a => a.StartsWith(Failed, StringComparison.Ordinal));
        Assert.DoesNotContain(Failed, alarm[Failed.Length..], StringComparison.Ordinal);
    }

    private static (double?, bool) Freshness(CheckResponse answer) => (answer.AgeSeconds, answer.Stale);

    /// <summary>One exchange with the peer that is dialled, as the replication tells of it.</summary>
    private static void Contact(ApiNode node, bool works)
    {
        node.Clock.Advance(TimeSpan.FromSeconds(40));
        var now = node.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        node.Services.GetRequiredService<LinkBoard>().Change(Origin.Secretariat, link => works
            ? link with { Reachable = true, LastContact = now, Failures = 0, LastError = null }
            : link with { Reachable = false, Failures = link.Failures + 1, LastError = "secretariat: is out of reach" });
    }

    private static async Task<NodeStatus> StatusAsync(ApiNode node) =>
        await ApiNode.ReadAsync<NodeStatus>(await node.GetAsync(ApiRoutes.Status));

    private static async Task<CheckResponse> CheckAsync(ApiNode node) =>
        await ApiNode.ReadAsync<CheckResponse>(await node.PostAsync(ApiRoutes.Check, Anything, ApiRole.Detector));

    private static async Task ExecuteAsync(ApiNode node, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={node.DatabaseFile}");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
