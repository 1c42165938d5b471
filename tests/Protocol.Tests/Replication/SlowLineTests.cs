using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>A node and one peer, in virtual time: lines that are slow, or dead for a while.</summary>
public sealed class SlowLineTests
{
    private const string Log = "coalition/b/indicators/1";
    private const int EntryBytes = 250;
    private static readonly ReplicationOptions s_options = new();

    [Theory]
    [InlineData(1_000)]
    [InlineData(8_000)]
    [InlineData(30_000)]
    [InlineData(10_000_000)]
    public void Fetch_AnyLine_GetsAllOfItInAboutTheTimeThatTheLineTakes(int bytesPerSecond)
    {
        var line = new Line { BytesPerSecond = bytesPerSecond, Entries = 8_000 };

        line.RunUntil(() => line.Held == line.Entries, 24 * 3_600_000);

        Assert.Equal(line.Entries, line.Held);
        var atBest = 1_000L * line.Entries * EntryBytes / bytesPerSecond;
        Assert.InRange(line.Now, atBest, (3 * atBest / 2) + (3 * s_options.RangeTimeout));
        Assert.DoesNotContain(Note.OutOfReach, line.Notes);
    }

    [Fact]
    public void Fetch_FastLine_RangesBecomeAsLargeAsTheyMay()
    {
        var line = new Line { BytesPerSecond = 100_000_000, Entries = 100_000 };

        line.RunUntil(() => line.Held == line.Entries, 3_600_000);

        // As many entries as a range may have are less than as many bytes as it may have.
        Assert.Equal(s_options.FirstRangeBytes, line.Asked[0]);
        Assert.True(line.Asked.Max() >= s_options.RangeEntries * EntryBytes);
    }

    [Fact]
    public void Fetch_LineBecomesSlow_RangesBecomeSmall()
    {
        var line = new Line { BytesPerSecond = 100_000_000, Entries = 50_000 };
        line.RunUntil(() => line.Held == line.Entries, 3_600_000);
        line.BytesPerSecond = 2_000;
        line.Entries += 4_000;

        line.RunUntil(() => line.Held == line.Entries, 24 * 3_600_000);

        Assert.Equal(line.Entries, line.Held);
        Assert.InRange(line.Asked[^1], s_options.MinRangeBytes, 2 * s_options.MinRangeBytes);
    }

    [Fact]
    public void Heard_AfterASilence_IsAskedAtOnce()
    {
        var line = new Line { BytesPerSecond = 1_000_000, Entries = 10 };
        line.RunUntil(() => line.Held == line.Entries, 60_000);
        line.Dead = true;
        line.RunUntil(() => line.Failures >= 6, 600_000);
        line.Dead = false;
        line.Entries++;
        var before = line.Now;

        line.Tell(new PeerAsked("b", true, []));

        line.RunUntil(() => line.Held == line.Entries, 600_000);
        Assert.InRange(line.Now - before, 0, 500);
    }

    [Fact]
    public void Heard_AllTheTimeThoughItCannotBeDialled_WaitsAsLongAsFailuresDemand()
    {
        var line = new Line { BytesPerSecond = 1_000_000, Entries = 10 };
        line.RunUntil(() => line.Held == line.Entries, 60_000);
        line.Dead = true;
        line.RunUntil(() => line.Failures >= 6, 600_000, () => line.Tell(new PeerAsked("b", true, [])));
        var (before, failures) = (line.Now, line.Failures);

        line.RunUntil(() => line.Now - before > 120_000, 600_000, () => line.Tell(new PeerAsked("b", true, [])));

        // Every 10 s to fail and at least 24 s to wait.
        Assert.InRange(line.Failures - failures, 1, 4);
    }

    /// <summary>Everything that the core wants done, done as the line allows; one request after the other.</summary>
    private sealed class Line
    {
        private const int Latency = 50;
        private readonly Replicator _core = new("a", 7, s_options);
        private readonly PriorityQueue<ReplicationEvent, (long Due, long Number)> _coming = new();
        private readonly Dictionary<long, int> _fetched = [];
        private readonly HashSet<long> _dropped = [];
        private long _number;
        private long _freeAt;

        public Line()
        {
            Tell(new RosterTaken([new PeerInfo("b", true)], [new LogInfo(Log, "b")]));
        }

        public long Now { get; private set; }

        public int BytesPerSecond { get; set; }

        public int Entries { get; set; }

        public bool Dead { get; set; }

        public int Held { get; private set; }

        public int Failures { get; private set; }

        public List<int> Asked { get; } = [];

        public List<Note> Notes { get; } = [];

        public void Tell(ReplicationEvent happened)
        {
            foreach (var effect in _core.Step(happened, Now))
            {
                Do(effect);
            }
        }

        /// <summary>Goes on until something holds, or so many milliseconds are over.</summary>
        public void RunUntil(Func<bool> holds, long most, Action? everySecond = null)
        {
            var (end, second) = (Now + most, Now);
            while (!holds() && Now < end)
            {
                var next = Math.Min(_core.NextDue, second + 1_000);
                if (_coming.TryPeek(out _, out var order) && order.Due <= next)
                {
                    Now = Math.Max(Now, order.Due);
                    Happen(_coming.Dequeue());
                }
                else
                {
                    Now = Math.Max(Now, next);
                    Tell(new Tick());
                }

                if (Now >= second + 1_000)
                {
                    second = Now;
                    everySecond?.Invoke();
                }
            }
        }

        private void Happen(ReplicationEvent happened)
        {
            var id = happened switch
            {
                RangeFetched fetched => fetched.Id,
                RequestFailed failed => failed.Id,
                _ => 0,
            };
            if (!_dropped.Contains(id))
            {
                Failures += happened is RequestFailed { Fault: RequestFault.Unreachable } ? 1 : 0;
                Tell(happened);
            }
        }

        private void Do(ReplicationEffect effect)
        {
            switch (effect)
            {
                case PeerRequest request when Dead:
                    Come(Now + request.Timeout, new RequestFailed(request.Id, RequestFault.Unreachable));
                    break;
                case AskHeads ask:
                    Come(Now + Latency, new HeadsAnswered(ask.Id, Answer(), []));
                    break;
                case FetchRange fetch:
                    Fetch(fetch);
                    break;
                case StoreRange store:
                    Held = Math.Max(Held, _fetched[store.Id]);
                    Come(Now, new LogMoved(Log, Held, Held, RootAt(Held)));
                    Come(Now, new RangeStored(store.Id, StoreOutcome.Stored));
                    break;
                case DropRange drop:
                    _dropped.Add(drop.Id);
                    break;
                case Noted noted:
                    Notes.Add(noted.Kind);
                    break;
            }
        }

        private void Fetch(FetchRange fetch)
        {
            var entries = Math.Min(
                Math.Min(fetch.MaxEntries, Entries - (int)fetch.From),
                (fetch.MaxBytes + EntryBytes - 1) / EntryBytes);
            Asked.Add(fetch.MaxBytes);
            _fetched[fetch.Id] = (int)fetch.From + entries;
            var bytes = (long)entries * EntryBytes;
            var done = Math.Max(Now, _freeAt) + (bytes * 1_000 / BytesPerSecond) + Latency;
            if (done <= Now + fetch.Timeout)
            {
                _freeAt = done;
                Come(done, new RangeFetched(fetch.Id, entries, bytes, Entries));
            }
            else
            {
                // Until it was given up, it took the line all the same.
                _freeAt = Math.Max(_freeAt, Now + fetch.Timeout);
                Come(Now + fetch.Timeout, new RequestFailed(fetch.Id, RequestFault.Unreachable));
            }
        }

        private HeadsAnswer Answer()
        {
            var head = new Head(Log, Entries, RootAt(Entries), null, Entries);
            return new HeadsAnswer(head.Root, 1, 1 + Entries, [head], [], ["a"], false, []);
        }

        private void Come(long due, ReplicationEvent happened) => _coming.Enqueue(happened, (due, ++_number));

        private static Hash256 RootAt(int size)
        {
            var bytes = new byte[Hash256.Size];
            BitConverter.TryWriteBytes(bytes, size);
            return new Hash256(bytes);
        }
    }
}
