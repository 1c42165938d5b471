using System.Diagnostics.Metrics;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Detector.Hosting;
using FederationNode.Detector.Replica;
using FederationNode.Detector.Telemetry;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Node.Tests.Api;
using FederationNode.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>A replica that judges by the policy file of its node.</summary>
public sealed class ReplicaPolicyTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("fednode-replica-policy-").FullName;
    private readonly LogCapture _log = new();
    private readonly LoggerFactory _loggers;
    private readonly NodeFolder _folder;

    public ReplicaPolicyTests()
    {
        _folder = new NodeFolder(_path);
        _loggers = new LoggerFactory([_log]);
    }

    public void Dispose()
    {
        _loggers.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public async Task Check_RandomListItemsAndPolicies_AnswersAsTheNodeDoes()
    {
        const int Lifetime = 400_000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        Write("{}");
        await using var node = await ApiNode.StartWithPolicyAsync(_folder);
        var list = new RandomList(random, node, Lifetime);
        var policy = new RandomPolicy(random, list, _folder.PolicyFile);
        await list.GrowAsync(60);
        await using var following = Follow(node);
        await following.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        using var detector = new FederationDetector(node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        var reasons = new List<string>();
        for (var round = 0; round < 8; round++)
        {
            await list.GrowAsync(20);
            node.Clock.Advance(TimeSpan.FromSeconds(random.Next(Lifetime / 8)));
            await following.UntilAsync(r => r.Status.ListVersion == node.List.Current.Digest.ToString());
            var json = policy.Write();
            node.LookAtPolicy();
            following.Replica.LookAtPolicy();
            Assert.Empty(node.Services.GetRequiredService<PolicyBoard>().Alarms);
            Assert.Null(following.Replica.Status.PolicyError);

            var items = list.Items(200);
            var answers = (await detector.CheckAsync(items)).Items;
            for (var i = 0; i < items.Count; i++)
            {
                var (theirs, ours) = (Json(answers[i]), Json(following.Replica.Check(items[i])));
                Assert.True(theirs == ours, $"seed {seed}, round {round}, {json}, {Json(items[i])}:\n{theirs}\n{ours}");
                reasons.AddRange(answers[i].Matches.Select(m => m.Reason));
            }
        }

        foreach (var part in (string[])["block: ", "review: ", "signal: ", "allowed by policy.json", "too unsure to count"])
        {
            Assert.True(reasons.Exists(r => r.Contains(part, StringComparison.Ordinal)), $"seed {seed}: no reason has \"{part}\"");
        }
    }

    [Fact]
    public async Task Check_ClosedAndOutOfDate_ReviewsAsTheNodeDoes()
    {
        Write("""{"whenStale":"closed"}""");
        await using var node = await ApiNode.StartWithPolicyAsync(_folder);
        node.HearPeers();
        var (blocked, signalled) = (Some.Hex(), Some.Word());
        await node.ReceiveAsync(
            Some.ForeignHash("image-sha256", blocked, node.Now + 100_000),
            Some.ForeignKeyword(signalled, node.Now + 100_000, "signal"));
        await using var following = Follow(node);
        await using var byCode = new Following(node, policy: new VerdictPolicy { Self = "acme", WhenStale = StaleRule.Closed });
        await following.UntilAsync(r => r.Status.Indicators == 2);
        await byCode.UntilAsync(r => r.Status.Indicators == 2);
        using var detector = new FederationDetector(node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        CheckItem[] items =
            [new("text", "nothing"), new("text", signalled), new("image-sha256", blocked), new("image-pdq", Some.Hex()), new("seller", Some.Hex())];

        Assert.Equal(["none", "signal", "block", "none", "none"], await CompareAsync());

        await following.StopAsync();
        await byCode.StopAsync();
        node.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(["review", "review", "block", "review", "review"], await CompareAsync());
        Assert.Equal(
            "review: the list may be out of date, and policy.json has such items reviewed (whenStale is closed)",
            following.Replica.Check(items[0]).Reason);

        async Task<IEnumerable<string>> CompareAsync()
        {
            var answers = (await detector.CheckAsync(items)).Items;
            Assert.Equal(answers.Select(Json), items.Select(i => Json(following.Replica.Check(i))));
            Assert.Equal(answers.Select(Json), items.Select(i => Json(byCode.Replica.Check(i))));
            var picture = await File.ReadAllBytesAsync(TestFiles.Vector("pdq", "bridge-1-original.jpg"));
            foreach (var file in (byte[][])[picture, [1, 2, 3]])
            {
                var (theirs, ours) = (await detector.CheckImageAsync(file), following.Replica.CheckImage(file));
                Assert.Equal((theirs.Verdict, theirs.Reason), (ours.Verdict.ToText(), ours.Reason));
            }

            return answers.Select(a => a.Verdict);
        }
    }

    [Fact]
    public async Task Follow_PolicyChangedSpoiledGoneAndPutBack_OneThatCannotBeUsedLeavesTheOneBefore()
    {
        Write("""{"kinds":{"image-sha256":{"blockAt":2}}}""");
        await using var node = await ApiNode.StartWithPolicyAsync(_folder);
        var image = new CheckItem("image-sha256", Some.Hex());
        await node.ReceiveAsync(Some.ForeignHash(image.Kind, image.Value, node.Now + 100_000));
        await using var following = Follow(node);
        var replica = following.Replica;
        await following.UntilAsync(r => r.Status.Indicators == 1);
        Assert.Equal("review", replica.Check(image).Verdict);
        Assert.Equal((null, HealthStatus.Healthy, 0), await FaultAsync());

        Write("""{"trusted":["globex"]}""");
        replica.LookAtPolicy();
        Assert.Equal("block", replica.Check(image).Verdict);
        Assert.Contains(_log.Lines, l => l.Contains($"{_folder.PolicyFile} was read and is in force.", StringComparison.Ordinal));

        // The first setting alone would be fine: never half a policy.
        Write("{\"muted\":[\"globex\"],\n\"kinds\":{\"image-sha256\":{\"blockAt\":-2}}}");
        replica.LookAtPolicy();
        node.LookAtPolicy();
        var says = $"{_folder.PolicyFile}, line 2: \"kinds.image-sha256.blockAt\" must be 0 to 1000.";
        Assert.Equal("block", replica.Check(image).Verdict);
        Assert.Equal((says, HealthStatus.Degraded, 1), await FaultAsync());
        var alarm = $"The policy on the disk is not in force, the one before it still is: {says}";
        Assert.Equal([alarm], node.Services.GetRequiredService<PolicyBoard>().Alarms);
        Assert.Equal(alarm, (await new ReplicaHealthCheck(replica).CheckHealthAsync(new HealthCheckContext())).Description);
        Assert.Contains(_log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal) && l.Contains(alarm, StringComparison.Ordinal));

        File.Delete(_folder.PolicyFile);
        replica.LookAtPolicy();
        Assert.Equal("block", replica.Check(image).Verdict);
        Assert.Equal(
            ($"{_folder.PolicyFile} is gone: put it back, or write {{}} into it to go back to the defaults.", HealthStatus.Degraded, 1),
            await FaultAsync());

        Write("""{"muted":["globex"]}""");
        replica.LookAtPolicy();
        Assert.Equal("none", replica.Check(image).Verdict);
        Assert.Equal((null, HealthStatus.Healthy, 0), await FaultAsync());

        async Task<(string? Error, HealthStatus Health, double Gauge)> FaultAsync() => (
            replica.Status.PolicyError,
            (await new ReplicaHealthCheck(replica).CheckHealthAsync(new HealthCheckContext())).Status,
            Gauge());
    }

    [Fact]
    public async Task Run_PolicyChanges_IsTakenUpByItself()
    {
        Write("{}");
        await using var node = await ApiNode.StartWithPolicyAsync(_folder);
        var word = Some.Word();
        await node.PublishAsync(Some.Keyword(word));
        await using var following = Follow(node);
        await following.UntilAsync(r => r.Check(word).Verdict == Verdict.Review);

        Write($"{{\"allow\":{{\"phrases\":[\"{word}\"]}}}}");
        await following.UntilSeenAsync(r => r.Check(word).Verdict == Verdict.None);
    }

    [Fact]
    public async Task Watch_LooksEverySecondByItsClockUntilToldToStop()
    {
        Write("""{"muted":["globex"]}""");
        var clock = new FakeTimeProvider();
        using var policy = PolicyFollower.Start(_folder.PolicyFile, clock, NullLogger.Instance);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var watching = policy.WatchAsync(stop.Token);
        Assert.Equal(["globex"], policy.Current.Muted);

        Write("""{ "muted": [] }""");
        while (!policy.Current.Muted.IsEmpty)
        {
            stop.Token.ThrowIfCancellationRequested();
            clock.Advance(PolicyFollower.Interval);
            await Task.Yield();
        }

        await stop.CancelAsync();
        await watching;
    }

    [Fact]
    public void Start_Flood_SaysThatOnlyTheNodeHasIt()
    {
        Write("""{"flood":{"entries":5}}""");

        using var policy = PolicyFollower.Start(_folder.PolicyFile, TimeProvider.System, _loggers.CreateLogger("replica"));

        Assert.StartsWith(
            $"Warning replica: \"flood\" in {_folder.PolicyFile} does nothing in a replica",
            Assert.Single(_log.Lines),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Start_SampleThatIsNotThere_IsTheNodesConcern()
    {
        Write("""{"sample":{"path":"nowhere.csv"},"muted":["globex"]}""");

        using var policy = PolicyFollower.Start(_folder.PolicyFile, TimeProvider.System, NullLogger.Instance);

        Assert.Equal(["globex"], policy.Current.Muted);
        Assert.Throws<NodeFolderException>(() => PolicyReader.Load(_folder, "acme"));
    }

    private static double Gauge()
    {
        var seen = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == DetectorMetrics.MeterName && instrument.Name == "fednode.detector.policy.refused")
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => seen.Add(value));
        listener.Start();
        listener.RecordObservableInstruments();
        return Assert.Single(seen);
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, ApiJson.Options);

    private Following Follow(ApiNode node) =>
        new(node, policyFile: _folder.PolicyFile, logger: _loggers.CreateLogger<FederationReplica>());

    private void Write(string json) => File.WriteAllText(_folder.PolicyFile, json);
}
