using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationNode.Audit.Report;

/// <summary>The outcome of an audit. The number is the exit code of <c>fednode audit</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>0: everything that the roster names and anybody quotes was audited, and no rule is broken.</summary>
    Clean = 0,

    /// <summary>1: at least one rule is broken; see the findings of severity fault.</summary>
    Faults = 1,

    /// <summary>
    /// 2: no fault, but something could not be audited: no trust anchor, no roster, or a missing log.
    /// </summary>
    Incomplete = 2,
}

/// <summary>One copy of one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Source">Where the copy lies.</param>
/// <param name="Size">Entries under the signed checkpoint; null if no checkpoint could be verified.</param>
/// <param name="Root">Root over them, base64; null likewise.</param>
/// <param name="Vkey">The key that it was verified with, or null.</param>
/// <param name="Rebuilt">Whether the root was rebuilt from entries or hashes of this copy.</param>
/// <param name="Meaningful">Entries with a meaning.</param>
/// <param name="Erased">Entries whose erasure the log orders.</param>
/// <param name="Faults">Findings of severity fault in this copy.</param>
public sealed record LogRow(
    string Origin,
    string Source,
    long? Size,
    string? Root,
    string? Vkey,
    bool Rebuilt,
    long Meaningful,
    long Erased,
    int Faults);

/// <summary>
/// What one member acknowledged of one log. Lags are from a leaf's time of issue to the receipt. The time of issue
/// is the claim of the log's writer, in whole seconds; the time of receipt the claim of the receiver.
/// </summary>
/// <param name="Origin">The log.</param>
/// <param name="Member">The receiver.</param>
/// <param name="NewestSize">Largest size acknowledged; 0 if none was.</param>
/// <param name="Since">Earliest time stated for that size, unix milliseconds; null if none was acknowledged.</param>
/// <param name="Acknowledged">Entries of the audited copy that count and are acknowledged.</param>
/// <param name="NotAcknowledged">Those that count and are not.</param>
/// <param name="FirstNotAcknowledged">The first of these, or null if there are none.</param>
/// <param name="MedianLagMs">Median lag in milliseconds; null if no entry is acknowledged.</param>
/// <param name="WorstLagMs">Longest lag in milliseconds; null likewise.</param>
/// <param name="WorstIndex">The entry that it was measured on; null likewise.</param>
public sealed record ReceiptRow(
    string Origin,
    string Member,
    long NewestSize,
    long? Since,
    long Acknowledged,
    long NotAcknowledged,
    long? FirstNotAcknowledged,
    double? MedianLagMs,
    long? WorstLagMs,
    long? WorstIndex);

/// <summary>How far one member has carried out what one log orders to erase, by its own word.</summary>
/// <param name="Origin">The log with the orders.</param>
/// <param name="Member">The member.</param>
/// <param name="Orders">Orders to erase that count, in the copy believed.</param>
/// <param name="Acknowledged">Those that the member says it has carried out.</param>
/// <param name="At">When it says so of the newest of these, unix milliseconds; null if of none.</param>
/// <param name="FirstOpen">The first erase entry of which it does not say so; null if there is none.</param>
/// <param name="Late">
/// Orders that it had not acknowledged within the stated time after it held them, as far as its receipts log goes.
/// </param>
public sealed record ErasureRow(
    string Origin, string Member, int Orders, int Acknowledged, long? At, long? FirstOpen, int Late);

/// <summary>The roster in force at the end of the roster log.</summary>
/// <param name="Coalition">The coalition.</param>
/// <param name="Version">Its version; the chain from version 1 was walked.</param>
/// <param name="Issued">When it was made, unix seconds.</param>
/// <param name="Expires">When it should be replaced, unix seconds.</param>
/// <param name="Threshold">Secretariat keys needed to sign the next one.</param>
/// <param name="SecretariatKeys">Secretariat keys.</param>
/// <param name="Members">The members.</param>
public sealed record RosterSummary(
    string Coalition,
    int Version,
    long Issued,
    long Expires,
    int Threshold,
    int SecretariatKeys,
    IReadOnlyList<MemberSummary> Members);

/// <summary>One member.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status"><c>active</c>, <c>suspended</c> or <c>expelled</c>.</param>
/// <param name="Roles">Its roles.</param>
/// <param name="Logs">Origins of its logs.</param>
public sealed record MemberSummary(string Name, string Status, IReadOnlyList<string> Roles, IReadOnlyList<string> Logs);

/// <summary>
/// The merged view of the audited copies: compare the digests of two audits, or of an audit and a node.
/// </summary>
/// <param name="Digest">The view digest, docs/protocol.md section 8, in hexadecimal.</param>
/// <param name="Complete">
/// Whether every <c>indicators</c> log that the roster names went in, undamaged, as far as it counts, or is empty.
/// Otherwise the digest says nothing.
/// </param>
/// <param name="Entries">Entries that went in; those beyond the end of a log do not.</param>
/// <param name="Indicators">Indicators that anybody ever said something about.</param>
public sealed record ViewSummary(string Digest, bool Complete, long Entries, int Indicators);

/// <summary>A place that the audit read.</summary>
/// <param name="Place">The folder, absolute, or the address.</param>
/// <param name="Kind">What it is: one of the constants.</param>
/// <param name="Logs">Copies of logs that were taken from it.</param>
public sealed record AuditedPlace(string Place, string Kind, int Logs)
{
    /// <summary>Exported logs in a folder or below it.</summary>
    public const string Export = "export";

    /// <summary>An address: a node's local API, or an exported log on a web server.</summary>
    public const string Address = "address";

    /// <summary>The folder of a node that runs; its logs were read from its local API.</summary>
    public const string RunningNode = "running-node";

    /// <summary>The folder of a node that does not run; its logs were read from its database.</summary>
    public const string StoppedNode = "stopped-node";
}

/// <summary>Everything that an audit found.</summary>
public sealed record AuditReport
{
    private static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The outcome.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The outcome as exit code: 0 clean, 1 faults, 2 incomplete.</summary>
    public int ExitCode => (int)Verdict;

    /// <summary>What was read, if the caller says so.</summary>
    public IReadOnlyList<AuditedPlace> Places { get; init; } = [];

    /// <summary>The roster in force, or null if there is none.</summary>
    public required RosterSummary? Roster { get; init; }

    /// <summary>The logs, by origin, each copy in a row.</summary>
    public required IReadOnlyList<LogRow> Logs { get; init; }

    /// <summary>Who received what when: for each log that receipts are written for, each other member.</summary>
    public required IReadOnlyList<ReceiptRow> Receipts { get; init; }

    /// <summary>Who has carried out which orders to erase: for each log that has some, each member with a receipts log.</summary>
    public required IReadOnlyList<ErasureRow> Erasures { get; init; }

    /// <summary>The merged view.</summary>
    public required ViewSummary View { get; init; }

    /// <summary>The findings, the heaviest first, then by log and entry.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Who had which entry since when.</summary>
    [JsonIgnore]
    public ReceiptTimes ReceiptTimes { get; init; } = new();

    /// <summary>The report as JSON, for programs.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonForm);
}
