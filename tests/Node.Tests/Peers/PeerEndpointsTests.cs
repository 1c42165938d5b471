using System.Net;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>What is answered to a peer that got in.</summary>
public sealed class PeerEndpointsTests : IAsyncLifetime
{
    private const string LogPath = PeerRoutes.Logs + PeerCoalition.Log + "/";
    private const string OwnLog = "demo/b/indicators/1";
    private const string UnknownLog = "demo/z/indicators/1";

    private static readonly LogRange s_range = new(
        PeerCoalition.CheckpointOf(9),
        3,
        [new StoredEntry([1, 2], new byte[16], [5]), new StoredEntry([3], null, null)],
        [Hash256.Of([7])],
        [Hash256.Of([8]), Hash256.Of([9])]);

    private static readonly HeadsQuestion s_question = new(default, 0, 0, [], 0);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

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

    [Theory]
    [InlineData(ExtendOutcome.Extended, 200)]
    [InlineData(ExtendOutcome.AlreadyHeld, 200)]
    [InlineData(ExtendOutcome.Overlaid, 200)]
    [InlineData(ExtendOutcome.Gap, 409)]
    [InlineData(ExtendOutcome.Damaged, 409)]
    public async Task Push_Answered_GivesTheStatusAndWhatIsHeld(ExtendOutcome outcome, int status)
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(outcome, 12, "because", 10);

        using var response = await _client.PostAsync(PeerRoutes.Push, Push(PushOf(12), 11));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(PeerRoutes.ContentType, response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-store", CacheControlOf(response));
        var body = await response.Content.ReadAsByteArrayAsync();
        Assert.True(PeerBody.TryDecode(body, PeerBody.PushAnswer, out var answer, out var error), error);
        Assert.Equal((10, 12), (answer.Size, answer.Held));
    }

    [Fact]
    public async Task Push_WithEntries_ReachesItsLogWithItsProof()
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(ExtendOutcome.Extended, 12, null, 10);

        var answer = await _node.Transport.PushAsync("b", PushOf(12), 12, CancellationToken.None);

        Assert.Equal((10, 12), (answer.Size, answer.Held));
        Assert.Equal(PeerCoalition.Log, Assert.Single(_node.Grains.Asked));
        var range = Assert.Single(_node.Grains.Log.Extended);
        Assert.Equal(PeerCoalition.CheckpointOf(12), range.Checkpoint);
        Assert.Equal([1, 2], Assert.Single(range.Entries).Leaf);
        Assert.Equal(11, range.From);
        Assert.Equal([Hash256.Of([7])], range.Before);
        Assert.Equal([Hash256.Of([8])], range.After);
    }

    [Fact]
    public async Task Push_WithoutEntries_ReachesItsLogAsTheCheckpointAlone()
    {
        _node.Grains.Log.OnExtend = _ => new ExtendResult(ExtendOutcome.Gap, 4, null, 4);
        var push = new LogRange(PeerCoalition.CheckpointOf(12), 0, [], [], []);

        var answer = await _node.Transport.PushAsync("b", push, 12, CancellationToken.None);

        Assert.Equal((4, 4), (answer.Size, answer.Held));
        var range = Assert.Single(_node.Grains.Log.Extended);
        Assert.Equal((12, 0, 0), (Size(range), range.From, range.Entries.Count));
    }

    [Fact]
    public async Task Push_Gap_IsFetchedFromTheSender()
    {
        var sender = new Sender();
        await using var node = await ListeningNode.StartAsync(dials: sender);
        node.Grains.Log.OnExtend = _ => new ExtendResult(ExtendOutcome.Gap, 4, null, 4);

        var answer = await node.Transport.PushAsync("b", PushOf(12), 12, CancellationToken.None);

        Assert.Equal(4, answer.Size);
        Assert.Equal(1, node.Replication.Describe().Fetching);
        var (member, request) = await sender.Asked.Task.WaitAsync(s_patience);
        Assert.Equal(("a", PeerCoalition.Log), (member, request.Origin));
    }

    [Theory]
    [InlineData(ExtendOutcome.Refused)]
    [InlineData(ExtendOutcome.UnknownLog)]
    public async Task Push_WhoseSignatureIsNotKnownToBeGood_IsNotFetched(ExtendOutcome outcome)
    {
        await using var node = await ListeningNode.StartAsync(dials: new Sender());
        node.Grains.Log.OnExtend = _ => new ExtendResult(outcome, 4, "because", 4);

        await Assert.ThrowsAsync<PeerException>(
            () => node.Transport.PushAsync("b", PushOf(12), 12, CancellationToken.None));

        Assert.Equal(0, node.Replication.Describe().Fetching);
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
            () => _node.Transport.PushAsync("b", PushOf(12), 12, CancellationToken.None));

        Assert.Equal(status, failure.Status);
        Assert.Contains(
            outcome is ExtendOutcome.StorageUnavailable ? "storage" : "because",
            failure.Message,
            StringComparison.Ordinal);
        var line = $"a was refused POST /peer/v1/push: {status}";
        Assert.Contains(_node.Lines, l => l.StartsWith(line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_LogThatTheRosterDoesNotName_Is403AndMakesNoGrain()
    {
        using var key = Protocol.Keys.SigningKey.FromSeed(UnknownLog, new byte[32]);
        var push = new LogRange(PeerCoalition.CheckpointOf(UnknownLog, 1, key), 0, [], [], []);

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushAsync("b", push, 1, CancellationToken.None));

        Assert.Equal(403, failure.Status);
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Push_CheckpointIsNoNote_Is422()
    {
        var push = new LogRange([1, 2, 3], 0, [], [], []);

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushAsync("b", push, 0, CancellationToken.None));

        Assert.Equal(422, failure.Status);
    }

    [Fact]
    public async Task Push_CheckpointLongerThanAForkProofTakes_Is400()
    {
        using var response = await _client.PostAsync(
            PeerRoutes.Push, Push(new LogRange(new byte[ForkProof.MaxNote + 1], 0, [], [], []), 0));

        await AssertProblemAsync(response, 400, "A checkpoint has 1 to 2048 bytes, not 2049.");
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Push_GrainTimesOut_Is503WithoutTheFaultItself()
    {
        _node.Grains.Log.OnExtend = _ => throw new TimeoutException("secret");

        using var response = await _client.PostAsync(PeerRoutes.Push, Push(PushOf(1), 1));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_GrainFails_Is500WithoutTheFaultItself()
    {
        _node.Grains.Log.OnExtend = _ => throw new InvalidDataException("secret");

        using var response = await _client.PostAsync(PeerRoutes.Push, Push(PushOf(1), 1));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_FirstQuestion_GivesAllThatIsHeldAndTheAskersCheckpoints()
    {
        _node.Heads.Put(StatusOf(held: 6, size: 5));
        _node.Heads.Put(PeerCoalition.StatusOf(3) with { Origin = UnknownLog });

        var answer = await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        // Of a log that the roster does not name nothing is told.
        var head = Assert.Single(answer.Heads);
        Assert.Equal(new Head(PeerCoalition.Log, 5, Hash256.Of([5]), null, 6), head);
        Assert.Equal(HeadsVector.ComputeDigest([head]), answer.Digest);
        Assert.Equal([PeerCoalition.CheckpointOf(5)], answer.Yours);
        Assert.NotEqual(0UL, answer.Instance);
        Assert.False(answer.Paused);
        Assert.Empty(_node.Grains.Asked);
    }

    [Fact]
    public async Task Heads_AskedAgain_GivesOnlyWhatChanged()
    {
        _node.Heads.Put(StatusOf(held: 6, size: 5));
        var first = await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);
        var again = After(first);

        var second = await _node.Transport.AskHeadsAsync("b", again, CancellationToken.None);
        _node.Heads.Put(StatusOf(held: 7, size: 7) with { FrozenAt = 7 });
        var third = await _node.Transport.AskHeadsAsync("b", again, CancellationToken.None);
        var another = await _node.Transport.AskHeadsAsync(
            "b", again with { Instance = again.Instance - 1 }, CancellationToken.None);

        Assert.Equal((first.Instance, first.Version, first.Digest), (second.Instance, second.Version, second.Digest));
        Assert.Empty(second.Heads);
        Assert.Empty(second.Yours);
        Assert.Null(second.Links);
        Assert.Equal((7, 7), (Assert.Single(third.Heads).Size, third.Heads[0].FrozenAt));
        Assert.Empty(third.Yours);
        Assert.Equal(third.Heads, another.Heads);
        Assert.Single(another.Yours);
    }

    [Fact]
    public async Task Heads_Asked_TheAskerCountsAsReachable()
    {
        Assert.False(_node.Links.Get("a").Reachable);

        var answer = await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        Assert.True(_node.Links.Get("a").Reachable);
        Assert.Equal(["a"], answer.Links!);
    }

    [Fact]
    public async Task Heads_LogIsBusy_AnswersAllTheSame()
    {
        var hold = new TaskCompletionSource();
        _node.Grains.Log.Busy = hold.Task;
        var push = _node.Transport.PushAsync("b", PushOf(1), 1, CancellationToken.None);
        await _node.Grains.Log.Begun.WaitAsync();

        await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);
        await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        Assert.False(push.IsCompleted);
        Assert.Single(_node.Grains.Asked);
        hold.SetResult();
        await push;
    }

    [Fact]
    public async Task Heads_MayBeHeldBack_AreGivenAsSoonAsThereIsNews()
    {
        var first = await _node.Transport.AskHeadsAsync("b", s_question, CancellationToken.None);
        var begun = new TaskCompletionSource();
        _node.Grains.Log.OnShown = _ =>
        {
            begun.SetResult();
            return 0;
        };
        var question = After(first) with { Wait = Limits.MaxHeadsWait, Yours = [OwnCheckpoint(1)] };
        var held = _node.Transport.AskHeadsAsync("b", question, CancellationToken.None);
        await begun.Task.WaitAsync(s_patience);

        _node.Heads.Put(StatusOf(held: 6, size: 5));

        Assert.Equal(5, Assert.Single((await held).Heads).Size);
    }

    [Fact]
    public async Task Heads_QuestionWithOurOwnCheckpoint_IsShownToItsLog()
    {
        var shown = new List<byte[]>();
        _node.Grains.Log.OnShown = note =>
        {
            shown.Add(note);
            return 8;
        };

        await _node.Transport.AskHeadsAsync(
            "b", s_question with { Yours = [OwnCheckpoint(8)] }, CancellationToken.None);

        Assert.Equal(OwnLog, Assert.Single(_node.Grains.Asked));
        Assert.Equal([OwnCheckpoint(8)], shown);
    }

    [Fact]
    public async Task Heads_QuestionWithACheckpointOfAForeignLog_Is422()
    {
        _node.Grains.Log.OnShown = _ => 8;
        foreach (var note in (byte[][])[PeerCoalition.CheckpointOf(8), [1, 2, 3]])
        {
            var failure = await Assert.ThrowsAsync<PeerException>(() => _node.Transport.AskHeadsAsync(
                "b", s_question with { Yours = [OwnCheckpoint(8), note] }, CancellationToken.None));

            Assert.Equal(422, failure.Status);
            Assert.Contains("not of one of this node's own logs", failure.Message, StringComparison.Ordinal);
        }

        // No grain was made for the foreign log.
        Assert.All(_node.Grains.Asked, origin => Assert.Equal(OwnLog, origin));
        Assert.False(_node.Links.Get("a").Reachable);
    }

    [Fact]
    public async Task Heads_QuestionWithACheckpointThatTheLogDidNotSign_Is422()
    {
        using var key = Protocol.Keys.SigningKey.FromSeed(OwnLog, new byte[32]);
        var forged = PeerCoalition.CheckpointOf(OwnLog, 8, key);
        _node.Grains.Log.OnShown = note => note.AsSpan().SequenceEqual(forged) ? null : 8;

        var failure = await Assert.ThrowsAsync<PeerException>(() => _node.Transport.AskHeadsAsync(
            "b", s_question with { Yours = [forged] }, CancellationToken.None));

        Assert.Equal(422, failure.Status);
    }

    [Fact]
    public async Task Range_Held_IsGivenWithItsProof()
    {
        _node.Grains.Log.Range = s_range;

        var range = await _node.Transport.GetRangeAsync("b", RangeRequest(10), false, CancellationToken.None);

        Assert.Equal(3, range.From);
        Assert.Equal(s_range.Checkpoint, range.Checkpoint);
        Assert.Equal([1, 2], range.Entries[0].Leaf);
        Assert.Null(range.Entries[1].Payload);
        Assert.Equal(s_range.Before, range.Before);
        Assert.Equal(s_range.After, range.After);
        Assert.Equal((3, 10, Limits.MaxRangeBytes), Assert.Single(_node.Grains.Log.Reads));
    }

    [Fact]
    public async Task Range_BeyondWhatIsHeld_IsTheCheckpointAlone()
    {
        _node.Grains.Log.Range = new LogRange(s_range.Checkpoint, 9, [], [], []);

        var range = await _node.Transport.GetRangeAsync("b", RangeRequest(10), false, CancellationToken.None);

        Assert.Equal((9, 0), (range.From, range.Entries.Count));
        Assert.Equal(s_range.Checkpoint, range.Checkpoint);
    }

    [Fact]
    public async Task Range_AsLargeAsRangesGet_ComesThrough()
    {
        var payload = new byte[ProtocolLimits.MaxPayload];
        var entries = Enumerable.Repeat(
            new StoredEntry([1], new byte[16], payload), Limits.MaxRangeBytes / payload.Length);
        _node.Grains.Log.Range = s_range with { Entries = [.. entries] };

        var answer = await _node.Transport.GetRangeAsync("b", RangeRequest(4096), false, CancellationToken.None);

        Assert.Equal(Limits.MaxRangeBytes, answer.Entries.Sum(e => e.Payload!.Length));
    }

    [Theory]
    [InlineData(PeerCoalition.Log)]
    [InlineData(UnknownLog)]
    public async Task Range_NotHeld_Is404(string origin)
    {
        var request = new RangeRequestMessage { Origin = origin, From = 0, MaxEntries = 1, MaxBytes = 1 };

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.GetRangeAsync("b", request, false, CancellationToken.None));

        Assert.Equal(404, failure.Status);
    }

    [Fact]
    public async Task Outline_Held_IsGivenAsTheListKnowsIt()
    {
        var withdrawal = new WithdrawalPayload(Hash256.Of([1]), "mistake");
        var bytes = withdrawal.Encode();
        StoredEntry[] entries =
        [
            .. Enumerable.Range(0, 3).Select(i => new StoredEntry(
                new Leaf(PeerCoalition.Log, withdrawal.Kind, 1, null, Leaf.Commit(new byte[16], bytes)).Encode(), new byte[16], bytes)),
        ];
        _node.List.Apply(Origin.Parse(PeerCoalition.Log), 0, entries, 0, _ => true);
        _node.Grains.Log.Status = PeerCoalition.StatusOf(9);
        _node.Grains.Log.OnOutline = (from, asOf, whole) => new LogOutline(
            s_range.Checkpoint, from, asOf, new byte[64], [.. whole.Select(i => new WholeEntry(i, entries[i]))], s_range.Before, []);

        var part = await _node.Transport.GetOutlineAsync("b", new RangeRequestMessage { Origin = PeerCoalition.Log, From = 0, MaxEntries = 10, MaxBytes = 1_000 }, CancellationToken.None);

        Assert.Equal((0, 3, 3), (part.From, part.AsOf, part.Count));
        Assert.Equal(2, Assert.Single(part.Whole).Index);
        Assert.Equal(bytes, part.Whole[0].Entry.Payload);
        Assert.Equal(s_range.Before, part.Before);
    }

    [Theory]
    [InlineData(PeerCoalition.Log, 503)]
    [InlineData(UnknownLog, 404)]
    [InlineData("demo/b/receipts/1", 404)]
    public async Task OutlineAndLive_NotInTheListOrWithoutDeadEntries_AreRefused(string origin, int status)
    {
        _node.Grains.Log.Status = PeerCoalition.StatusOf(9);
        var request = new RangeRequestMessage { Origin = origin, From = 0, MaxEntries = 1, MaxBytes = 1 };

        var live = await Assert.ThrowsAsync<PeerException>(() => _node.Transport.GetLiveAsync(
            "b", new LiveRequestMessage { Origin = origin, Size = 9 }, CancellationToken.None));
        Assert.Equal(status, live.Status);
        if (status == 404)
        {
            var outline = await Assert.ThrowsAsync<PeerException>(
                () => _node.Transport.GetOutlineAsync("b", request, CancellationToken.None));
            Assert.Equal(status, outline.Status);
        }
    }

    [Fact]
    public async Task Fork_Known_IsGiven()
    {
        var proof = new byte[ForkProof.MaxBytes];
        proof[^1] = 1;
        _node.Grains.Log.Fork = proof;

        Assert.Equal(proof, await _node.Transport.GetForkAsync("b", PeerCoalition.Log, CancellationToken.None));
    }

    [Theory]
    [InlineData(PeerCoalition.Log, 1)]
    [InlineData(UnknownLog, 0)]
    public async Task Fork_NotKnown_Is404(string origin, int grains)
    {
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.GetForkAsync("b", origin, CancellationToken.None));

        Assert.Equal(404, failure.Status);
        Assert.Equal(grains, _node.Grains.Asked.Count);
    }

    [Fact]
    public async Task ForkPush_Taken_GivesWhatIsHeldThen()
    {
        var taken = new List<byte[]>();
        _node.Grains.Log.OnFork = proof =>
        {
            taken.Add(proof);
            _node.Grains.Log.Status = StatusOf(held: 9, size: 4) with { FrozenAt = 4 };
            return ForkOutcome.Taken;
        };

        var answer = await _node.Transport.PushForkAsync("b", PeerCoalition.Log, [1, 2, 3], CancellationToken.None);

        Assert.Equal((4, 9), (answer.Size, answer.Held));
        Assert.Equal([[1, 2, 3]], taken);
    }

    [Theory]
    [InlineData(ForkOutcome.Refused, 422, "prove no fork")]
    [InlineData(ForkOutcome.StorageUnavailable, 503, "storage")]
    public async Task ForkPush_NotTaken_GivesTheStatusAndTheReason(ForkOutcome outcome, int status, string reason)
    {
        _node.Grains.Log.OnFork = _ => outcome;

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushForkAsync("b", PeerCoalition.Log, [1, 2, 3], CancellationToken.None));

        Assert.Equal(status, failure.Status);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForkPush_LogThatTheRosterDoesNotName_Is403AndMakesNoGrain()
    {
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _node.Transport.PushForkAsync("b", UnknownLog, [1], CancellationToken.None));

        Assert.Equal(403, failure.Status);
        Assert.Empty(_node.Grains.Asked);
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
            .Select(_ => _node.Transport.PushAsync("b", PushOf(1), 1, CancellationToken.None))
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
    [InlineData(new byte[] { 0xc1 }, "A question for heads is an array")]
    [InlineData(new byte[] { 0xdd, 0xff, 0xff, 0xff, 0xff }, "not MessagePack")]
    [InlineData(new byte[] { 0x94, 0xc0, 0xc0, 0xc0, 0xc0 }, "A question for heads has 5 items, not 4.")]
    [InlineData(new byte[] { 0x95, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0 }, "A hash is a binary, not Nil.")]
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
    [InlineData(PeerRoutes.Push, Limits.MaxPushBody)]
    [InlineData(PeerRoutes.Heads, PeerBody.MaxQuestionBody)]
    [InlineData(PeerRoutes.Range, PeerBody.MaxSmallBody)]
    [InlineData(PeerRoutes.Fork, PeerBody.MaxSmallBody)]
    [InlineData(PeerRoutes.ForkPush, PeerBody.MaxForkBody)]
    [InlineData(PeerRoutes.Evaluate, Limits.MaxEvaluateBody)]
    public async Task Body_AsLongAsTheRouteAllowsAndOneMore_Is400And413(string route, int limit)
    {
        using var longest = await _client.PostAsync(route, ListeningNode.Body(new byte[limit]));
        using var longer = await _client.PostAsync(route, ListeningNode.Body(new byte[limit + 1]));

        await AssertProblemAsync(longest, 400, "is an array");
        await AssertProblemAsync(longer, 413, $"{limit} bytes");
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
        _node.Heads.Put(StatusOf(held: 6, size: 5));

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

    private static LogRange PushOf(long size) => new(
        PeerCoalition.CheckpointOf(size),
        size - 1,
        [new StoredEntry([1, 2], null, null)],
        [Hash256.Of([7])],
        [Hash256.Of([8])]);

    private static HttpContent Push(LogRange range, long size) => ListeningNode.Body(PeerWire.ToMessage(range, size));

    private static byte[] OwnCheckpoint(long size) =>
        PeerCoalition.CheckpointOf(OwnLog, size, PeerCoalition.KeyOf("b"));

    private static LogStatus StatusOf(long held, long size) => new(
        PeerCoalition.Log,
        held,
        Hash256.Of([6]),
        size,
        Hash256.Of([5]),
        PeerCoalition.CheckpointOf(size),
        size,
        Hash256.Of([5]));

    private static HeadsQuestion After(HeadsAnswer answer) =>
        new(answer.Digest, answer.Instance, answer.Version, [], 0);

    private static long Size(LogRange range) =>
        Protocol.Notes.Checkpoint.TryParse(range.Checkpoint, out var head, out var error)
            ? head.Size
            : throw new FormatException(error);

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

    /// <summary>Member "a", who has an address: hears which range it is asked for, and never answers.</summary>
    private sealed class Sender : NoTransport
    {
        public TaskCompletionSource<(string Member, RangeRequestMessage Request)> Asked { get; } = new();

        public override Task<HeadsAnswer> AskHeadsAsync(
            string member, HeadsQuestion question, CancellationToken cancellationToken) =>
            new TaskCompletionSource<HeadsAnswer>().Task.WaitAsync(cancellationToken);

        public override Task<LogRange> GetRangeAsync(
            string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken)
        {
            Asked.TrySetResult((member, request));
            return new TaskCompletionSource<LogRange>().Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Zeros for ever: whoever reads all of it never ends.</summary>
    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => count;

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
