using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Urgent requests do not wait for the others that are queued.</summary>
public sealed class UrgentAppendTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Fact]
    public async Task Append_UrgentBehindManyOthers_IsWrittenNextAndAlone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var appender = node.Services.GetRequiredService<LogAppender>();
        var runs = new List<(long From, long End, long Size)>();
        node.Heads.UrgentAppended += (_, from, end) => runs.Add((from, end, node.Heads.Get(s_log)!.Size));
        var (reached, gate) = HoldHeads(node);

        var first = appender.AppendAsync(s_log, Sample.Request(0, 1));
        await reached.Task.WaitAsync(TestNode.Patience());
        var bulk = Enumerable.Range(1, 20).Select(i => appender.AppendAsync(s_log, Sample.Request(100 * i, 100))).ToList();
        var urgent = Enumerable.Range(1, 3).Select(i => appender.AppendAsync(s_log, Urgent(5_000 * i, 2))).ToList();
        var many = appender.AppendAsync(s_log, Urgent(50_000, Limits.MaxUrgentEntries + 1));
        gate.SetResult();
        await first;

        Assert.Equal([1, 3, 5], (await Task.WhenAll(urgent)).Select(u => (int)u.First));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => 7 + (100 * i)), (await Task.WhenAll(bulk)).Select(b => (int)b.First));
        Assert.Equal(2007, (await many).First);

        // Told as one run, before the log is shown to have grown.
        Assert.Equal([(1, 7, 1)], runs);
        Assert.Equal(3, node.Storage.Writes(LogRowKind.Head));
    }

    [Fact]
    public async Task Append_MoreUrgentThanARunHolds_AreRunsOfTheirOwn()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var appender = node.Services.GetRequiredService<LogAppender>();
        var runs = new List<(long From, long End)>();
        node.Heads.UrgentAppended += (_, from, end) => runs.Add((from, end));
        var (reached, gate) = HoldHeads(node);

        var first = appender.AppendAsync(s_log, Sample.Request(0, 1));
        await reached.Task.WaitAsync(TestNode.Patience());
        int[] sizes = [40, 24, 1, 64, 63, 2];
        var urgent = sizes.Select((n, i) => appender.AppendAsync(s_log, Urgent(1_000 * (i + 1), n))).ToList();
        gate.SetResult();
        await Task.WhenAll([first, .. urgent]);

        Assert.All(runs, r => Assert.InRange(r.End - r.From, 1, Limits.MaxUrgentEntries));
        Assert.Equal([(1L, 65L), (65, 66), (66, 130), (130, 193), (193, 195)], runs);
    }

    [Fact]
    public async Task Append_UrgentRequestRepeated_IsTheFirstOneAndNoRun()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var runs = 0;
        node.Heads.UrgentAppended += (_, _, _) => runs++;
        var request = Sample.Request(0, 2, "once") with { Urgent = true };

        await node.Log(s_log).AppendAsync([request]);
        var again = Assert.Single(await node.Log(s_log).AppendAsync([request]));
        await node.Log(s_log).AppendAsync([Sample.Request(2, 2)]);
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);
        var failed = Assert.Single(await node.Log(s_log).AppendAsync([Urgent(4, 2)]));

        Assert.Equal((0, true), (again.First, again.Repeated));
        Assert.Equal(AppendRefusal.StorageUnavailable, failed.Refusal);
        Assert.Equal(1, runs);
    }

    private static AppendRequest Urgent(int from, int count) => Sample.Request(from, count) with { Urgent = true };

    private static (TaskCompletionSource Reached, TaskCompletionSource Gate) HoldHeads(TestNode node)
    {
        var (reached, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        node.Storage.BeforeWrite = async kind =>
        {
            if (kind == LogRowKind.Head)
            {
                reached.TrySetResult();
                await gate.Task;
            }
        };
        return (reached, gate);
    }
}
