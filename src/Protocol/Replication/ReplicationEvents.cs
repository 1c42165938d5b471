namespace FederationNode.Protocol.Replication;

/// <summary>Something that happened to a node and that its <see cref="Replicator"/> must know.</summary>
public abstract record ReplicationEvent;

/// <summary>Another member's node.</summary>
/// <param name="Name">The member.</param>
/// <param name="Dialable">Whether the roster names an address for it.</param>
/// <param name="Region">Where it is, a code; empty: not said.</param>
public sealed record PeerInfo(string Name, bool Dialable, string Region = "");

/// <summary>A log that the roster names.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Owner">The member that writes it.</param>
/// <param name="Lazy">Whether it is left to the comparison of heads, and not announced at once.</param>
/// <param name="ClosedAt">Where the roster closed it, or null.</param>
/// <param name="HasOutline">Whether some of its entries can be dead, so that an outline of it is worth something.</param>
public sealed record LogInfo(
    string Origin, string Owner, bool Lazy = false, long? ClosedAt = null, bool HasOutline = false);

/// <summary>The roster in force names these active peers, without this node itself, and these logs.</summary>
/// <param name="Peers">The peers.</param>
/// <param name="Logs">The logs.</param>
/// <param name="Region">Where this node is; empty: not said.</param>
/// <param name="Dialable">Whether others can dial this node. If not, it holds questions open and pushes in bulk.</param>
/// <param name="Provisional">
/// No roster was received yet: these are whom the trust anchor names. Own logs do not sign, and nothing is caught up.
/// </param>
public sealed record RosterTaken(
    IReadOnlyList<PeerInfo> Peers,
    IReadOnlyList<LogInfo> Logs,
    string Region = "",
    bool Dialable = true,
    bool Provisional = false) : ReplicationEvent;

/// <summary>What is durable of a log. Also said once for each log at the start.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Held">Verified entries without a gap.</param>
/// <param name="HeadSize">Size of the newest signed checkpoint of which all entries are held.</param>
/// <param name="HeadRoot">Its root.</param>
/// <param name="FrozenAt">Entries that count, if a fork was proven; otherwise null.</param>
/// <param name="Urgent">Those of an own log's new entries that are not to wait for others before them, or null.</param>
public sealed record LogMoved(
    string Origin,
    long Held,
    long HeadSize,
    Hash256 HeadRoot,
    long? FrozenAt = null,
    UrgentRun? Urgent = null) : ReplicationEvent;

/// <summary>What is durable of a log's outline. Also said once for each outline at the start.</summary>
/// <param name="Origin">The log.</param>
/// <param name="End">Its entries are known below this, the live ones whole; 0: nothing is kept.</param>
/// <param name="AsOf">
/// Nobody who gave a part of it knew of more entries than this. Only when <paramref name="End"/> has come so far is it
/// certain that no entry is missing because a later one took its place.
/// </param>
public sealed record OutlineMoved(string Origin, long End, long AsOf) : ReplicationEvent;

/// <summary>A <see cref="CompareOutline"/> ended.</summary>
/// <param name="Id">The request.</param>
/// <param name="IsSame">Whether the same entries are live at the peer.</param>
public sealed record OutlineCompared(long Id, bool IsSame) : ReplicationEvent;

/// <summary>A peer answered <see cref="AskHeads"/>.</summary>
/// <param name="Id">The request.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Proven">Sizes of own logs under the checkpoints in it, whose signatures are good.</param>
public sealed record HeadsAnswered(long Id, HeadsAnswer Answer, IReadOnlyList<LogSize> Proven) : ReplicationEvent;

/// <summary>A peer answered <see cref="PushHead"/> or <see cref="PushFork"/>.</summary>
/// <param name="Id">The request.</param>
/// <param name="Size">What the peer says to hold of that log, up to a signed checkpoint.</param>
/// <param name="Held">What it says to hold without a gap; above <paramref name="Size"/> in the middle of a transfer.</param>
public sealed record PushAnswered(long Id, long Size, long Held) : ReplicationEvent;

/// <summary>
/// A peer answered <see cref="FetchRange"/> or <see cref="FetchOutline"/>, and the answer is verified by itself.
/// </summary>
/// <param name="Id">The request.</param>
/// <param name="Entries">How many entries came, from the first one asked for on.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="HeadSize">
/// Size of the checkpoint that came with them; of an outline, entries that the peer knew of when it said who is live.
/// </param>
public sealed record RangeFetched(long Id, int Entries, long Bytes, long HeadSize) : ReplicationEvent;

/// <summary>A range was handed to its log. <see cref="LogMoved"/> was said before, if the log grew.</summary>
public sealed record RangeStored(long Id, StoreOutcome Outcome) : ReplicationEvent;

/// <summary>What a log made of a range.</summary>
public enum StoreOutcome
{
    /// <summary>The log grew, or everything was there.</summary>
    Stored,

    /// <summary>It is of another branch than the one held.</summary>
    Contradicts,

    /// <summary>The storage takes nothing now.</summary>
    Unavailable,

    /// <summary>The log takes nothing more: the roster closed it, or no longer names it.</summary>
    Closed,
}

/// <summary>
/// A sealed row of a log is damaged: what is in it counts as held, and cannot be read. Entries are fetched again; a tile,
/// which only sums up other rows, is made again out of these.
/// </summary>
/// <param name="Origin">The log.</param>
/// <param name="From">The first entry of the row.</param>
/// <param name="End">The entry behind its last one.</param>
/// <param name="Level">0 for entries, from 1 on for a tile.</param>
public sealed record RowDamaged(string Origin, long From, long End, int Level = 0) : ReplicationEvent;

/// <summary>A peer gave what <see cref="FetchRepair"/> asked for, and it is verified by itself.</summary>
public sealed record RepairFetched(long Id) : ReplicationEvent;

/// <summary>A <see cref="StoreRepair"/> or <see cref="RepairTile"/> ended.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Outcome">What became of the row.</param>
public sealed record RepairStored(long Id, RepairOutcome Outcome) : ReplicationEvent;

/// <summary>What a log made of entries for a damaged row.</summary>
public enum RepairOutcome
{
    /// <summary>The row was written anew.</summary>
    Repaired,

    /// <summary>The row is sound: somebody else has mended it.</summary>
    Sound,

    /// <summary>They are not the entries that the tree held here names: the peer is on another branch.</summary>
    Contradicts,

    /// <summary>A payload is lacking that nobody has ordered to be erased.</summary>
    Incomplete,

    /// <summary>The storage, or another row that is needed, cannot be used now.</summary>
    Unavailable,

    /// <summary>
    /// There is no such row, or it cannot be written anew: the database does not let it, or rows below a tile are gone.
    /// Only a copy helps.
    /// </summary>
    Lost,
}

/// <summary>A request came to nothing.</summary>
public sealed record RequestFailed(long Id, RequestFault Fault) : ReplicationEvent;

/// <summary>Why a request came to nothing.</summary>
public enum RequestFault
{
    /// <summary>No answer: no connection, or not in time.</summary>
    Unreachable,

    /// <summary>The peer asks to come again later.</summary>
    Busy,

    /// <summary>The peer does not have what it was asked for.</summary>
    NotHeld,

    /// <summary>The peer refused; asking the same again is of no use for now.</summary>
    Refused,

    /// <summary>What came is malformed, too large, or does not verify: the peer is to blame.</summary>
    Bad,

    /// <summary>What came is of another branch of the log than the one held.</summary>
    OtherBranch,
}

/// <summary>A peer asked for the heads of this node: it is alive.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Current">Whether it has read this run's heads before, so that it would know if this node lagged.</param>
/// <param name="Proven">Sizes of own logs under the checkpoints that came with the question; signatures are good.</param>
/// <param name="Digest">The digest of the peer's heads.</param>
public sealed record PeerAsked(
    string Member, bool Current, IReadOnlyList<LogSize> Proven, Hash256 Digest = default) : ReplicationEvent;

/// <summary>A checkpoint of an own log with a good signature was seen by other ways than with heads.</summary>
public sealed record OwnHeadSeen(LogSize Head, string Member) : ReplicationEvent;

/// <summary>Urgent entries of a foreign log are verified, and kept above what is held without a gap.</summary>
public sealed record UrgentHeld(UrgentRun Run) : ReplicationEvent;

/// <summary>A peer pushed a head whose signature is good.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Origin">The log.</param>
/// <param name="Size">How much of the log it says to hold; less than the head's size if it passes on an urgent run alone.</param>
public sealed record HeadPushed(string Member, string Origin, long Size) : ReplicationEvent;

/// <summary>A <see cref="SearchFork"/> or <see cref="FetchFork"/> ended. <see cref="LogMoved"/> was said before, if a fork was proven.</summary>
/// <param name="Id">The request.</param>
/// <param name="Found">Whether it brought a proof that holds.</param>
public sealed record ForkAnswered(long Id, bool Found) : ReplicationEvent;

/// <summary>The storage stopped taking anything, or takes it again.</summary>
public sealed record StorageChanged(bool Paused) : ReplicationEvent;

/// <summary>
/// All that the database remembers, as one event: told one by one, a question could go out to a peer whose wait is only
/// told afterwards.
/// </summary>
/// <param name="Roster">The roster in force.</param>
/// <param name="Logs">What is held of each log.</param>
/// <param name="Backoffs">The waits of peers that failed before.</param>
/// <param name="Paused">Whether the storage takes nothing.</param>
/// <param name="Outlines">What is kept of outlines.</param>
public sealed record Started(
    RosterTaken Roster,
    IReadOnlyList<LogMoved> Logs,
    IReadOnlyList<PeerBackoff> Backoffs,
    bool Paused,
    IReadOnlyList<OutlineMoved>? Outlines = null) : ReplicationEvent;

/// <summary>What is remembered of a peer over a restart.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Failures">Failed exchanges in a row.</param>
/// <param name="Until">When it may be asked again.</param>
/// <param name="Logs">Logs that it could not give.</param>
public sealed record PeerBackoff(string Member, int Failures, long Until, IReadOnlyList<LogBackoff> Logs);

/// <summary>Time has passed: see <see cref="Replicator.NextDue"/>.</summary>
public sealed record Tick : ReplicationEvent;
