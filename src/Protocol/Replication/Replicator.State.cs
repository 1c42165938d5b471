namespace FederationNode.Protocol.Replication;

/// <content>What is remembered of peers and logs.</content>
public sealed partial class Replicator
{
    /// <summary>A log that the roster names, or the outline of one, which is fetched like a log of its own.</summary>
    private sealed class Log(int number, string origin, string owner, bool own, Log? of = null)
    {
        /// <summary>Its place in the arrays of <see cref="Peer"/>.</summary>
        public int Number => number;

        /// <summary>Tells it from every other log and outline.</summary>
        public int Key => of is null ? number : ~number;

        /// <summary>Of an outline the log.</summary>
        public Log? Of => of;

        /// <summary>Its outline, if it may have one.</summary>
        public Log? Outline { get; set; }

        /// <summary>An outline: whether any of it is durable.</summary>
        public bool Kept { get; set; }

        /// <summary>An outline: it is to be forgotten, and that is not durable yet.</summary>
        public bool Dropping { get; set; }

        /// <summary>An outline: nobody who gave a part of it knew of more entries than this when it said who is live.</summary>
        public long AsOf { get; set; }

        /// <summary>An outline: how many entries of the log are being compared, and what came of it by peer.</summary>
        public long Comparing { get; set; }

        public SortedDictionary<string, bool?> Compared { get; } = new(StringComparer.Ordinal);

        public string Origin => origin;

        public string Owner => owner;

        public bool Own => own;

        public bool Lazy { get; set; }

        public long? ClosedAt { get; set; }

        public long Held { get; set; }

        public long HeadSize { get; set; }

        public Hash256 HeadRoot { get; set; } = Merkle.MerkleHash.Empty;

        public long? FrozenAt { get; set; }

        /// <summary>An own log: whether enough peers were asked since the start.</summary>
        public bool Confirmed { get; set; }

        /// <summary>An own log: entries under the largest checkpoint of it that somebody has shown.</summary>
        public long Proven { get; set; }

        /// <summary>What is being fetched, or is fetched and not yet stored; in order, without overlap.</summary>
        public List<Segment> Segments { get; } = [];

        /// <summary>The range that is being stored, or 0.</summary>
        public long Storing { get; set; }

        public long StoreAfter { get; set; }

        public int StoreFailures { get; set; }

        /// <summary>Whether some peer may have more.</summary>
        public bool Wanted { get; set; }

        /// <summary>Since when, or since the own region gave the last of it: for gateways' grace.</summary>
        public long WantedSince { get; set; }

        /// <summary>When a range of it was last asked for; who waits longest is next.</summary>
        public long Asked { get; set; }

        /// <summary>A search for, or fetch of, a fork proof is under way.</summary>
        public bool ForkUnderWay { get; set; }

        /// <summary>Entries above this are of no use.</summary>
        public long Limit => of is not null ? of.Limit : Math.Min(FrozenAt ?? ProtocolLimits.MaxLogSize, ClosedAt ?? ProtocolLimits.MaxLogSize);

        /// <summary>When it last grew, or when the first of its segments was asked for.</summary>
        public long MovedAt { get; set; }

        /// <summary>How often in a row what was fetched could not be stored, for what comes before it did not come.</summary>
        public int Stalls { get; set; }

        /// <summary>Not fetched before.</summary>
        public long PullAfter { get; set; }

        /// <summary>Urgent runs that are kept above what is held without a gap.</summary>
        public List<UrgentRun> Overlay { get; } = [];

        /// <summary>Urgent runs that peers show and that are lacking.</summary>
        public List<(UrgentRun Run, Peer Peer)> UrgentShown { get; } = [];

        /// <summary>Entries by which it may grow now.</summary>
        public long Allowance { get; set; }

        public long AllowanceAt { get; set; }

        /// <summary>Somebody shows more than it may have.</summary>
        public bool OverQuota { get; set; }

        /// <summary>Entries to reach before this node has what others had when it started.</summary>
        public long Target { get; set; }
    }

    /// <summary>A run of entries that is asked for, or has come.</summary>
    private sealed class Segment(long from, long end)
    {
        public long From => from;

        public long End { get; set; } = end;

        /// <summary>Requests under way: one, or two when the first is slow.</summary>
        public List<Request> Asked { get; } = new(2);

        /// <summary>What came, or 0.</summary>
        public long Ready { get; set; }

        public Peer? Source { get; set; }

        public long Bytes { get; set; }
    }

    /// <summary>Another member's node.</summary>
    private sealed class Peer(string name)
    {
        private const long Unknown = -1;

        private long[] _sizes = [];
        private long[] _announced = [];
        private long[] _frozen = [];
        private long[] _held = [];

        public string Name => name;

        public bool Dialable { get; set; }

        public string Region { get; set; } = "";

        /// <summary>Whether it was heard lately and no request failed since.</summary>
        public bool Alive { get; set; }

        /// <summary>Whether it has answered since this node started.</summary>
        public bool Answered { get; set; }

        /// <summary>Whether it has shown all its heads since this node came to know the logs that it knows now.</summary>
        public bool ShownAll { get; set; }

        /// <summary>It has begun to show all its heads, and has more of them than go into one answer.</summary>
        public bool ShowingAll { get; set; }

        /// <summary>Answers in a row with as many heads as an answer can have.</summary>
        public int FullAnswers { get; set; }

        /// <summary>Whether it has failed to answer since then.</summary>
        public bool Attempted { get; set; }

        /// <summary>Whether it would have shown since the start if it held more of this node's own logs.</summary>
        public bool Witnessed { get; set; }

        /// <summary>Its storage takes nothing now.</summary>
        public bool Paused { get; set; }

        /// <summary>When all its heads were heard last.</summary>
        public long FullHeads { get; set; }

        public long Heard { get; set; } = long.MinValue;

        /// <summary>When it last answered a question for heads.</summary>
        public long Compared { get; set; }

        public int Failures { get; set; }

        public long NextAttempt { get; set; }

        /// <summary>When to ask it for its heads.</summary>
        public long HeadsDue { get; set; }

        public bool HeadsAsked { get; set; }

        public ulong Instance { get; set; }

        public long Version { get; set; }

        /// <summary>Whom it can reach, or null while it has not said.</summary>
        public HashSet<string>? Links { get; set; }

        /// <summary>Logs to announce to it, and not before when.</summary>
        public SortedDictionary<int, long> Announce { get; } = [];

        /// <summary>By log, the urgent runs that it was not yet sent.</summary>
        public SortedDictionary<int, List<UrgentRun>> Urgent { get; } = [];

        public int Pushes { get; set; }

        public int UrgentFetches { get; set; }

        public int Fetches { get; set; }

        /// <summary>It asked for a pause.</summary>
        public long BusyUntil { get; set; }

        /// <summary>What it shows is mostly not so: others' logs are not fetched from it before.</summary>
        public long DoubtedUntil { get; set; }

        /// <summary>Fetches in a row, of whatever logs, that brought nothing of what it showed, or nothing true.</summary>
        public int Disappointed { get; set; }

        /// <summary>How long a fetch takes, milliseconds, weighted towards the latest; 0: not known.</summary>
        public long FetchTime { get; set; }

        /// <summary>Bytes that a range of it should have, by how long the last ones took; 0: not known.</summary>
        public int RangeBytes { get; set; }

        /// <summary>By <see cref="Log.Key"/>.</summary>
        public SortedDictionary<int, LogBackoff> Backoffs { get; } = [];

        /// <summary>Entries of a log that it can give; of its outline those that count there.</summary>
        public long Has(Log log) => log.Of is null ? Math.Max(_sizes[log.Number], _held[log.Number]) : _sizes[log.Number];

        /// <summary>When a log may be fetched from it. Who else should have its own logs?</summary>
        public long FetchAfter(Log log) =>
            Math.Max(NextAttempt, Math.Max(BusyUntil, log.Owner == Name ? 0 : DoubtedUntil));

        public void Reserve(int logs)
        {
            var from = _sizes.Length;
            Array.Resize(ref _sizes, logs);
            Array.Resize(ref _announced, logs);
            Array.Resize(ref _frozen, logs);
            Array.Resize(ref _held, logs);
            Array.Fill(_sizes, Unknown, from, logs - from);
            Array.Fill(_announced, Unknown, from, logs - from);
            Array.Fill(_frozen, Unknown, from, logs - from);
        }

        /// <summary>Entries of a log that it showed last; -1: it showed none.</summary>
        public ref long Size(Log log) => ref _sizes[log.Number];

        /// <summary>Entries of a log that it said last to hold without a gap.</summary>
        public ref long Held(Log log) => ref _held[log.Number];

        /// <summary>The head that was last announced to it.</summary>
        public ref long Announced(Log log) => ref _announced[log.Number];

        /// <summary>Where it says the log is frozen; -1: nowhere.</summary>
        public ref long Frozen(Log log) => ref _frozen[log.Number];

        /// <summary>Another run of the node: what it showed before says nothing any more.</summary>
        public void Restarted()
        {
            Array.Fill(_sizes, Unknown);
            Array.Fill(_announced, Unknown);
            Array.Fill(_frozen, Unknown);
            Array.Clear(_held);
        }
    }
}
