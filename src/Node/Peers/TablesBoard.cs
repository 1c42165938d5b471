using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FederationNode.Grains;
using FederationNode.Protocol;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Peers;

/// <summary>What a peer said last of its text tables.</summary>
/// <param name="Verdict">What that comes to.</param>
/// <param name="Hash">The hash that it named, or all zeros.</param>
public sealed record PeerTables(TablesVerdict Verdict, Hash256 Hash);

/// <summary>
/// What the peers say of their text tables, for the status, the log and a meter (<c>fednode.peer.text_tables</c>). It
/// decides nothing: logs replicate whatever is said, since entries are signed bytes. Only names that the roster vouches
/// for come here, so it stays as small as the coalition. Safe from any thread.
/// </summary>
public sealed partial class TablesBoard(
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock, ILogger<TablesBoard> logger)
{
    /// <summary>A peer that says something else each time fills no log: one line a minute at most.</summary>
    private static readonly TimeSpan s_logPause = TimeSpan.FromMinutes(1);

    private static readonly Meter s_meter = new("FederationNode.Peers");
    private static readonly Counter<long> s_statements = s_meter.CreateCounter<long>(
        "fednode.peer.text_tables", "{exchange}", "Exchanges of heads, by peer and what it said of its text tables.");

    private readonly ConcurrentDictionary<string, Row> _rows = new(StringComparer.Ordinal);

    /// <summary>What a peer said last, or null before the first exchange.</summary>
    public PeerTables? Get(string member) => _rows.TryGetValue(member, out var row) ? row.Said : null;

    /// <summary>The word for a verdict in the status and in meters.</summary>
    public static string Word(TablesVerdict verdict) => verdict switch
    {
        TablesVerdict.Same => "same",
        TablesVerdict.Other => "other",
        TablesVerdict.Malformed => "malformed",
        _ => "none",
    };

    /// <summary>Takes what a peer sent with its heads or its question for them.</summary>
    /// <param name="member">The peer, by its TLS key.</param>
    /// <param name="statement">The value of <see cref="TablesStatement.Header"/>, or null if it sent none.</param>
    public void Take(string member, string? statement)
    {
        var said = new PeerTables(TablesStatement.Read(statement, out var hash), hash);
        s_statements.Add(1, new KeyValuePair<string, object?>("peer", member), new("tables", Word(said.Verdict)));
        var row = _rows.GetOrAdd(member, _ => new Row());
        lock (row)
        {
            row.Said = said;
            if (said == row.Logged || (row.Logged is not null && clock.GetElapsedTime(row.LoggedAt) < s_logPause))
            {
                return;
            }

            (row.Logged, row.LoggedAt) = (said, clock.GetTimestamp());
        }

        Log(member, said);
    }

    private void Log(string member, PeerTables said)
    {
        switch (said.Verdict)
        {
            case TablesVerdict.Same:
                LogSame(member);
                break;
            case TablesVerdict.Other:
                LogOther(member, said.Hash, Wlnorm.TableHash);
                break;
            case TablesVerdict.Malformed:
                LogMalformed(member, TablesStatement.Header);
                break;
            default:
                LogNone(member);
                break;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Member} has the same text tables as this node.")]
    private partial void LogSame(string member);

    [LoggerMessage(2, LogLevel.Warning, "{Member} has other text tables, {Theirs} and not {Ours}: keywords may have other ids there and be found in other texts. Logs replicate as ever. One of the two programs was changed: compare their versions.")]
    private partial void LogOther(string member, Hash256 theirs, Hash256 ours);

    [LoggerMessage(3, LogLevel.Warning, "What {Member} says of its text tables in the header {Header} cannot be read. Logs replicate as ever.")]
    private partial void LogMalformed(string member, string header);

    [LoggerMessage(4, LogLevel.Information, "{Member} does not say which text tables it has.")]
    private partial void LogNone(string member);

    /// <summary>Guarded by a lock on itself, but for the reading of what was said.</summary>
    private sealed class Row
    {
        private volatile PeerTables? _said;

        public PeerTables? Said
        {
            get => _said;
            set => _said = value;
        }

        public PeerTables? Logged { get; set; }

        public long LoggedAt { get; set; }
    }
}
