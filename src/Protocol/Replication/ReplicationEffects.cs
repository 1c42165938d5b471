namespace FederationNode.Protocol.Replication;

/// <summary>Something that the <see cref="Replicator"/> wants done.</summary>
public abstract record ReplicationEffect;

/// <summary>A request to a peer. It ends with exactly one event that names its id, in its time at the latest.</summary>
/// <param name="Id">Tells requests apart.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Timeout">Milliseconds after which it has failed.</param>
public abstract record PeerRequest(long Id, string Peer, long Timeout) : ReplicationEffect;

/// <summary>Ask for the peer's heads. Ends with <see cref="HeadsAnswered"/> or <see cref="RequestFailed"/>.</summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Timeout">Milliseconds.</param>
/// <param name="Question">The question, still without checkpoints.</param>
/// <param name="Lagging">Logs of the peer's own whose checkpoints go with it, as far as they are held.</param>
public sealed record AskHeads(long Id, string Peer, long Timeout, HeadsQuestion Question, IReadOnlyList<string> Lagging)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// Send the newest head of a log, with the entries from what the peer seems to have, if they are small. If they are
/// not: with the urgent run alone, if there is one; in <paramref name="Bulk"/> with as many as a push may carry; else
/// the head alone. Ends with <see cref="PushAnswered"/> or <see cref="RequestFailed"/>.
/// </summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">Whom to send it to.</param>
/// <param name="Timeout">Milliseconds.</param>
/// <param name="Origin">The log.</param>
/// <param name="PeerSize">What the peer seems to hold without a gap, or -1.</param>
/// <param name="Urgent">Entries that the peer should not wait for, or null.</param>
/// <param name="Bulk">The peer cannot fetch from here: this node is not to be dialled.</param>
public sealed record PushHead(
    long Id, string Peer, long Timeout, string Origin, long PeerSize, UrgentRun? Urgent = null, bool Bulk = false)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>Send the fork proof of a log. Ends like <see cref="PushHead"/>.</summary>
public sealed record PushFork(long Id, string Peer, long Timeout, string Origin) : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// Fetch entries, verify them by themselves, and keep them until <see cref="StoreRange"/> or <see cref="DropRange"/>. A
/// peer that has fewer than <c>From</c> answers with its checkpoint alone, and no entries from where it ends.
/// Ends with <see cref="RangeFetched"/> or <see cref="RequestFailed"/>.
/// </summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Timeout">Milliseconds.</param>
/// <param name="Origin">The log.</param>
/// <param name="From">First entry wanted.</param>
/// <param name="MaxEntries">Most entries wanted.</param>
/// <param name="MaxBytes">Bytes of entries after which the peer stops.</param>
/// <param name="Urgent">It must not wait behind bulk: it goes over the connection for control.</param>
public sealed record FetchRange(
    long Id, string Peer, long Timeout, string Origin, long From, int MaxEntries, int MaxBytes, bool Urgent = false)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>Hand a fetched range to its log. Ends with <see cref="RangeStored"/>; the range is still kept.</summary>
public sealed record StoreRange(long Id, string Origin) : ReplicationEffect;

/// <summary>
/// Fetch a part of a log's outline: all leaf hashes, the live entries whole. Verify it by itself, and keep it until
/// <see cref="StoreOutline"/> or <see cref="DropRange"/>. Ends with <see cref="RangeFetched"/> or
/// <see cref="RequestFailed"/>.
/// </summary>
/// <inheritdoc cref="FetchRange"/>
public sealed record FetchOutline(
    long Id, string Peer, long Timeout, string Origin, long From, int MaxEntries, int MaxBytes)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// Hand a fetched part of an outline to its log. Ends with <see cref="RangeStored"/>; the part is still kept.
/// </summary>
/// <param name="Id">The request that brought it.</param>
/// <param name="Peer">Who gave it.</param>
/// <param name="Origin">The log.</param>
public sealed record StoreOutline(long Id, string Peer, string Origin) : ReplicationEffect;

/// <summary>Ask a peer which of a log's entries are live, as a digest, and compare it with what the outline here says.</summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Timeout">Milliseconds.</param>
/// <param name="Origin">The log.</param>
/// <param name="Size">Where the log is thought to end.</param>
public sealed record CompareOutline(long Id, string Peer, long Timeout, string Origin, long Size)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// Forget the outline of a log: all its entries are held, or those of a fork are in it. Ends with
/// <see cref="OutlineMoved"/>; if the storage does not take it, it is said again when the storage takes anything.
/// </summary>
public sealed record DropOutline(string Origin) : ReplicationEffect;

/// <summary>
/// Fetch the entries of a damaged row, in as many ranges as it takes, verify each by itself, and keep them until
/// <see cref="StoreRepair"/> or <see cref="DropRange"/>. Ends with <see cref="RepairFetched"/> or
/// <see cref="RequestFailed"/>.
/// </summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Timeout">Milliseconds.</param>
/// <param name="Origin">The log.</param>
/// <param name="From">First entry of the row.</param>
/// <param name="End">The entry behind its last one.</param>
public sealed record FetchRepair(long Id, string Peer, long Timeout, string Origin, long From, long End)
    : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// Hand the entries of a damaged row to their log, and forget them. Ends with <see cref="RepairStored"/>.
/// </summary>
/// <param name="Id">The request that brought them.</param>
/// <param name="Peer">Who gave them.</param>
/// <param name="Origin">The log.</param>
/// <param name="From">First entry of the row.</param>
public sealed record StoreRepair(long Id, string Peer, string Origin, long From) : ReplicationEffect;

/// <summary>Make a damaged tile of a log again, out of the rows below it. Ends with <see cref="RepairStored"/>.</summary>
/// <param name="Id">Tells it apart.</param>
/// <param name="Origin">The log.</param>
/// <param name="Level">The tile's level, from 1 on.</param>
/// <param name="From">The first entry below it.</param>
public sealed record RepairTile(long Id, string Origin, int Level, long From) : ReplicationEffect;

/// <summary>Forget a fetched range, or break the request off; no event follows any more.</summary>
public sealed record DropRange(long Id) : ReplicationEffect;

/// <summary>
/// Find out with <see cref="ForkSearch"/> where the peer's branch of a log parts from the one held, and store the proof.
/// Ends with <see cref="ForkAnswered"/> or <see cref="RequestFailed"/>.
/// </summary>
/// <param name="Id">The request.</param>
/// <param name="Peer">The peer.</param>
/// <param name="Timeout">Milliseconds for each single question.</param>
/// <param name="Origin">The log.</param>
/// <param name="Size">Both branches have at least this many entries.</param>
public sealed record SearchFork(long Id, string Peer, long Timeout, string Origin, long Size) : PeerRequest(Id, Peer, Timeout);

/// <summary>Fetch the peer's fork proof of a log, verify and store it. Ends like <see cref="SearchFork"/>.</summary>
public sealed record FetchFork(long Id, string Peer, long Timeout, string Origin) : PeerRequest(Id, Peer, Timeout);

/// <summary>
/// An own log may sign: enough peers were asked, and none holds more of it than this node. Until then an own log takes
/// no entries, for a backup may have been restored.
/// </summary>
public sealed record ConfirmLog(string Origin) : ReplicationEffect;

/// <summary>
/// All that others were seen to hold when this node started is held here too. Said once. When nobody could be asked, it
/// is said of what was held at the start.
/// </summary>
public sealed record CaughtUp : ReplicationEffect;

/// <summary>Write down how long to leave a peer alone, so that a node that restarts often does not hammer it.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Failures">Failed exchanges since the last one that worked.</param>
/// <param name="Until">Not before this time.</param>
/// <param name="Logs">Logs that it could not or would not give.</param>
public sealed record SaveBackoff(string Peer, int Failures, long Until, IReadOnlyList<LogBackoff> Logs) : ReplicationEffect;

/// <summary>A log that a peer is not asked for, for a while.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Reason">Why the last request failed.</param>
/// <param name="Failures">How often in a row.</param>
/// <param name="Until">Not before this time.</param>
public sealed record LogBackoff(string Origin, RequestFault Reason, int Failures, long Until);

/// <summary>Something that operators should know of, for the node's log and its counters.</summary>
/// <param name="Kind">What.</param>
/// <param name="Peer">The peer that it is about.</param>
/// <param name="Origin">The log, or null if it is about the link.</param>
public sealed record Noted(Note Kind, string Peer, string? Origin) : ReplicationEffect;

/// <summary>What can be noted of a peer.</summary>
public enum Note
{
    /// <summary>It answers again.</summary>
    Reachable,

    /// <summary>It no longer answers.</summary>
    OutOfReach,

    /// <summary>It sent something malformed or wrong.</summary>
    BadContent,

    /// <summary>It shows a head whose entries it does not give.</summary>
    Withholds,

    /// <summary>It shows another branch of a log.</summary>
    OtherBranch,

    /// <summary>Its log grows faster than its quota: what is beyond it is not fetched for now.</summary>
    OverQuota,

    /// <summary>It takes nothing now: its storage is full or failing.</summary>
    Paused,

    /// <summary>It takes entries again.</summary>
    Resumed,

    /// <summary>It holds more of this node's own log than this node: an old backup was restored here.</summary>
    HoldsMoreOfOurs,

    /// <summary>It says that other entries of a log are live than an outline does, which others may have given.</summary>
    OtherLive,

    /// <summary>It gave an outline that left out live entries, as the whole log shows.</summary>
    HidesLive,
}
