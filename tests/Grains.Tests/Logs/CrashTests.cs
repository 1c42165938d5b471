using System.Globalization;
using FederationNode.CrashHost;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A process that appends is killed with SIGKILL at each step of an append, and started again.</summary>
public sealed class CrashTests
{
    // In the order of an append. "signed" is after the signature, before anybody is told. The number says which write.
    private static readonly (string Kind, string When, int Occurrence)[] s_steps =
    [
        (LogRowKind.Bundle, "before", 1), (LogRowKind.Bundle, "after", 1),
        (LogRowKind.Payloads, "before", 1), (LogRowKind.Payloads, "after", 1),
        (LogRowKind.Head, "before", 1), (LogRowKind.Head, "after", 1),
        ("any", "signed", 1),
        (LogRowKind.Request, "before", 1), (LogRowKind.Request, "after", 1),
        (LogRowKind.Bundle, "after", 3), (LogRowKind.Head, "before", 3), (LogRowKind.Head, "after", 3),
        ("any", "signed", 3), (LogRowKind.Request, "after", 3),
    ];

    // The append that fills the first tile of hashes, at 65,536 entries.
    private static readonly (string Kind, string When, int Occurrence)[] s_stepsOfATile =
    [
        (LogRowKind.Tile, "after", 1), (LogRowKind.Head, "before", 1), (LogRowKind.Head, "after", 1),
    ];

    [Fact]
    public Task Append_KilledAtEachStepAgainAndAgain_NothingAcknowledgedIsLost() =>
        RunAsync(s_steps, first: 0, more: 20);

    [Fact]
    public Task Append_KilledWhileATileIsFilled_NothingAcknowledgedIsLost() =>
        RunAsync(s_stepsOfATile, Workload.FirstLarge, more: 3);

    private static async Task RunAsync((string, string, int)[] steps, int first, int more)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var history = new History(sandbox.Connection, first);
        foreach (var (kind, when, occurrence) in steps)
        {
            var step = $"{when} {kind} write {occurrence}";
            await history.RunAsync(step, kind, when, occurrence, requests: 100, expectKill: true);
            await history.CheckDatabaseAsync(step);
        }

        await history.RunAsync("last start, not killed", "any", "before", 1, more, expectKill: false);
        await history.CheckDatabaseAsync("last start, not killed");
    }

    /// <summary>All that the processes ever said about one database.</summary>
    private sealed class History(StorageConnection connection, int firstRequest)
    {
        private readonly Dictionary<int, (long First, int Count)> _acknowledged = [];
        private readonly Dictionary<long, Hash256> _roots = [];
        private long _size;
        private int? _unanswered;
        private bool _durable;

        public async Task RunAsync(string step, string kind, string when, int occurrence, int requests, bool expectKill)
        {
            // The last answered request again, then the one that the kill left without an answer.
            var first = _acknowledged.Count == 0 ? firstRequest : _acknowledged.Keys.Max();
            var lines = await CrashProcess.RunAsync(
                step, "append", connection, first, requests, (kind, when, occurrence), expectKill);
            var unanswered = _unanswered;
            foreach (var line in lines)
            {
                var words = line.Split(' ');
                var request = int.Parse(words[1], CultureInfo.InvariantCulture);
                if (words[0] == "try")
                {
                    _unanswered = request;
                    continue;
                }

                _unanswered = null;
                Take(step, request, words, unanswered);
            }

            // What is written with or before the head row counts from then on.
            _durable = (kind, when) is (LogRowKind.Head, "after") or ("any", "signed");
            Assert.Equal(expectKill, _unanswered is not null);
        }

        public async Task CheckDatabaseAsync(string step)
        {
            await using var storage = await OfflineStorage.OpenAsync(connection);
            var log = await StoredLog.LoadAsync(storage.Rows, Workload.Log);
            var entries = await CrashProcess.ReadAllAsync(log);
            var leaves = entries.Select(e => MerkleHash.Leaf(e.Leaf)).ToArray();
            Assert.True(log.Root == MerkleHash.Root(leaves), $"{step}: the stored root is not that of the leaves.");
            Assert.True(log.Size >= _size, $"{step}: {log.Size} entries are left of {_size}.");
            _size = log.Size;
            NoteRoot(step, log.Size, log.Root);
            foreach (var (size, root) in _roots)
            {
                Assert.True(root == MerkleHash.Root(leaves.AsSpan(0, (int)size)), $"{step}: the root at {size} changed.");
            }

            foreach (var (request, (first, count)) in _acknowledged)
            {
                for (var i = 0; i < count; i++)
                {
                    var entry = entries[(int)first + i];
                    var there = entry.Payload.AsSpan().SequenceEqual(Workload.Entry(request, i).Payload)
                        && Leaf.TryDecode(entry.Leaf, out var leaf, out _) && leaf.Opens(entry.Salt, entry.Payload);
                    Assert.True(there, $"{step}: entry {i} of request {request} is not at {first + i}.");
                }
            }

            // Each request once: with the unanswered one at most, nothing else is in the log.
            var extra = _unanswered is { } open && _durable ? Workload.CountOf(open) : 0;
            Assert.True(
                log.Size == _acknowledged.Values.Sum(a => a.Count) + extra,
                $"{step}: {log.Size} entries, {_acknowledged.Values.Sum(a => a.Count)} acknowledged, {extra} not answered.");
        }

        private void Take(string step, int request, string[] words, int? unanswered)
        {
            var first = long.Parse(words[2], CultureInfo.InvariantCulture);
            var count = int.Parse(words[3], CultureInfo.InvariantCulture);
            var repeated = words[4] == "1";
            if (_acknowledged.TryGetValue(request, out var before))
            {
                Assert.True(repeated && before == (first, count), $"{step}: request {request} again was given {first}.");
            }
            else
            {
                Assert.True(
                    repeated == (request == unanswered && _durable),
                    $"{step}: request {request} was {(repeated ? "" : "not ")}taken for a repetition.");
                _acknowledged[request] = (first, count);
            }

            Assert.True(
                Checkpoint.TryOpen(Convert.FromBase64String(words[5]), Workload.Key.VerificationKey, out var checkpoint, out var error),
                $"{step}: {error}");
            Assert.True(checkpoint.Size >= _size && checkpoint.Size >= first + count, $"{step}: signed {checkpoint.Size} only.");
            _size = checkpoint.Size;
            NoteRoot(step, checkpoint.Size, checkpoint.Root);
        }

        private void NoteRoot(string step, long size, Hash256 root) =>
            Assert.True(_roots.TryAdd(size, root) || _roots[size] == root, $"{step}: a second root for size {size}.");
    }
}
