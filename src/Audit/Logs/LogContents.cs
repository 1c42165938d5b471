using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Audit.Logs;

/// <summary>What a receipt or heartbeat says about another log.</summary>
/// <param name="Index">The entry that says it.</param>
/// <param name="Head">The head that it names.</param>
/// <param name="Since">Unix milliseconds for a receipt; null for a heartbeat.</param>
internal readonly record struct Statement(long Index, LogHead Head, long? Since);

/// <summary>That an entry of a log orders the erasure of an earlier one.</summary>
/// <param name="Index">The entry to be erased.</param>
/// <param name="By">The first entry that says so.</param>
/// <param name="IsDone">Whether the copy has no payload there.</param>
internal readonly record struct Erasure(long Index, long By, bool IsDone);

/// <summary>What the entries of one copy of a log mean.</summary>
internal sealed class LogContents
{
    public const long NotIssued = -1;

    /// <summary>For each entry the writer's time of issue in unix seconds, or -1 if the leaf is malformed.</summary>
    public List<long> Issued { get; } = [];

    /// <summary>Entries of an <c>indicators</c> log, for the view.</summary>
    public List<LogEntry> ViewEntries { get; } = [];

    /// <summary>Documents of a roster log.</summary>
    public List<(long Index, ReadOnlyMemory<byte> Note)> Rosters { get; } = [];

    /// <summary>Receipts and heartbeats.</summary>
    public List<Statement> Statements { get; } = [];

    /// <summary>How far the writer of a receipts log says it has carried out what other logs order to erase, each with its entry.</summary>
    public List<(long Index, CarriedOut Done)> CarriedOut { get; } = [];

    /// <summary>What the writer of a receipts log says it evaluated as a holder of keys for seller tags.</summary>
    public List<(long Index, EvaluationsPayload Said)> Evaluations { get; } = [];

    /// <summary>What is to be erased, by index. Where the log ends decides which of it counts.</summary>
    public List<Erasure> Erasures { get; private init; } = [];

    public long Meaningful { get; private set; }

    public long Erased { get; set; }

    /// <summary>
    /// The counts without what they count, for a copy that is set aside; what it should have erased is asked later.
    /// </summary>
    public LogContents CountsOnly() => new() { Meaningful = Meaningful, Erased = Erased, Erasures = Erasures };

    public void Take(LogEntry entry)
    {
        Meaningful++;
        switch (entry.Payload)
        {
            case ReceiptPayload receipt:
                Statements.AddRange(receipt.Held.Select(h => new Statement(entry.Index, h.Head, h.Since)));
                break;
            case HeartbeatPayload heartbeat:
                Statements.AddRange(heartbeat.Heads.Select(h => new Statement(entry.Index, h, null)));
                break;
            case ErasurePayload erasure:
                CarriedOut.AddRange(erasure.Done.Select(d => (entry.Index, d)));
                break;
            case EvaluationsPayload evaluations:
                Evaluations.Add((entry.Index, evaluations));
                break;
            case CeremonyPayload:
                // Its outcome is a key in a roster, which the roster's own rules are for.
                break;
            case RosterPayload roster:
                Rosters.Add((entry.Index, roster.Note));
                break;
            default:
                ViewEntries.Add(entry);
                break;
        }
    }
}
