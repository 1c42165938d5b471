namespace FederationNode.Protocol.Replication;

/// <summary>How often, how patiently and how much a node talks to its peers. Times are in milliseconds.</summary>
public sealed record ReplicationOptions
{
    /// <summary>
    /// Mean time between two questions for a peer's heads; jittered by a fifth. A peer that asks and has the same heads
    /// is itself asked again only two such times after its last answer. Default 2,000.
    /// </summary>
    public long HeadsInterval { get; init; } = 2_000;

    /// <summary>How long an answer to a small request may take. Default 10,000.</summary>
    public long ExchangeTimeout { get; init; } = 10_000;

    /// <summary>How long fetching a range may take. Default 60,000.</summary>
    public long RangeTimeout { get; init; } = 60_000;

    /// <summary>Silence after which a link counts as dead. Default 6,000.</summary>
    public long LinkTimeout { get; init; } = 6_000;

    /// <summary>Wait after the first failure of a link or of a log at a peer; doubles each time. Default 1,000.</summary>
    public long MinBackoff { get; init; } = 1_000;

    /// <summary>Longest wait for a link. Default 30,000.</summary>
    public long MaxLinkBackoff { get; init; } = 30_000;

    /// <summary>Longest wait for a log at a peer that could not, or would not, give it. Default 600,000.</summary>
    public long MaxLogBackoff { get; init; } = 600_000;

    /// <summary>A fetch that takes longer is asked of a second peer too, once; more for peers known as slower. Default 300.</summary>
    public long HedgeAfter { get; init; } = 300;

    /// <summary>Most damaged rows that are fetched again at the same time. Default 2.</summary>
    public int MaxRepairs { get; init; } = 2;

    /// <summary>Most damaged rows that are remembered. Default 256.</summary>
    public int MaxDamagedRows { get; init; } = 256;

    /// <summary>Most entries in a range; ranges end at multiples of it. A multiple of 256. Default 4,096.</summary>
    public int RangeEntries { get; init; } = 4_096;

    /// <summary>
    /// Most bytes of entries after which a range ends: the credit that each fetch gives. Default 2 MiB.
    /// </summary>
    public int RangeBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>
    /// What the first range of a peer has at most; those after it are as large as its line allows. Default 256 KiB.
    /// </summary>
    public int FirstRangeBytes { get; init; } = 256 * 1024;

    /// <summary>What is asked for over the slowest line: 32 KiB in a minute are 4 kbit/s. Default 32 KiB.</summary>
    public int MinRangeBytes { get; init; } = 32 * 1024;

    /// <summary>
    /// Ranges that take longer become smaller, and larger if they take less than a quarter of it: a line far below
    /// <see cref="RangeBytes"/> in <see cref="RangeTimeout"/> must get on, too. Default 10,000.
    /// </summary>
    public long RangeTime { get; init; } = 10_000;

    /// <summary>Most fetches under way. Default 16.</summary>
    public int MaxFetches { get; init; } = 16;

    /// <summary>Most fetches under way at one peer. Default 4.</summary>
    public int MaxFetchesPerPeer { get; init; } = 4;

    /// <summary>Most fetches under way, or fetched and not yet stored, of one log. Default 6.</summary>
    public int MaxFetchesPerLog { get; init; } = 6;

    /// <summary>Logs of which more than <see cref="SmallGap"/> entries are missing that are fetched at the same time. Default 3.</summary>
    public int MaxBulkLogs { get; init; } = 3;

    /// <summary>A log that lacks at most this many entries does not count as bulk. Default 256.</summary>
    public long SmallGap { get; init; } = 256;

    /// <summary>
    /// Most bytes of ranges that are asked for, or fetched and not yet stored: credits that are out. Default 32 MiB.
    /// </summary>
    public long MaxCredit { get; init; } = 32L * 1024 * 1024;

    /// <summary>Most pushes under way to one peer. Default 4.</summary>
    public int MaxPushesPerPeer { get; init; } = 4;

    /// <summary>How many nodes forward a head to a member that its origin cannot reach. Default 3.</summary>
    public int Forwarders { get; init; } = 3;

    /// <summary>Longest time that a head waits before it is forwarded, in case the member gets it otherwise. Default 50.</summary>
    public long ForwardHold { get; init; } = 50;

    /// <summary>
    /// How long a node that cannot be dialled lets its question for heads be held back until there is news. Default
    /// 20,000.
    /// </summary>
    public int LongPoll { get; init; } = 20_000;

    /// <summary>Wait between the answer to a held question and the next question. Default 50.</summary>
    public long LongPollGap { get; init; } = 50;

    /// <summary>When heads still differ after this time, a peer's heads are heard anew, all of them. Default 30,000.</summary>
    public long FullHeadsInterval { get; init; } = 30_000;

    /// <summary>Most entries in an urgent run. Default 64.</summary>
    public int UrgentEntries { get; init; } = 64;

    /// <summary>Bytes of entries after which an urgent run ends. Default 16 KiB.</summary>
    public int UrgentBytes { get; init; } = 16 * 1024;

    /// <summary>Most urgent runs kept of one log above what is held without a gap. Default 1,024.</summary>
    public int MaxOverlayRuns { get; init; } = 1_024;

    /// <summary>
    /// Entries by which a foreign log may grow at once before it is not fetched any further. What more than a third of
    /// the other members hold is free. Default 4,000,000.
    /// </summary>
    public long QuotaBurst { get; init; } = 4_000_000;

    /// <summary>Entries a day by which that allowance is filled again. Default 4,000,000.</summary>
    public long QuotaPerDay { get; init; } = 4_000_000;

    /// <summary>Useless or wrong ranges in a row, of any logs, after which a peer is asked more rarely. Default 3.</summary>
    public int MaxDisappointments { get; init; } = 3;

    /// <summary>Nodes of a region that fetch a log in bulk across the region's border. Default 2.</summary>
    public int Gateways { get; init; } = 2;

    /// <summary>How long the others of the region wait for them. Default 5,000.</summary>
    public long GatewayGrace { get; init; } = 5_000;

    /// <summary>
    /// Whether a log of which much is missing is first fetched as an outline: all leaf hashes, and only the live entries
    /// whole; and its history behind that. Default: no.
    /// </summary>
    public bool Outlines { get; init; }

    /// <summary>A log that lacks at most this many entries needs no outline. Default 4,096.</summary>
    public long OutlineGap { get; init; } = 4_096;
}
