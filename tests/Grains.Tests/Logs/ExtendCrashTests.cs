using System.Globalization;
using FederationNode.CrashHost;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A process that takes another member's log is killed with SIGKILL at each step, and started again.</summary>
public sealed class ExtendCrashTests
{
    private static readonly (string Kind, string When, int Occurrence)[] s_steps =
    [
        (LogRowKind.Bundle, "before", 1), (LogRowKind.Bundle, "after", 1),
        (LogRowKind.Payloads, "before", 1), (LogRowKind.Payloads, "after", 1),
        (LogRowKind.Head, "before", 1), (LogRowKind.Head, "after", 1),
        (LogRowKind.Bundle, "after", 3), (LogRowKind.Head, "before", 5), (LogRowKind.Head, "after", 5),
    ];

    private static readonly (string Kind, string When, int Occurrence)[] s_stepsOfATile =
    [
        (LogRowKind.Tile, "after", 1), (LogRowKind.Head, "before", 1), (LogRowKind.Head, "after", 1),
    ];

    [Fact]
    public Task Extend_KilledAtEachStepAgainAndAgain_GoesOnWhereItEnded() => RunAsync(s_steps, first: 0);

    [Fact]
    public Task Extend_KilledWhileATileIsFilled_GoesOnWhereItEnded() => RunAsync(s_stepsOfATile, Workload.FirstLarge);

    private static async Task RunAsync((string, string, int)[] steps, int first)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var history = new History(sandbox.Connection, first);
        foreach (var (kind, when, occurrence) in steps)
        {
            await history.RunAsync((kind, when, occurrence), requests: 100, expectKill: true);
        }

        await history.RunAsync(("any", "before", 1), requests: 2, expectKill: false);
    }

    private sealed class History(StorageConnection connection, int firstRequest)
    {
        private int _next = firstRequest;
        private long _size;

        public async Task RunAsync((string Kind, string When, int Occurrence) kill, int requests, bool expectKill)
        {
            var step = $"{kill.When} {kill.Kind} write {kill.Occurrence}";
            var lines = await CrashProcess.RunAsync(step, "extend", connection, _next, requests, kill, expectKill);
            (long From, long Count)? open = null;
            foreach (var words in lines.Select(l => l.Split(' ')))
            {
                var number = long.Parse(words[2], CultureInfo.InvariantCulture);
                if (words[0] == "try")
                {
                    Assert.True(number == _size, $"{step}: it goes on at {number}, not at {_size}.");
                    open = (number, long.Parse(words[3], CultureInfo.InvariantCulture));
                    continue;
                }

                Assert.True(open is { } asked && number == asked.From + asked.Count, $"{step}: {number} entries.");
                open = null;
                _size = number;
                _next++;
            }

            Assert.Equal(expectKill, open is not null);

            // Only with the head row the entries count.
            if (open is { } unanswered && kill is (LogRowKind.Head, "after", _))
            {
                _size = unanswered.From + unanswered.Count;
                _next++;
            }

            await CheckDatabaseAsync(step);
        }

        private async Task CheckDatabaseAsync(string step)
        {
            await using var storage = await OfflineStorage.OpenAsync(connection);
            var log = await StoredLog.LoadAsync(storage.Rows, ForeignWorkload.Log);
            Assert.True(log.Size == _size, $"{step}: {log.Size} entries, not {_size}.");
            if (_size == 0)
            {
                return;
            }

            var entries = await CrashProcess.ReadAllAsync(log);
            for (var i = 0; i < entries.Count; i++)
            {
                var written = ForeignWorkload.Entry(i);
                var same = entries[i].Leaf.AsSpan().SequenceEqual(written.Leaf)
                    && entries[i].Salt.AsSpan().SequenceEqual(written.Salt)
                    && entries[i].Payload.AsSpan().SequenceEqual(written.Payload);
                Assert.True(same, $"{step}: entry {i} is not the one that was written.");
            }

            var root = MerkleHash.Root([.. entries.Select(e => MerkleHash.Leaf(e.Leaf))]);
            Assert.True(log.Root == root, $"{step}: the stored root is not that of the entries.");
            Assert.Equal(log.Size, log.Head.SignedSize);
            var key = ForeignWorkload.Key.VerificationKey;
            Assert.True(
                Checkpoint.TryOpen(log.Head.Checkpoint, key, out var head, out var error)
                    && head.Size == log.Size && head.Root == root,
                $"{step}: the stored checkpoint is not that of the entries. {error}");
        }
    }
}
