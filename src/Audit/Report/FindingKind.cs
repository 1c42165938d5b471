namespace FederationNode.Audit.Report;

/// <summary>The kinds of finding. The severity in brackets is the usual one.</summary>
public static class FindingKind
{
    /// <summary>The log has no checkpoint (fault).</summary>
    public const string CheckpointMissing = "checkpoint-missing";

    /// <summary>The checkpoint is not a signed note of three lines (fault).</summary>
    public const string CheckpointMalformed = "checkpoint-malformed";

    /// <summary>The log's key did not sign the checkpoint (fault).</summary>
    public const string CheckpointBadSignature = "checkpoint-bad-signature";

    /// <summary>A source that was asked for one log answered with another (fault).</summary>
    public const string CheckpointOtherLog = "checkpoint-other-log";

    /// <summary>The row that a stopped node keeps the log's head in is damaged (fault).</summary>
    public const string HeadDamaged = "head-damaged";

    /// <summary>
    /// A row of a node's database is damaged, and what is in it cannot be told entry by entry: a sealed row of a log,
    /// or a row that the node keeps beside its logs (fault).
    /// </summary>
    public const string RowDamaged = "row-damaged";

    /// <summary>
    /// A row that the node's other records speak of is not there (fault), or says less than they do (warning).
    /// </summary>
    public const string RowMissing = "row-missing";

    /// <summary>The database of a stopped node holds rows that no head leads to (warning).</summary>
    public const string RowUnreferenced = "row-unreferenced";

    /// <summary>The database of a stopped node holds a row that this program does not write (warning).</summary>
    public const string RowUnknown = "row-unknown";

    /// <summary>A statement by which a node reads or writes its rows was changed or taken away (fault).</summary>
    public const string QueryChanged = "query-changed";

    /// <summary>
    /// A stopped node keeps fewer entries of a log than it, or those who have the log from it, held before (fault).
    /// </summary>
    public const string LogRolledBack = "log-rolled-back";

    /// <summary>The file <c>vkey</c> of an export is not the key that the roster names (fault).</summary>
    public const string VkeyChanged = "vkey-changed";

    /// <summary>The roster names no such log (fault).</summary>
    public const string LogUnknownToRoster = "log-unknown-to-roster";

    /// <summary>Without a roster, the log's own <c>vkey</c> file was believed (warning).</summary>
    public const string KeyUnconfirmed = "key-unconfirmed";

    /// <summary>Neither the entries nor the hashes lead to the signed root (fault).</summary>
    public const string RootMismatch = "root-mismatch";

    /// <summary>An entry was changed: the hashes lead to the signed root, its bytes do not (fault).</summary>
    public const string LeafChanged = "leaf-changed";

    /// <summary>A hash was changed: the entries lead to the signed root, it does not (fault).</summary>
    public const string HashTileChanged = "hash-tile-changed";

    /// <summary>Entry and hash differ, and neither leads to the signed root (fault).</summary>
    public const string LeafOrTileChanged = "leaf-or-tile-changed";

    /// <summary>A tile or bundle is not there (fault).</summary>
    public const string TileMissing = "tile-missing";

    /// <summary>A hash tile has another length than its width asks for (fault).</summary>
    public const string TileMalformed = "tile-malformed";

    /// <summary>An entry bundle does not hold the entries that it should (fault).</summary>
    public const string BundleMalformed = "bundle-malformed";

    /// <summary>A payload tile is not the canonical MessagePack that it should be (fault).</summary>
    public const string PayloadsMalformed = "payloads-malformed";

    /// <summary>Salt and payload do not open the leaf's commitment, or the payload is too long (fault).</summary>
    public const string PayloadChanged = "payload-changed";

    /// <summary>
    /// There is no payload, and no entry of the log orders its erasure (fault), or only one beyond its end (gap).
    /// </summary>
    public const string PayloadMissing = "payload-missing";

    /// <summary>There is a payload beside a leaf that commits to none (fault).</summary>
    public const string PayloadUnexpected = "payload-unexpected";

    /// <summary>The payload is still there although an entry orders its erasure (warning).</summary>
    public const string ErasedPayloadPresent = "erased-payload-present";

    /// <summary>
    /// A member that holds an order to erase had not acknowledged it within the stated time, or did so late (warning).
    /// </summary>
    public const string ErasureLate = "erasure-late";

    /// <summary>
    /// A listing claims to last longer than the roster lets it, and ends sooner than it says (warning; info if it was
    /// issued before the roster in force and is within what holds by default).
    /// </summary>
    public const string ListingTooLong = "listing-too-long";

    /// <summary>The entry is in the log and does nothing (info).</summary>
    public const string EntryWithoutMeaning = "entry-without-meaning";

    /// <summary>The roster closed the log at another root than the log has there (fault).</summary>
    public const string ClosedLogDiffers = "closed-log-differs";

    /// <summary>The log goes on beyond the end that the roster set (warning).</summary>
    public const string EntriesBeyondEnd = "entries-beyond-end";

    /// <summary>
    /// The log's key signed a checkpoint beyond the end that the roster set (warning, with evidence).
    /// </summary>
    public const string CheckpointBeyondEnd = "checkpoint-beyond-end";

    /// <summary>
    /// Two signed heads of one log contradict each other, or a proof of that is kept (fault, with evidence).
    /// </summary>
    public const string Fork = "fork";

    /// <summary>What a node keeps as the proof of a fork proves none, or another one (fault).</summary>
    public const string ForkProofFalse = "fork-proof-false";

    /// <summary>Copies of a log could not be compared because the larger one is damaged (gap).</summary>
    public const string CopiesNotCompared = "copies-not-compared";

    /// <summary>
    /// A log named by the roster is not among the sources (gap if somebody quotes entries of it, else warning).
    /// </summary>
    public const string LogMissing = "log-missing";

    /// <summary>
    /// A log named by the roster is not among the sources, and nobody who would know has an entry of it (info).
    /// </summary>
    public const string LogEmpty = "log-empty";

    /// <summary>
    /// A receipt states a root that the log does not have at that size (fault of the receiver's log; warning if the log
    /// forked below).
    /// </summary>
    public const string ReceiptFalseRoot = "receipt-false-root";

    /// <summary>A receipt is for more entries than the copy at hand has (warning).</summary>
    public const string ReceiptBeyondLog = "receipt-beyond-log";

    /// <summary>A receipt is for fewer entries of a log than an earlier one by the same receiver (warning).</summary>
    public const string ReceiptSizeRegressed = "receipt-size-regressed";

    /// <summary>
    /// A heartbeat quotes a root that the log does not have at that size (fault of the quoting log; warning if the log
    /// forked below).
    /// </summary>
    public const string HeartbeatFalseRoot = "heartbeat-false-root";

    /// <summary>A heartbeat quotes more entries than the copy at hand has (warning).</summary>
    public const string HeartbeatBeyondLog = "heartbeat-beyond-log";

    /// <summary>Receipts or heartbeats name a log that the roster does not (warning).</summary>
    public const string StatementOfUnknownLog = "statement-of-unknown-log";

    /// <summary>Receipts or heartbeats of a log could not be checked: it is missing or damaged (gap).</summary>
    public const string StatementsUnchecked = "statements-unchecked";

    /// <summary>A roster document does not follow the one before it (fault).</summary>
    public const string RosterStepRefused = "roster-step-refused";

    /// <summary>The roster in force was logged again (info).</summary>
    public const string RosterRepeated = "roster-repeated";

    /// <summary>The roster gives the roster log another key than the trust anchor (fault).</summary>
    public const string RosterLogKeyDiffers = "roster-log-key-differs";

    /// <summary>The roster in force is past its expiry (warning).</summary>
    public const string RosterExpired = "roster-expired";

    /// <summary>A holder says that it evaluated more for a member on a day than a roster of that time allows (warning).</summary>
    public const string EvaluationsOverQuota = "evaluations-over-quota";

    /// <summary>A holder counts what a member asked for on a day under a key once more (warning).</summary>
    public const string EvaluationsRepeated = "evaluations-repeated";

    /// <summary>
    /// A holder counts what it evaluated for a member that no roster names, or with a key of which none gives it a share (warning).
    /// </summary>
    public const string EvaluationsUnknown = "evaluations-unknown";

    /// <summary>There is no roster: keys, members and missing logs cannot be told (gap).</summary>
    public const string RosterMissing = "roster-missing";

    /// <summary>There is no trust anchor (gap).</summary>
    public const string AnchorMissing = "anchor-missing";

    /// <summary>
    /// A file <c>coalition.json</c> is not, byte for byte, the trust anchor of the audit; without one, not the first of
    /// them (fault).
    /// </summary>
    public const string AnchorDiffers = "anchor-differs";

    /// <summary>A file <c>coalition.json</c> cannot be read, or none of them is a trust anchor (gap).</summary>
    public const string AnchorUnusable = "anchor-unusable";

    /// <summary>
    /// An address given to the audit shows no log, or something below a folder cannot be read (gap).
    /// </summary>
    public const string SourceUnreadable = "source-unreadable";

    /// <summary>
    /// There were more findings of this log than are listed (weighs as much as the heaviest left out).
    /// </summary>
    public const string MoreFindings = "more-findings";
}
