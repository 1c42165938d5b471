using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Audit.Logs;

/// <summary>What a receipt or heartbeat says about another log.</summary>
/// <param name="Index">The entry that says it.</param>
/// <param name="Head">The head that it names.</param>
/// <param name="Since">Unix milliseconds for a receipt; null for a heartbeat.</param>
internal readonly record struct Statement(long Index, LogHead Head, long? Since);

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

    public long Meaningful { get; private set; }

    public long Erased { get; set; }

    /// <summary>The counts without what they count, for a copy that is set aside.</summary>
    public LogContents CountsOnly() => new() { Meaningful = Meaningful, Erased = Erased };

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
            case RosterPayload roster:
                Rosters.Add((entry.Index, roster.Note));
                break;
            default:
                ViewEntries.Add(entry);
                break;
        }
    }
}
