using System.Net;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Detector.Replica;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Node.Tests.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>A replica of a real node's list.</summary>
public sealed class ReplicaTests : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-replica-").FullName;
    private readonly List<Following> _following = [];
    private ApiNode _node = null!;

    public async Task InitializeAsync() => _node = await ApiNode.StartReadyAsync();

    public async Task DisposeAsync()
    {
        foreach (var following in _following)
        {
            await following.DisposeAsync();
        }

        await _node.DisposeAsync();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Check_RandomListAndItems_AnswersAsTheNodeDoes()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var list = new RandomList(random, _node);
        await list.GrowAsync(60);
        var following = Follow();
        await following.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        for (var round = 0; round < 6; round++)
        {
            await list.GrowAsync(25);
            _node.Clock.Advance(TimeSpan.FromSeconds(random.Next(300)));
            await following.UntilAsync(r => r.Status.ListVersion == _node.List.Current.Digest.ToString());

            var items = list.Items(200);
            using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
            var answers = (await detector.CheckAsync(items)).Items;
            for (var i = 0; i < items.Count; i++)
            {
                var (theirs, ours) = (Json(answers[i]), Json(following.Replica.Check(items[i])));
                Assert.True(theirs == ours, $"seed {seed}, round {round}, {Json(items[i])}:\n{theirs}\n{ours}");
            }

            Assert.Contains(answers, a => a.Verdict == "block");
            Assert.Contains(answers, a => a.Verdict == "none");
        }
    }

    /// <summary>What was erased leaves the replica's list at once, and its file within hours.</summary>
    [Fact]
    public async Task Erased_LeavesTheListAndTheFile()
    {
        var (word, kept) = (Some.Word(), Some.Word());
        var published = await _node.PublishAsync(Some.Keyword(word));
        await _node.PublishAsync(Some.Keyword(kept));
        await FollowAsync(() => Task.CompletedTask);
        Assert.True(IsInFile(word) && IsInFile(kept));

        var more = await _node.PublishAsync(Some.Keyword(Some.Word()));
        await FollowAsync(() => _node.PostAsync(ApiRoutes.Erasures, new ErasureRequest(published.IndicatorIds[0])));
        Assert.True(IsInFile(word));

        await FollowAsync(() =>
        {
            _node.Clock.Advance(TimeSpan.FromHours(7));
            return _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(more.IndicatorIds[0]));
        });
        Assert.True(IsInFile(kept));
        Assert.False(IsInFile(word));

        // The file is looked at when it is closed.
        async Task FollowAsync(Func<Task> meanwhile)
        {
            await using var following = new Following(_node, Path.Combine(_folder, "erased"));
            await following.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
            await meanwhile();
            await following.UntilAsync(r => r.Status.ListVersion == _node.List.Current.Digest.ToString());
            Assert.True(Hash256.TryParseHex(published.IndicatorIds[0], out var id));
            Assert.Equal(
                _node.List.TryGet(id, out _), following.Replica.Check(new CheckItem("text", word)).Matches.Count > 0);
            await following.StopAsync();
            Assert.Null(following.Replica.Status.FileError);
        }

        bool IsInFile(string text)
        {
            var bytes = File.ReadAllBytes(Path.Combine(_folder, "erased", ReplicaFile.Name));
            return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
        }
    }

    [Fact]
    public async Task Check_Longest_AnswersAsTheNodeDoesAsABodyAndAsLines()
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        await _node.PublishAsync(Some.Keyword($"{word} bangle"));
        var following = Follow();
        await following.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        var item = new CheckItem("text", $"{word} bangle and {word}", "a", Longest: true);

        var answer = (await detector.CheckAsync([item])).Items[0];

        Assert.Equal(
            [(0, word.Length + 7), (word.Length + 12, word.Length)],
            answer.Matches.Select(m => (m.Start!.Value, m.Length!.Value)).Order());
        Assert.Equal(Json(answer), Json(following.Replica.Check(item)));
        await foreach (var line in detector.CheckManyAsync(Lines(item)))
        {
            Assert.Equal(Json(answer), Json(line));
        }

        Assert.Equal(3, following.Replica.Check(item with { Longest = false }).Matches.Count);
        Assert.Equal(2, following.Replica.Check(item.Value, longest: true).Matches.Length);
        var hash = new CheckItem("image-sha256", new string('0', 64), Longest: true);
        Assert.Throws<ArgumentException>(() => following.Replica.Check(hash));
        Assert.Equal(400, (await Assert.ThrowsAsync<DetectorException>(() => detector.CheckAsync([hash]))).Status);

        static async IAsyncEnumerable<CheckItem> Lines(CheckItem item)
        {
            await Task.Yield();
            yield return item;
        }
    }

    [Fact]
    public async Task CheckImage_File_AnswersAsTheNodeDoesWithAForm()
    {
        var original = await File.ReadAllBytesAsync(TestFiles.Vector("pdq", "bridge-1-original.jpg"));
        var turned = await File.ReadAllBytesAsync(TestFiles.Vector("pdq", "bridge-2-rotate-90.jpg"));
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        var known = await detector.CheckImageAsync(original);
        await _node.PublishAsync(new ListingRequest { Kind = "image-pdq", Value = known.Image!.Pdq!, Category = "other", Action = "block" });
        await _node.PublishAsync(Some.Image(known.Image.Sha256));
        var following = Follow();
        await following.UntilAsync(r => r.Status.Indicators == 2);

        foreach (var file in (byte[][])[original, turned, [1, 2, 3]])
        {
            var theirs = await detector.CheckImageAsync(file);
            var ours = following.Replica.CheckImage(file);
            Assert.Equal(theirs.Verdict, ours.Verdict.ToText());
            Assert.Equal(theirs.Image, ours.Image);
            Assert.Equal(theirs.Error is null, ours.Error is null);
            Assert.Equal(
                theirs.Matches.Select(m => (m.IndicatorId, m.Verdict, m.Reason, m.Distance ?? 0)),
                ours.Matches.Select(m => (m.Match.IndicatorId.ToString(), m.Judgement.Verdict.ToText(), m.Judgement.Reason, m.Match.Distance)));
        }
    }

    [Fact]
    public async Task Follow_PublishedWithdrawnDisputedExpired_EachCountsAtOnce()
    {
        var following = Follow();
        await following.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        var (word, hash) = (Some.Word(), Some.Hex());
        var item = new CheckItem("image-sha256", hash);
        Assert.Equal(Verdict.None, following.Replica.Check(word).Verdict);

        var published = await _node.PublishAsync(Some.Keyword(word));
        await following.UntilAsync(r => r.Check($"old {word}!").Verdict == Verdict.Review);

        await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(published.IndicatorIds[0])), HttpStatusCode.Created);
        await following.UntilAsync(r => r.Check(word).Matches.IsEmpty);
        Assert.Equal(0, following.Replica.Status.Indicators);

        await _node.ReceiveAsync(Some.ForeignHash("image-sha256", hash, _node.Now + 1000));
        await following.UntilAsync(r => r.Check(item).Verdict == "block");
        await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(following.Replica.Check(item).Matches[0].IndicatorId, "dispute")),
            HttpStatusCode.Created);
        await following.UntilAsync(r => r.Check(item).Verdict == "signal");

        // An expiry is no change: the replica's own clock tells.
        _node.Clock.Advance(TimeSpan.FromSeconds(1001));
        Assert.Equal("none", following.Replica.Check(item).Verdict);
    }

    [Fact]
    public async Task Follow_MemberExpelled_ItsWordCountsNoMore()
    {
        var hash = Some.Hex();
        await _node.ReceiveAsync(Some.ForeignHash("image-sha256", hash, _node.Now + 100_000));
        var following = Follow();
        await following.UntilAsync(r => r.Status.Indicators == 1);
        Assert.Equal("block", following.Replica.Check(new CheckItem("image-sha256", hash)).Verdict);

        var roster = _node.Coalition.Roster(2);
        await _node.PutRosterAsync(_node.Coalition.Sign(roster with
        {
            Members = [.. roster.Members.Select(m => m.Name == "globex" ? m with { Status = MemberStatus.Expelled } : m)],
        }));

        await following.UntilAsync(r => r.Status.RosterVersion == 2);
        Assert.Equal("none", following.Replica.Check(new CheckItem("image-sha256", hash)).Verdict);
    }

    [Fact]
    public async Task Follow_RosterShortensALifetime_ListingEndsSoonerThereToo()
    {
        var item = new CheckItem("image-sha256", Some.Hex());
        await _node.ReceiveAsync(Some.ForeignHash("image-sha256", item.Value, _node.Now + (9 * 86_400)));
        var following = Follow();
        await following.UntilAsync(r => r.Status.Indicators == 1);
        Assert.Equal("block", following.Replica.Check(item).Verdict);

        var roster = _node.Coalition.Roster(2);
        await _node.PutRosterAsync(_node.Coalition.Sign(roster with { Lifetimes = roster.Lifetimes.Add("image-sha256", 86_400) }));
        await following.UntilAsync(r => r.Status.RosterVersion == 2);
        Assert.Equal("block", following.Replica.Check(item).Verdict);

        _node.Clock.Advance(TimeSpan.FromSeconds(86_401));
        await following.UntilAsync(r => r.Check(item).Verdict == "none");
    }

    [Fact]
    public async Task Run_AfterItsOwnRestart_GoesOnFromItsFolderWithoutTheWholeList()
    {
        var words = (Some.Word(), Some.Word(), Some.Word());
        await _node.PublishAsync(Some.Keyword(words.Item1));
        var first = Follow(_folder);
        await first.UntilAsync(r => r.Status.Indicators == 1);
        await _node.PublishAsync(Some.Keyword(words.Item2));
        await first.UntilAsync(r => r.Status.Indicators == 2);
        Assert.Equal(1, first.Snapshots);
        await first.StopAsync();
        await _node.PublishAsync(Some.Keyword(words.Item3));

        var second = Follow(_folder);
        await second.UntilAsync(r => r.Status.Indicators == 3);

        Assert.Equal(0, second.Snapshots);
        Assert.Equal(Verdict.Review, second.Replica.Check($"{words.Item1} {words.Item2} {words.Item3}").Verdict);
        Assert.Null(second.Replica.Status.FileError);
    }

    [Fact]
    public async Task Run_NodeOutOfReach_AnswersFromItsFolderAndSaysHowOldItIs()
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        var first = Follow(_folder);
        await first.UntilAsync(r => r.Status.Indicators == 1);
        await first.StopAsync();
        _node.Clock.Advance(TimeSpan.FromMinutes(10));

        var second = Follow(_folder, handler: new ScriptedNode((_, _) => throw new HttpRequestException("no route")));
        await second.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        var status = second.Replica.Status;

        Assert.Equal((true, true), (status.IsReady, status.IsStale));
        Assert.InRange(status.Age!.Value.TotalMinutes, 9.9, 12);
        Assert.Equal(Verdict.Review, second.Replica.Check(word).Verdict);
    }

    [Fact]
    public async Task Run_FolderOfAnotherProcess_IsRefusedAndSaysWhy()
    {
        var first = Follow(_folder);
        await first.Replica.WaitReadyAsync().WaitAsync(Following.Patience);

        using var second = new FederationReplica(first.Options, clock: _node.Clock);
        var refusal = await Assert.ThrowsAsync<IOException>(() => second.RunAsync(default).WaitAsync(Following.Patience));

        Assert.Equal($"{_folder} is used by another process: give each replica a folder of its own.", refusal.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_FolderDamaged_StartsOverOrGoesOnBeforeTheDamage(bool torn)
    {
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        var first = Follow(_folder);
        await first.UntilAsync(r => r.Status.Indicators == 1);
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        await first.UntilAsync(r => r.Status.Indicators == 2);
        await first.StopAsync();
        var file = Path.Combine(_folder, ReplicaFile.Name);
        var bytes = await File.ReadAllBytesAsync(file);
        if (torn)
        {
            bytes = bytes[..^1];
        }
        else
        {
            bytes[50] ^= 1;
        }

        await File.WriteAllBytesAsync(file, bytes);
        var second = Follow(_folder);
        await second.UntilAsync(r => r.Status.Indicators == 2);

        Assert.Equal(torn ? 0 : 1, second.Snapshots);
        Assert.Equal(Verdict.Review, second.Replica.Check(word).Verdict);
    }

    [Fact]
    public async Task Run_CursorLost_ReadsTheWholeListAgain()
    {
        var (word, hash) = (Some.Word(), Some.Hex());
        await _node.PublishAsync(Some.Keyword(word));
        await _node.ReceiveAsync(Some.ForeignHash("image-sha256", hash, _node.Now + 100_000));
        var following = Follow();
        await following.UntilAsync(r => r.Status.Indicators == 2);

        _node.List.Truncate(Origin.Parse("test/globex/indicators/1"), 0, 0, _node.Now, _ => true);
        await _node.PublishAsync(Some.Keyword(Some.Word()));

        await following.UntilAsync(r => r.Status.Indicators == 2 && r.Check(new CheckItem("image-sha256", hash)).Verdict == "none");
        Assert.Equal(2, following.Snapshots);
        Assert.Equal(Verdict.Review, following.Replica.Check(word).Verdict);
    }

    [Fact]
    public async Task Run_CursorAheadOfTheNode_ReadsTheWholeListAgain()
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        var first = Follow(_folder);
        await first.UntilAsync(r => r.Status.Indicators == 1);
        await first.StopAsync();

        await using var other = await ApiNode.StartReadyAsync();
        await using var second = new Following(other, _folder);
        await second.UntilAsync(r => r.Status.Indicators == 0);

        Assert.Equal(1, second.Snapshots);
    }

    [Fact]
    public async Task Run_PolicyOfAnotherMember_IsNeverReadyAndSaysWhy()
    {
        var following = Follow(policy: new VerdictPolicy { Self = "globex" });
        await following.UntilErrorAsync();

        Assert.False(following.Replica.Status.IsReady);
        Assert.Equal(
            "Replica.Policy is that of globex, but the node is acme's: set its Self.", following.Replica.Status.LastError);
    }

    [Fact]
    public async Task Check_WithPolicyOfItsOwn_JudgesByIt()
    {
        var word = Some.Word();
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 100_000));
        var following = Follow(policy: new VerdictPolicy { Self = "acme", Muted = ["globex"] });
        await following.UntilAsync(r => r.Status.Indicators == 1);

        Assert.Equal(Verdict.None, following.Replica.Check(word).Verdict);
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, ApiJson.Options);

    private Following Follow(string? folder = null, VerdictPolicy? policy = null, HttpMessageHandler? handler = null)
    {
        var following = new Following(_node, folder, policy, handler);
        _following.Add(following);
        return following;
    }
}
