using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Changes;
using FederationNode.Node.Api.Indicators;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>GET /v1/snapshot, and how a copy of the list is kept with /v1/changes after it.</summary>
public sealed class SnapshotTests : IAsyncLifetime
{
    private ApiNode _node = null!;

    public async Task InitializeAsync() => _node = await ApiNode.StartReadyAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Copy_SnapshotAndTheChangesAfterIt_IsTheNodesList()
    {
        var word = Some.Word();
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 600).Select(_ => Some.Keyword(Some.Word()))]));
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000));
        var withdrawn = await _node.PublishAsync(Some.Image(Some.Hex()));
        var copy = await CopyAsync();
        AssertIsTheList(copy);

        // A withdrawal, a listing, an opinion that is taken back, and an erasure.
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(withdrawn.IndicatorIds[0]));
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        await _node.ReceiveAsync(new OpinionPayload(Id(withdrawn), "acme", OpinionPayload.None, "other"));
        await _node.ReceiveAsync(new ErasePayload(0, "legal"), new HeartbeatPayload([]));
        await copy.FollowAsync(limit: 2);

        AssertIsTheList(copy);
        Assert.False(copy.Rows.ContainsKey(Some.KeywordId(word)));
        Assert.Equal(_node.List.Current.Digest.ToString(), copy.ListVersion);
        Assert.Contains(copy.Rows[withdrawn.IndicatorIds[0]].Opinions, o => o.Stance == OpinionPayload.None);
    }

    [Fact]
    public async Task Snapshot_Header_SaysWhoseAndWhoseWordCounts()
    {
        var lines = await LinesAsync();

        var header = JsonSerializer.Deserialize<SnapshotHeader>(lines[0], ApiJson.Options)!;
        Assert.Equal((SnapshotWriter.Format, "test", "acme", _node.Now), (header.Format, header.Coalition, header.Member, header.Issued));
        Assert.Equal(1, header.Roster.Version);
        Assert.Equal(["acme", "globex", "secretariat"], header.Roster.Counts);
        Assert.Equal(_node.List.Current.Digest.ToString(), header.ListVersion);
        Assert.Equal(lines.Length - 2, header.Indicators);
    }

    [Fact]
    public async Task Snapshot_BrokenOff_HasNoLastLine()
    {
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 2000).Select(_ => Some.Keyword(Some.Word()))]));
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        using var cancel = new CancellationTokenSource();
        var writing = _node.Services.GetRequiredService<SnapshotWriter>()
            .WriteAsync(pipe.Writer, _node.Services.GetRequiredService<RosterBoard>().Current!, cancel.Token);

        // The reader takes nothing, so the writer waits with one part: memory is bounded.
        var first = await pipe.Reader.ReadAsync();
        Assert.InRange(first.Buffer.Length, 1, 256 * 1024);
        Assert.False(writing.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);

        await pipe.Writer.CompleteAsync();
        var text = Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(first.Buffer));
        Assert.DoesNotContain("\"end\":", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshots_TooManyAtOnce_Refused()
    {
        var places = _node.Services.GetRequiredService<SnapshotPlaces>();
        for (var i = 0; i < Limits.MaxSnapshots; i++)
        {
            Assert.True(places.TryTake(new DefaultHttpContext()));
        }

        var refused = await _node.GetAsync(ApiRoutes.Snapshot, ApiRole.Detector);

        Assert.NotNull(refused.Headers.RetryAfter);
        await ApiNode.ReadProblemAsync(refused, HttpStatusCode.TooManyRequests, "too-many-requests");
    }

    [Fact]
    public async Task Snapshot_UnknownParameterOrWrongRole_Refused()
    {
        await ApiNode.ReadProblemAsync(
            await _node.GetAsync($"{ApiRoutes.Snapshot}?after=x", ApiRole.Detector), HttpStatusCode.BadRequest, "invalid");
        await ApiNode.ReadProblemAsync(
            await _node.GetAsync(ApiRoutes.Snapshot, ApiRole.Auditor), HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Changes_AnotherRoster_ComesOnceWithWhoCounts()
    {
        var copy = await CopyAsync();
        Assert.Null((await copy.PageAsync()).Roster);
        await PutNextRosterAsync();

        var page = await copy.PageAsync();

        Assert.Empty(page.Changes);
        Assert.Equal(2, page.Roster!.Version);
        Assert.Equal(["acme", "secretariat"], page.Roster.Counts);
        Assert.Null((await copy.PageAsync(page.Cursor)).Roster);
        Assert.Equal(2, (await copy.PageAsync("")).Roster!.Version);
    }

    [Fact]
    public async Task Stream_AnotherRoster_ComesWithoutAChange()
    {
        var copy = await CopyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiRoutes.Changes}?after={copy.Cursor}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await _node.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Equal(": open", await lines.ReadLineAsync(timeout.Token));
        await PutNextRosterAsync();

        string? line;
        do
        {
            line = await lines.ReadLineAsync(timeout.Token);
        }
        while (line is not null && !line.StartsWith("data: ", StringComparison.Ordinal));

        var page = JsonSerializer.Deserialize<ChangesPage>(line!["data: ".Length..], ApiJson.Options)!;
        Assert.Equal(2, page.Roster!.Version);
        AssertSum(Encoding.UTF8.GetBytes(line["data: ".Length..]));
    }

    [Fact]
    public async Task Changes_CursorOfAnotherRun_Lost()
    {
        var copy = await CopyAsync();
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        await copy.FollowAsync(limit: 100);
        _node.List.Truncate(Origin.Parse("test/globex/indicators/1"), 0, 0, _node.Now, _ => true);

        var path = $"{ApiRoutes.Changes}?after={copy.Cursor}";
        await ApiNode.ReadProblemAsync(await _node.GetAsync(path, ApiRole.Detector), HttpStatusCode.Conflict, "cursor-lost");
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        request.Headers.Accept.ParseAdd("text/event-stream");
        await ApiNode.ReadProblemAsync(await _node.Client.SendAsync(request), HttpStatusCode.Conflict, "cursor-lost");

        // Positions in logs alone do not tell what was known beside them.
        var bare = System.Buffers.Text.Base64Url.EncodeToString("test/acme/indicators/1:1"u8);
        await ApiNode.ReadProblemAsync(
            await _node.GetAsync($"{ApiRoutes.Changes}?after={bare}", ApiRole.Detector), HttpStatusCode.Conflict, "cursor-lost");
        Assert.NotEmpty((await copy.PageAsync("")).Changes);
    }

    [Fact]
    public async Task Changes_UrgentBeforeItsTurn_AsideAndAgainInItsTurn()
    {
        var copy = await CopyAsync();
        var word = Some.Word();
        var log = new ForeignLog(_node.Coalition.LogKey("globex/indicators"));
        log.Add(Some.ForeignKeyword(word, _node.Now + 1000), _node.Now);
        _node.List.Overlie(Origin.Parse(log.Origin), 7, log.TakeRange().Entries, _node.Now, _ => true);

        var row = Assert.Single((await copy.PageAsync()).Changes);

        Assert.Equal((null, null, "aside", Some.KeywordId(word)), (row.Origin, row.Index, row.Kind, row.IndicatorId));
        Assert.Equal("review", row.Indicator!.Verdict);
        Assert.Equal(7, Assert.Single(row.Indicator.Listings).Index);
    }

    [Fact]
    public async Task Changes_Page_EndsWithTheSumOfWhatIsBefore()
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var response = await _node.GetAsync(ApiRoutes.Changes, ApiRole.Detector);
        var bytes = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(bytes.Length, response.Content.Headers.ContentLength);
        AssertSum(bytes);
        Assert.Equal(1, JsonSerializer.Deserialize<ChangesPage>(bytes, ApiJson.Options)!.Count);
    }

    /// <summary>As the specification says it for programs in other languages: bytes only.</summary>
    private static void AssertSum(byte[] page)
    {
        var text = Encoding.UTF8.GetString(page.AsSpan(page.Length - 93));
        Assert.Equal($",\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(page.AsSpan(0, page.Length - 93)))}\",\"complete\":true}}", text);
    }

    private static Hash256 Id(PublishResponse published) =>
        Hash256.TryParseHex(published.IndicatorIds[0], out var id) ? id : throw new FormatException(published.IndicatorIds[0]);

    private async Task PutNextRosterAsync()
    {
        var roster = _node.Coalition.Roster(2);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _node.Services.GetRequiredService<RosterBoard>().Changed += _ => changed.TrySetResult();
        await _node.PutRosterAsync(_node.Coalition.Sign(roster with
        {
            Members = [.. roster.Members.Select(m => m.Name == "globex" ? m with { Status = MemberStatus.Expelled } : m)],
        }));
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private void AssertIsTheList(Copy copy)
    {
        var describer = _node.Services.GetRequiredService<IndicatorDescriber>();
        var expected = _node.List.Page(null, 10_000).Select(s => describer.SummariseWhole(s, _node.Now)).ToList();
        Assert.Equal(
            expected.Select(r => JsonSerializer.Serialize(r, ApiJson.Options)),
            copy.Rows.Values.Select(r => JsonSerializer.Serialize(r, ApiJson.Options)));
    }

    private async Task<ImmutableArray<string>> LinesAsync()
    {
        using var response = await _node.GetAsync(ApiRoutes.Snapshot, ApiRole.Detector);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal((byte)'\n', bytes[^1]);
        ImmutableArray<string> lines = [.. Encoding.UTF8.GetString(bytes).Split('\n')[..^1]];
        var end = JsonSerializer.Deserialize<SnapshotEnd>(lines[^1], ApiJson.Options)!;
        var before = bytes.AsSpan(0, bytes.Length - Encoding.UTF8.GetByteCount(lines[^1]) - 1);
        Assert.Equal((true, lines.Length - 2, Convert.ToHexStringLower(SHA256.HashData(before))), (end.End, end.Count, end.Sha256));
        return lines;
    }

    private async Task<Copy> CopyAsync()
    {
        var lines = await LinesAsync();
        var copy = new Copy(_node, JsonSerializer.Deserialize<SnapshotHeader>(lines[0], ApiJson.Options)!.Cursor);
        foreach (var line in lines[1..^1])
        {
            var row = JsonSerializer.Deserialize<IndicatorSummary>(line, ApiJson.Options)!;
            copy.Rows.Add(row.Id, row);
        }

        return copy;
    }

    /// <summary>What a detector would keep.</summary>
    private sealed class Copy(ApiNode node, string cursor)
    {
        public SortedDictionary<string, IndicatorSummary> Rows { get; } = new(StringComparer.Ordinal);

        public string Cursor { get; private set; } = cursor;

        public string ListVersion { get; private set; } = "";

        public async Task<ChangesPage> PageAsync(string? after = null, int limit = 100) => await ApiNode.ReadAsync<ChangesPage>(
            await node.GetAsync($"{ApiRoutes.Changes}?limit={limit}&after={after ?? Cursor}", ApiRole.Detector));

        public async Task FollowAsync(int limit)
        {
            ChangesPage page;
            do
            {
                page = await PageAsync(limit: limit);
                (Cursor, ListVersion) = (page.Cursor, page.ListVersion);
                Assert.Equal(page.Changes.Count, page.Count);
                foreach (var change in page.Changes.Where(c => c.IndicatorId is not null))
                {
                    Rows.Remove(change.IndicatorId!);
                    if (change.Indicator is { } row)
                    {
                        Rows.Add(row.Id, row);
                    }
                }
            }
            while (page.More);
        }
    }
}
