using System.Net;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>What is answered to a peer that got in.</summary>
public sealed class PeerEndpointsTests : IAsyncLifetime
{
    private const string LogPath = PeerRoutes.Logs + PeerCoalition.Log + "/";

    private static readonly LogRange s_range = new(
        PeerCoalition.CheckpointOf(9),
        3,
        [new StoredEntry([1, 2], new byte[16], [5]), new StoredEntry([3], null, null)],
        [Hash256.Of([7])]);

    private ListeningNode _node = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _node = await ListeningNode.StartAsync();
        _client = _node.Client(_node.Coalition.A.Certificate);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Push_Accepted_GivesTheSizeHeld()
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(ExtendOutcome.Extended, 12, null);

        var answer = await _node.Transport.PushAsync("b", PushOf(12), CancellationToken.None);

        Assert.Equal(12, answer.Size);
        Assert.Equal(PeerCoalition.Log, Assert.Single(_node.Grains.Asked));
        var range = Assert.Single(_node.Grains.Log.Extended);
        Assert.Equal([1, 2], Assert.Single(range.Entries).Leaf);
        Assert.Equal(11, range.From);
    }

    [Fact]
    public async Task Push_Gap_GivesTheSizeHeldAndPullsFromTheSender()
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(ExtendOutcome.Gap, 4, null);
        await _node.Puller.StartAsync(CancellationToken.None);

        var answer = await _node.Transport.PushAsync("b", PushOf(12), CancellationToken.None);

        Assert.Equal(4, answer.Size);
        Assert.Equal(("a", PeerCoalition.Log), await _node.Pulls.Asked.Task);
        await _node.Puller.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(ExtendOutcome.Refused, 422)]
    [InlineData(ExtendOutcome.Fork, 422)]
    [InlineData(ExtendOutcome.UnknownLog, 403)]
    [InlineData(ExtendOutcome.StorageUnavailable, 503)]
    public async Task Push_NotTaken_GivesTheStatusAndTheReason(ExtendOutcome outcome, int status)
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(outcome, 4, "because");

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushAsync("b", PushOf(12), CancellationToken.None));

        Assert.Equal(status, failure.Status);
        Assert.Contains(
            outcome is ExtendOutcome.StorageUnavailable ? "storage" : "because", failure.Message, StringComparison.Ordinal);
        Assert.Contains(_node.Lines, l => l.StartsWith($"a was refused POST /peer/v1/push: {status}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_LogThatTheRosterDoesNotName_Is403AndMakesNoGrain()
    {
        using var key = Protocol.Keys.SigningKey.FromSeed("demo/z/indicators/1", new byte[32]);
        var note = new Protocol.Notes.Checkpoint("demo/z/indicators/1", 1, default).Sign(key);
        var push = new PushMessage { Checkpoint = note, From = 0, Entries = [] };

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushAsync("b", push, CancellationToken.None));

        Assert.Equal(403, failure.Status);
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Push_CheckpointIsNoNote_Is422()
    {
        var push = new PushMessage { Checkpoint = [1, 2, 3], From = 0, Entries = [] };

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushAsync("b", push, CancellationToken.None));

        Assert.Equal(422, failure.Status);
    }

    [Fact]
    public async Task Push_GrainTimesOut_Is503WithoutTheFaultItself()
    {
        _node.Grains.Log.OnExtend = _ => throw new TimeoutException("secret");

        using var response = await _client.PostAsync(PeerRoutes.Push, ListeningNode.Body(PushOf(1)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_GrainFails_Is500WithoutTheFaultItself()
    {
        _node.Grains.Log.OnExtend = _ => throw new InvalidDataException("secret");

        using var response = await _client.PostAsync(PeerRoutes.Push, ListeningNode.Body(PushOf(1)));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_Exchange_TellsThePeersGrainAndGivesOwnHeads()
    {
        _node.Heads.Put(new LogStatus(PeerCoalition.Log, 6, default, 5, Hash256.Of([5]), [1]));
        var theirs = new HeadsMessage { Heads = [new() { Origin = "demo/a/receipts/1", Size = 8, Root = new byte[32] }] };

        var answer = await _node.Transport.ExchangeHeadsAsync("b", theirs, CancellationToken.None);

        var head = Assert.Single(answer.Heads);
        Assert.Equal((PeerCoalition.Log, 5L), (head.Origin, head.Size));
        Assert.Equal([new PeerHead("demo/a/receipts/1", 8)], await _node.Grains.Peer.Noted.Task);
        Assert.Contains("a", _node.Grains.Asked);
    }

    [Fact]
    public async Task Heads_PeersGrainIsBusy_AnswersAllTheSame()
    {
        var never = new TaskCompletionSource();
        _node.Grains.Peer.Busy = never.Task;

        await _node.Transport.ExchangeHeadsAsync("b", new HeadsMessage { Heads = [] }, CancellationToken.None);
        await _node.Transport.ExchangeHeadsAsync("b", new HeadsMessage { Heads = [] }, CancellationToken.None);

        Assert.Single(_node.Grains.Asked);
        never.SetResult();
    }

    [Fact]
    public async Task Range_Held_IsGivenWithItsProof()
    {
        _node.Grains.Log.Range = s_range;

        var answer = await _node.Transport.GetRangeAsync("b", RangeRequest(10), CancellationToken.None);

        var range = PeerWire.FromMessage(answer)!;
        Assert.Equal(3, range.From);
        Assert.Equal(s_range.Checkpoint, range.Checkpoint);
        Assert.Equal([1, 2], range.Entries[0].Leaf);
        Assert.Null(range.Entries[1].Payload);
        Assert.Equal(s_range.Proof, range.Proof);
    }

    [Fact]
    public async Task Range_AsLargeAsRangesGet_ComesThrough()
    {
        var payload = new byte[ProtocolLimits.MaxPayload];
        var entries = Enumerable.Repeat(new StoredEntry([1], new byte[16], payload), Limits.MaxRangeBytes / payload.Length);
        _node.Grains.Log.Range = s_range with { Entries = [.. entries] };

        var answer = await _node.Transport.GetRangeAsync("b", RangeRequest(4096), CancellationToken.None);

        Assert.Equal(Limits.MaxRangeBytes, answer.Entries.Sum(e => e.Payload!.Length));
    }

    [Theory]
    [InlineData(PeerCoalition.Log)]
    [InlineData("demo/z/indicators/1")]
    public async Task Range_NotHeld_Is404(string origin)
    {
        var request = new RangeRequestMessage { Origin = origin, From = 0, MaxEntries = 1, MaxBytes = 1 };

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.GetRangeAsync("b", request, CancellationToken.None));

        Assert.Equal(404, failure.Status);
    }

    [Fact]
    public async Task Evaluate_NoKeyHolder_Is404()
    {
        var request = new EvaluateMessage { Type = "tel", Epoch = 1, Blinded = [new byte[32]] };

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.EvaluateAsync("b", request, CancellationToken.None));

        Assert.Equal(404, failure.Status);
    }

    [Fact]
    public async Task Member_SixteenRequestsUnderWay_NextIs429()
    {
        var hold = new TaskCompletionSource();
        _node.Grains.Log.Busy = hold.Task;
        var pushes = Enumerable.Range(0, 16)
            .Select(_ => _node.Transport.PushAsync("b", PushOf(1), CancellationToken.None))
            .ToList();
        for (var i = 0; i < pushes.Count; i++)
        {
            await _node.Grains.Log.Begun.WaitAsync();
        }

        using var refused = await _client.GetAsync(LogPath + "checkpoint");
        hold.SetResult();
        await Task.WhenAll(pushes);

        await AssertProblemAsync(refused, 429, "16 requests");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Body_AnotherContentType_Is415()
    {
        using var response = await _client.PostAsync(PeerRoutes.Heads, new StringContent("[]"));

        await AssertProblemAsync(response, 415, PeerRoutes.ContentType);
    }

    [Theory]
    [InlineData(new byte[] { }, "ends within")]
    [InlineData(new byte[] { 0xc1 }, "Heads is an array")]
    [InlineData(new byte[] { 0x91, 0xdd, 0xff, 0xff, 0xff, 0xff }, "not MessagePack")]
    [InlineData(new byte[] { 0x91, 0x91, 0xc0 }, "A head is an array, not Nil.")]
    public async Task Body_Malformed_Is400(byte[] body, string detail)
    {
        using var response = await _client.PostAsync(PeerRoutes.Heads, ListeningNode.Body(body));

        await AssertProblemAsync(response, 400, detail);
    }

    [Fact]
    public async Task Body_LongerThanTheRouteAllows_Is413BeforeItIsRead()
    {
        using var endless = new EndlessStream();
        var content = new StreamContent(endless);
        content.Headers.ContentType = new(PeerRoutes.ContentType);
        content.Headers.ContentLength = long.MaxValue;

        using var response = await _client.PostAsync(PeerRoutes.Push, content);

        await AssertProblemAsync(response, 413, $"{Limits.MaxPushBody} bytes");
    }

    [Fact]
    public async Task Body_WithoutEnd_Is413()
    {
        using var endless = new EndlessStream();
        var content = new StreamContent(endless);
        content.Headers.ContentType = new(PeerRoutes.ContentType);

        using var response = await _client.PostAsync(PeerRoutes.Push, content);

        await AssertProblemAsync(response, 413, $"{Limits.MaxPushBody} bytes");
    }

    [Theory]
    [InlineData("/")]
    [InlineData(PeerRoutes.Push)]
    [InlineData("/v1/check")]
    [InlineData(LogPath + "tile/0/0")]
    [InlineData(LogPath + "tile/0/000.p/256")]
    [InlineData(LogPath + "tile/0/007")]
    [InlineData(LogPath + "checkpoint")]
    [InlineData(PeerRoutes.Logs + "demo/a/indicators/01/checkpoint")]
    [InlineData(PeerRoutes.Logs + "demo/z/indicators/1/checkpoint")]
    public async Task Get_NothingThere_Is404(string path)
    {
        using var response = await _client.GetAsync(path);

        await AssertProblemAsync(response, 404, "");
    }

    [Fact]
    public async Task Checkpoint_Held_IsServedAsText()
    {
        var note = PeerCoalition.CheckpointOf(5);
        _node.Heads.Put(new LogStatus(PeerCoalition.Log, 6, default, 5, default, note));

        using var response = await _client.GetAsync(LogPath + "checkpoint");

        Assert.Equal(note, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("private, max-age=2", CacheControlOf(response));
    }

    [Theory]
    [InlineData("tile/0/x001/234", 0, 1234, 256, "application/octet-stream", "private, max-age=604800, immutable")]
    [InlineData("tile/2/000.p/7", 2, 0, 7, "application/octet-stream", "private, max-age=604800, immutable")]
    [InlineData("tile/entries/003", -1, 3, 256, "application/octet-stream", "private, max-age=604800, immutable")]
    [InlineData("tile/payloads/003", -2, 3, 256, PeerRoutes.ContentType, "no-store")]
    public async Task Tile_Held_IsServedWithItsCacheRule(
        string path, int level, long number, int width, string type, string cache)
    {
        _node.Grains.Log.OnTile = tile => tile == (level, number, width) ? [1, 2, 3] : null;

        using var response = await _client.GetAsync(LogPath + path);

        Assert.Equal([1, 2, 3], await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(cache, CacheControlOf(response));
    }

    private static string CacheControlOf(HttpResponseMessage response) =>
        Assert.Single(response.Headers.NonValidated["Cache-Control"]);

    private static PushMessage PushOf(long size) => new()
    {
        Checkpoint = PeerCoalition.CheckpointOf(size),
        From = size - 1,
        Entries = [new() { Leaf = [1, 2] }],
    };

    private static RangeRequestMessage RangeRequest(int entries) =>
        new() { Origin = PeerCoalition.Log, From = 3, MaxEntries = entries, MaxBytes = Limits.MaxRangeBytes };

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string detail)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-store", CacheControlOf(response));
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(detail, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Zeros for ever: whoever reads all of it never ends.</summary>
    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => count;

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
