using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CsCheck;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Changes;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class ChangesTests(SharedNode shared)
{
    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Page_AfterCursor_OnlyWhatIsNew()
    {
        var cursor = await EndAsync();
        var published = await _node.PublishAsync(Some.Image(Some.Hex()));
        await _node.ReceiveAsync(new OpinionPayload(Id(published), "acme", OpinionPayload.Dispute, "legal-trade"));

        var page = await PageAsync($"after={cursor}");

        Assert.Equal(["listing", "opinion"], page.Changes.Select(c => c.Kind).Order(StringComparer.Ordinal));
        Assert.All(page.Changes, c => Assert.Equal(published.IndicatorIds[0], c.IndicatorId));
        Assert.All(page.Changes, c => Assert.Equal("review", c.Indicator!.Verdict));
        Assert.Contains(page.Changes, c => (c.Origin, c.Index) == (published.Origin, published.Index));
        Assert.False(page.More);
        Assert.True(page.Complete);
        Assert.Empty((await PageAsync($"after={page.Cursor}")).Changes);
        Assert.Equal(page.Cursor, (await PageAsync($"after={page.Cursor}")).Cursor);
    }

    [Fact]
    public async Task Pages_OfAnySize_ConcatenateToEachLogInOrder()
    {
        await _node.ReceiveAsync(Some.ForeignKeyword(Some.Word(), _node.Now + 1000));
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 9).Select(_ => Some.Keyword(Some.Word()))]));

        var rows = new List<ChangeRow>();
        var (cursor, more) = ("", true);
        while (more)
        {
            var page = await PageAsync($"limit=4&after={cursor}");
            Assert.InRange(page.Changes.Count, 0, 4);
            rows.AddRange(page.Changes);
            (cursor, more) = (page.Cursor, page.More);
        }

        foreach (var log in rows.Where(r => r.Origin is not null).GroupBy(r => r.Origin!))
        {
            Assert.Equal(log.Select(r => r.Index).Order(), log.Select(r => r.Index));
            Assert.Equal(log.Count(), log.Select(r => r.Index).Distinct().Count());
            Assert.Equal(_node.List.Applied[log.Key], log.Last().Index + 1);
        }

        Assert.Equal(2, rows.Select(r => r.Origin).OfType<string>().Distinct().Count());
    }

    [Fact]
    public async Task Page_LogWithLeastNewsFirst_TakedownDoesNotWaitBehindAnImport()
    {
        var cursor = await EndAsync();
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 30).Select(_ => Some.Keyword(Some.Word()))]));
        var urgent = Some.Word();
        await _node.ReceiveAsync(Some.ForeignKeyword(urgent, _node.Now + 1000));

        var page = await PageAsync($"limit=5&after={cursor}");

        Assert.Equal(Some.KeywordId(urgent), page.Changes[0].IndicatorId);
        Assert.True(page.More);
    }

    [Fact]
    public async Task Page_EraseEntry_NamesTheIndicatorAndWhatIsLeft()
    {
        var word = Some.Word();
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000));
        var cursor = await EndAsync();
        await _node.ReceiveAsync(new ErasePayload(_node.Globex.Size - 1, "legal"), new HeartbeatPayload([]));

        // Aside, for who reads the entry later may not be told any more what it was about.
        var rows = (await PageAsync($"after={cursor}")).Changes;
        Assert.Equal(["aside", "erase"], rows.Select(r => r.Kind));
        Assert.All(rows, row => Assert.Equal((Some.KeywordId(word), null), (row.IndicatorId, row.Indicator)));
    }

    [Fact]
    public async Task Page_Answer_CompleteStandsLast()
    {
        using var response = await _node.GetAsync(ApiRoutes.Changes, ApiRole.Detector);

        Assert.EndsWith(",\"complete\":true}", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public static TheoryData<string> MalformedCursors =>
    [
        "x",
        "!!!!",
        Encode("test/acme/indicators/1:0"),
        Encode("test/acme/indicators/1:01"),
        Encode("test/acme/indicators/1:-1"),
        Encode("test/acme/indicators/1:99999999999999999999"),
        Encode("test/acme/receipts/1:1"),
        Encode("test/acme/indicators/1"),
        Encode("test/acme/indicators/1:1\n"),
        Encode("test/b/indicators/1:1\ntest/a/indicators/1:1"),
        Encode("test/a/indicators/1:1\ntest/a/indicators/1:1"),
        Encode("test/a/indicators/1:1") + "=",
        Encode("~0123456789abcdef:1:1\ntest/a/indicators/1:1"),
        Encode("test/a/indicators/1:1\n~0123456789ABCDEF:1:1"),
        Encode("test/a/indicators/1:1\n~0123456789abcdef:1"),
        Encode("test/a/indicators/1:1\n~0123456789abcdef:-1:1"),
        Encode("test/a/indicators/1:1\n~0123456789abcdef:1:01"),
        Encode("~0123456789abcdef:1:1\n~0123456789abcdef:1:1"),
        new string('A', Limits.MaxCursor + 1),
    ];

    [Theory]
    [MemberData(nameof(MalformedCursors))]
    public async Task Page_MalformedCursor_BadCursor(string cursor) => await ApiNode.ReadProblemAsync(
        await _node.GetAsync($"{ApiRoutes.Changes}?after={Uri.EscapeDataString(cursor)}"), HttpStatusCode.BadRequest, "bad-cursor");

    [Theory]
    [InlineData("test/acme/indicators/1:999999")]
    [InlineData("test/initech/indicators/1:1")]
    public async Task Page_CursorAheadOfTheLogs_Conflict(string read) => await ApiNode.ReadProblemAsync(
        await _node.GetAsync($"{ApiRoutes.Changes}?after={Encode(read)}"), HttpStatusCode.Conflict, "cursor-ahead");

    [Fact]
    public void Cursor_AnyPositions_RoundTrips() =>
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 10], Gen.Long[1, 1L << 40]).List[0, 20].Sample(read =>
        {
            var cursor = read.Aggregate(ChangesCursor.Start, (c, r) => c.With($"test/{r.Item1}/indicators/1", r.Item2));
            return ChangesCursor.TryParse(cursor.ToString(), out var again)
                && again.Read.OrderBy(r => r.Key, StringComparer.Ordinal).SequenceEqual(cursor.Read)
                && again.ToString() == cursor.ToString();
        });

    [Fact]
    public void Cursor_AnyText_NeverThrows() =>
        Gen.String[0, 200].Sample(text => ChangesCursor.TryParse(text, out var cursor) == (cursor is not null));

    [Fact]
    public async Task Stream_FromCursor_EventsAreThePagesAndGoOn()
    {
        var cursor = await EndAsync();
        var first = await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var stream = await OpenAsync($"{ApiRoutes.Changes}?after={cursor}", null);

        var one = await stream.NextAsync();
        var second = await _node.PublishAsync(Some.Keyword(Some.Word()));
        var two = await stream.NextAsync();

        Assert.Equal(first.IndicatorIds, one.Page.Changes.Select(c => c.IndicatorId));
        Assert.Equal(second.IndicatorIds, two.Page.Changes.Select(c => c.IndicatorId));
        Assert.Equal((one.Page.Cursor, two.Page.Cursor), (one.Id, two.Id));
        Assert.True(two.Page.Complete);
    }

    [Fact]
    public async Task Stream_LastEventId_GoesBeforeTheQuery()
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        var cursor = await EndAsync();
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));

        using var stream = await OpenAsync(ApiRoutes.Changes, cursor);

        Assert.Equal(published.IndicatorIds, (await stream.NextAsync()).Page.Changes.Select(c => c.IndicatorId));
    }

    [Fact]
    public async Task Stream_Backlog_ComesInPagesOfTheLimit()
    {
        var cursor = await EndAsync();
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 7).Select(_ => Some.Keyword(Some.Word()))]));

        using var stream = await OpenAsync($"{ApiRoutes.Changes}?limit=3&after={cursor}", null);

        var sizes = new List<int>();
        while (sizes.Sum() < 7)
        {
            sizes.Add((await stream.NextAsync()).Page.Changes.Count);
        }

        Assert.Equal([3, 3, 1], sizes);
    }

    [Fact]
    public async Task Stream_Quiet_KeptAliveByComments()
    {
        using var stream = await OpenAsync($"{ApiRoutes.Changes}?after={await EndAsync()}", null);

        await stream.ReadUntilAsync(": alive");
        await stream.ReadUntilAsync(": alive");
    }

    [Fact]
    public async Task Stream_TooManyAtOnce_RefusedAndTheNodeStopsWithThemOpen()
    {
        await using var node = await ApiNode.StartReadyAsync();
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < Limits.MaxChangeStreams; i++)
        {
            open.Add(await node.Client.SendAsync(StreamRequest(ApiRoutes.Changes, null), HttpCompletionOption.ResponseHeadersRead));
            Assert.Equal(HttpStatusCode.OK, open[i].StatusCode);
        }

        using var oneMore = StreamRequest(ApiRoutes.Changes, null);
        var refused = await node.Client.SendAsync(oneMore, HttpCompletionOption.ResponseHeadersRead);

        Assert.NotNull(refused.Headers.RetryAfter);
        await ApiNode.ReadProblemAsync(refused, HttpStatusCode.TooManyRequests, "too-many-requests");

        // A response that nobody refers to is collected, and its stream ends: they must live until here.
        GC.KeepAlive(open);
    }

    [Theory]
    [InlineData("nonsense", HttpStatusCode.BadRequest, "bad-cursor")]
    [InlineData("dGVzdC9hY21lL2luZGljYXRvcnMvMTo5OTk5OTk", HttpStatusCode.Conflict, "cursor-ahead")]
    public async Task Stream_BadLastEventId_ProblemInsteadOfAStream(string id, HttpStatusCode status, string code)
    {
        using var request = StreamRequest(ApiRoutes.Changes, id);

        await ApiNode.ReadProblemAsync(await _node.Client.SendAsync(request), status, code);
    }

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Some.Utf8(text));

    private static Hash256 Id(PublishResponse published) =>
        Hash256.TryParseHex(published.IndicatorIds[0], out var id) ? id : throw new FormatException(published.IndicatorIds[0]);

    private async Task<ChangesPage> PageAsync(string query) =>
        await ApiNode.ReadAsync<ChangesPage>(await _node.GetAsync($"{ApiRoutes.Changes}?{query}", ApiRole.Detector));

    /// <summary>The cursor behind everything that there is.</summary>
    private async Task<string> EndAsync()
    {
        var page = await PageAsync("limit=1000");
        while (page.More)
        {
            page = await PageAsync($"limit=1000&after={page.Cursor}");
        }

        return page.Cursor;
    }

    private static HttpRequestMessage StreamRequest(string path, string? lastEventId)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return request;
    }

    private async Task<EventReader> OpenAsync(string path, string? lastEventId)
    {
        var response = await _node.Client.SendAsync(StreamRequest(path, lastEventId), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>Reads server-sent events line by line.</summary>
    private sealed class EventReader(HttpResponseMessage response, StreamReader lines) : IDisposable
    {
        private readonly CancellationTokenSource _timeout = new(TimeSpan.FromSeconds(60));

        public async Task<(string Id, ChangesPage Page)> NextAsync()
        {
            var fields = new Dictionary<string, string>();
            while (await lines.ReadLineAsync(_timeout.Token) is { } line)
            {
                if (line.Length == 0 && fields.Count > 0)
                {
                    Assert.Equal("changes", fields["event"]);
                    return (fields["id"], JsonSerializer.Deserialize<ChangesPage>(fields["data"], ApiJson.Options)!);
                }

                if (line.Length > 0 && line[0] != ':')
                {
                    var colon = line.IndexOf(": ", StringComparison.Ordinal);
                    fields.Add(line[..colon], line[(colon + 2)..]);
                }
            }

            throw new EndOfStreamException("The stream ended.");
        }

        public async Task ReadUntilAsync(string wanted)
        {
            while (await lines.ReadLineAsync(_timeout.Token) is { } line)
            {
                if (line == wanted)
                {
                    return;
                }
            }

            throw new EndOfStreamException("The stream ended.");
        }

        public void Dispose()
        {
            lines.Dispose();
            response.Dispose();
            _timeout.Dispose();
        }
    }
}
