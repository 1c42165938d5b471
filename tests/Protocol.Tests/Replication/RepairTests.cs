using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>Which peer is asked for the entries of a damaged row, and when again.</summary>
public sealed class RepairTests
{
    private const string Log = "coalition/b/indicators/1";
    private static readonly ReplicationOptions s_options = new();
    private static readonly Hash256 s_root = Hash256.Of([1]);

    [Fact]
    public void Repair_NobodyGivesIt_EachIsAskedOnceARoundAndRoundsBecomeRare()
    {
        var node = new Node(1_000, "b", "c", "d");

        node.Tell(new RowDamaged(Log, 256, 512));
        node.Run(12 * 3_600_000, _ => new RequestFailedWith(RequestFault.Busy));

        // Waits double from a second to ten minutes, jittered by a fifth.
        Assert.InRange(node.Asked.Count, 3 * 60, 3 * 110);
        Assert.All(node.Asked.Chunk(3), round => Assert.Equal(3, round.Select(a => a.Peer).Distinct().Count()));
        Assert.Equal(1, node.Core.Damaged);
    }

    [Fact]
    public void Repair_BadRange_SenderIsBlamedAndTheNextGivesIt()
    {
        var node = new Node(1_000, "b", "c");
        node.Tell(new RowDamaged(Log, 256, 512));

        node.Run(60_000, asked => node.Asked.Count == 1
            ? new RequestFailedWith(RequestFault.Bad)
            : new StoredWith(RepairOutcome.Repaired));

        Assert.Equal(2, node.Asked.Select(a => a.Peer).Distinct().Count());
        Assert.Equal(2, node.Asked.Count);
        Assert.Equal([(Note.BadContent, node.Asked[0].Peer)], node.Notes);
        Assert.Equal((0, 0), (node.Core.Damaged, node.Core.Pending));
    }

    [Fact]
    public void Repair_OtherBranch_ForkIsLookedForAtTheSender()
    {
        var node = new Node(1_000, "b");
        node.Tell(new RowDamaged(Log, 256, 512));

        node.Run(500, _ => new StoredWith(RepairOutcome.Contradicts));

        Assert.Equal([(Note.OtherBranch, "b")], node.Notes);
        Assert.Equal(512, Assert.Single(node.Searches).Size);
    }

    [Fact]
    public void Repair_StorageFails_SameEntriesAreFetchedAgainAfterAWaitWithoutBlame()
    {
        var node = new Node(1_000, "b");
        node.Tell(new RowDamaged(Log, 256, 512));

        node.Run(3_600_000, _ => new StoredWith(RepairOutcome.Unavailable));

        Assert.InRange(node.Asked.Count, 8, 20);
        Assert.Empty(node.Notes);
    }

    [Fact]
    public void Repair_ManyRows_FewAreUnderWayAndOneAtAPeer()
    {
        var node = new Node(100_000, "b", "c", "d");
        for (var i = 0; i < s_options.MaxDamagedRows + 10; i++)
        {
            node.Tell(new RowDamaged(Log, 256 * i, 256 * (i + 1)));
            node.Tell(new RowDamaged(Log, 256 * i, 256 * (i + 1)));
        }

        Assert.Equal(s_options.MaxDamagedRows, node.Core.Damaged);
        Assert.Equal(s_options.MaxRepairs, node.Asked.Count);
        Assert.Equal(node.Asked.Count, node.Asked.Select(a => a.Peer).Distinct().Count());
        node.Run(60_000, _ => new StoredWith(RepairOutcome.Repaired));
        Assert.Equal((s_options.MaxDamagedRows, 0), (node.Asked.Count, node.Core.Damaged));
    }

    [Fact]
    public void Repair_PeerHasLessOrStorageIsPaused_NobodyIsAsked()
    {
        var node = new Node(500, "b");
        node.Tell(new RowDamaged(Log, 256, 512));
        node.Run(60_000, _ => new StoredWith(RepairOutcome.Repaired));
        Assert.Empty(node.Asked);

        node.Tell(new StorageChanged(true));
        node.Show(600);
        node.Run(60_000, _ => new StoredWith(RepairOutcome.Repaired));
        Assert.Empty(node.Asked);

        node.Tell(new StorageChanged(false));
        node.Run(1_000, _ => new StoredWith(RepairOutcome.Repaired));
        Assert.Single(node.Asked);
    }

    [Fact]
    public void Repair_Tile_NeedsNoPeerAndIsTriedAgainWhileTheStorageFails()
    {
        var node = new Node(100_000, "b");
        node.Tell(new RowDamaged(Log, 0, 65_536, 1));

        node.Run(60_000, _ => new StoredWith(node.Tiles.Count < 3 ? RepairOutcome.Unavailable : RepairOutcome.Repaired));

        Assert.Empty(node.Asked);
        Assert.Equal(3, node.Tiles.Count);
        Assert.Equal(0, node.Core.Damaged);
    }

    private abstract record End;

    private sealed record RequestFailedWith(RequestFault Fault) : End;

    private sealed record StoredWith(RepairOutcome Outcome) : End;

    /// <summary>A node that holds one log, and peers that show it, in virtual time; each exchange takes a tenth of a second.</summary>
    private sealed class Node
    {
        private readonly PriorityQueue<Func<ReplicationEvent?>, long> _todo = new();
        private readonly string[] _peers;
        private Func<FetchRepair?, End> _answer = _ => new RequestFailedWith(RequestFault.Busy);
        private long _shown;
        private long _now = 1;

        public Node(long shown, params string[] peers)
        {
            (_shown, _peers) = (shown, peers);
            Core = new Replicator("a", 7, s_options);
            Tell(new Started(
                new RosterTaken([.. peers.Select(p => new PeerInfo(p, true))], [new LogInfo(Log, "b")]),
                [new LogMoved(Log, 100_000, 100_000, s_root)],
                [],
                false));
            Run(5_000, _answer);
        }

        public Replicator Core { get; }

        public List<FetchRepair> Asked { get; } = [];

        public List<RepairTile> Tiles { get; } = [];

        public List<SearchFork> Searches { get; } = [];

        public List<(Note, string)> Notes { get; } = [];

        /// <summary>All peers show so much from their next answer on.</summary>
        public void Show(long size) => _shown = size;

        public void Tell(ReplicationEvent happened)
        {
            foreach (var effect in Core.Step(happened, _now))
            {
                Do(effect);
            }
        }

        public void Run(long time, Func<FetchRepair?, End> answer)
        {
            _answer = answer;
            var end = _now + time;
            while (true)
            {
                var next = Math.Min(Core.NextDue, _todo.TryPeek(out _, out var at) ? at : long.MaxValue);
                if (next > end)
                {
                    _now = end;
                    return;
                }

                _now = Math.Max(_now, next);
                Tell(_todo.TryPeek(out _, out at) && at <= _now && _todo.Dequeue()() is { } happened ? happened : new Tick());
            }
        }

        private void Do(ReplicationEffect effect)
        {
            switch (effect)
            {
                case AskHeads ask:
                    After(() => new HeadsAnswered(ask.Id, Answer(ask), []));
                    break;
                case FetchRepair fetch:
                    Asked.Add(fetch);
                    After(() => _answer(fetch) is RequestFailedWith failed
                        ? new RequestFailed(fetch.Id, failed.Fault)
                        : new RepairFetched(fetch.Id));
                    break;
                case StoreRepair store:
                    After(() => new RepairStored(store.Id, _answer(null) is StoredWith stored ? stored.Outcome : default));
                    break;
                case RepairTile tile:
                    Tiles.Add(tile);
                    After(() => new RepairStored(tile.Id, _answer(null) is StoredWith stored ? stored.Outcome : default));
                    break;
                case SearchFork search:
                    Searches.Add(search);
                    After(() => new ForkAnswered(search.Id, true));
                    break;
                case PushHead push:
                    After(() => new PushAnswered(push.Id, _shown, _shown));
                    break;
                case Noted noted:
                    Notes.Add((noted.Kind, noted.Peer));
                    break;
            }
        }

        private HeadsAnswer Answer(AskHeads ask) => new(
            s_root,
            1 + (ulong)Array.IndexOf(_peers, ask.Peer),
            ask.Question.Since + 1,
            [new Head(Log, _shown, _shown == 100_000 ? s_root : Hash256.Of([2]), null, _shown)],
            [],
            null,
            false,
            []);

        private void After(Func<ReplicationEvent?> happens) => _todo.Enqueue(happens, _now + 100);
    }
}
