using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// The database of a stopped node as an auditor takes it: every log by itself, so that a damaged row becomes a finding
/// and the rest is audited all the same. Nothing is written.
/// </summary>
internal sealed class StoppedNodeLogs : IAsyncDisposable
{
    private readonly NodeFolder _folder;
    private readonly TrustAnchor _anchor;
    private readonly IReadOnlyList<SigningKey> _keys;
    private readonly AuditRows _rows;
    private readonly SortedDictionary<string, StoredLogOrDamage> _logs = new(StringComparer.Ordinal);
    private readonly RowFindings _findings;
    private readonly List<HeldClaim> _claims = [];
    private IReadOnlyList<ReadOnlyMemory<byte>> _rosters = [];
    private string? _receiptsLog;

    private StoppedNodeLogs(
        NodeFolder folder, TrustAnchor anchor, IReadOnlyList<SigningKey> keys, AuditRows rows)
    {
        _folder = folder;
        _anchor = anchor;
        _keys = keys;
        _rows = rows;
        _findings = new RowFindings(folder.Path);
    }

    /// <summary>The copies, and what the node's own records say of them.</summary>
    public NodeHoldings Holdings { get; private set; } = null!;

    /// <summary>What is damaged beside the rows that the audit of the logs reads.</summary>
    public IReadOnlyList<Finding> Findings => _findings.ToList();

    /// <summary>The folder's trust anchor.</summary>
    public TrustAnchor Anchor => _anchor;

    /// <summary>
    /// The receipts log that the row of receipts written goes with: the row says which, of several epochs. An earlier
    /// version's row says nothing, and goes with the first.
    /// </summary>
    private string? ReceiptsLog => _receiptsLog ?? OwnReceipts.MinBy(o => o.Epoch)?.Text;

    private IEnumerable<Origin> OwnReceipts => _keys
        .Select(k => Origin.TryParse(k.VerificationKey.Name, out var origin, out _) ? origin : null)
        .OfType<Origin>()
        .Where(o => o.Log == Origin.Receipts);

    /// <summary>Opens the database of a node that does not run.</summary>
    /// <exception cref="NodeFolderException">A file of the folder is missing or malformed.</exception>
    /// <exception cref="StorageException">The database cannot be opened.</exception>
    public static async Task<StoppedNodeLogs> OpenAsync(NodeFolder folder, CancellationToken cancel)
    {
        var config = folder.ReadConfig();
        var anchor = folder.ReadAnchor();
        var keys = NodeFolder.ReadKeys(folder.KeyFolder);
        var rows = await AuditRows.OpenAsync(folder.ReadStorage(config), cancel);
        var logs = new StoppedNodeLogs(folder, anchor, keys, rows);
        try
        {
            await logs.ReadAsync(config.Member, cancel);
            return logs;
        }
        catch
        {
            await logs.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }

        await _rows.DisposeAsync();
    }

    private async Task ReadAsync(string member, CancellationToken cancel)
    {
        foreach (var query in _rows.ChangedQueries)
        {
            _findings.Add(new Finding(
                Severity.Fault, FindingKind.QueryChanged, "", null,
                $"The row '{query}' of the table OrleansQuery is gone, or not as this program writes it: what the node "
                    + "wrote or read since may be wrong. The node writes it anew when it is started.",
                _folder.Path));
        }

        await OpenLogsAsync(cancel);
        await ReadRosterRowAsync();
        var receipted = await ReadReceiptsRowAsync(member);
        var others = new StoredRowSweep(_rows, _logs, KeyOf, new(_anchor.Coalition, member), _findings);
        await others.RunAsync(cancel);
        _claims.AddRange(others.Claims);
        Holdings = new NodeHoldings(
            member,
            _folder.Path,
            [.. _logs.Select(l => new StoppedLogSource(_folder.Path, l.Key, l.Value, KeyOf(l.Key)))],
            _claims,
            ReceiptsLog,
            receipted,
            _rosters)
        {
            Forks = others.Forks,
        };
    }

    private async Task OpenLogsAsync(CancellationToken cancel)
    {
        try
        {
            await foreach (var place in _rows.ListAsync(LogRowKind.Head, cancel))
            {
                if (place.IsOurs)
                {
                    _logs[place.Key] = await OpenLogAsync(place.Key);
                }
            }
        }
        catch (StorageException damage) when (damage.Fault == StorageFault.Corrupt)
        {
            _findings.AddDamage("", null, $"Not all logs could be found. {damage.Message}");
        }
    }

    private async Task<StoredLogOrDamage> OpenLogAsync(string origin)
    {
        try
        {
            var log = await StoredLog.LoadForAuditAsync(_rows, origin);
            if (log.Contradiction is not { } fault)
            {
                return new StoredLogOrDamage(log, null);
            }

            var contradiction = $"The stored row '{LogRowKind.Head}' of '{origin}' contradicts itself. {fault}";
            if (await MendAsync(origin, contradiction) is { } mended)
            {
                return mended;
            }

            AddHead(origin, FirstInDoubt(log), contradiction);
            return new StoredLogOrDamage(log, null);
        }
        catch (CorruptStateException e)
        {
            return await MendAsync(origin, e.Message) ?? new StoredLogOrDamage(null, e.Message);
        }
    }

    /// <summary>Where one byte was changed, the checksum tells which, and the log can be audited as it was.</summary>
    private async Task<StoredLogOrDamage?> MendAsync(string origin, string fault)
    {
        if (await StoredLog.LoadMendedAsync(_rows, origin) is not { } mended)
        {
            return null;
        }

        AddHead(origin, mended.Entry, $"{fault} By its checksum {mended.Finding}.");
        return new StoredLogOrDamage(mended.Log, null);
    }

    private void AddHead(string origin, long entry, string explanation) => _findings.Add(
        new Finding(Severity.Fault, FindingKind.HeadDamaged, origin, entry, explanation, _folder.Path));

    /// <summary>
    /// The entries that stand in the row itself are the first that nothing else vouches for; of them, the first that
    /// does not even fit its payload.
    /// </summary>
    private static long FirstInDoubt(StoredLog log)
    {
        var at = Array.FindIndex(log.Head.Tail, e => Leaf.TryDecode(e.Leaf, out var leaf, out _)
            ? e is { Salt: not null, Payload: not null } && !leaf.Opens(e.Salt, e.Payload)
            : e.Payload is not null);
        return log.FirstUnsealed + Math.Max(0, at);
    }

    /// <summary>The row is a copy of what the roster log says, from which the node starts: it says the same.</summary>
    private async Task ReadRosterRowAsync()
    {
        var origin = _anchor.RosterLogKey.Name;
        var exists = await _findings.TakeAsync<RosterRow>(_rows, RosterGrain.RowKind, _anchor.Coalition, origin, row =>
        {
            // Each is signed, so one that follows is good, whatever else is wrong with the row.
            _rosters = [.. (row.Chain ?? []).Where(n => n is not null).Select(n => (ReadOnlyMemory<byte>)n)];
            if (StoredRoster.FaultOf(row, _anchor, out _) is { } fault)
            {
                return fault;
            }

            _claims.Add(new HeldClaim(origin, row.LogRead, "the row of the roster in force"));
            return null;
        });
        if (!exists && _logs.Keys.Any(o => o != origin))
        {
            _findings.Add(new Finding(
                Severity.Fault, FindingKind.RowMissing, origin, 0,
                $"The stored row '{RosterGrain.RowKind}' of '{_anchor.Coalition}' is not there, without which the node "
                    + "could not have taken any other log.",
                _folder.Path));
        }
    }

    /// <summary>How far receipts were written; null if that cannot be told.</summary>
    private async Task<IReadOnlyDictionary<string, long>?> ReadReceiptsRowAsync(string member)
    {
        IReadOnlyDictionary<string, long>? receipted = null;
        var exists = await _findings.TakeAsync<ReceiptsRow>(
            _rows, ReceiptsGrain.RowKind, member, ReceiptsLog ?? "", row =>
            {
                receipted = row.Receipted;
                _receiptsLog = OwnReceipts.FirstOrDefault(o => o.Text == row.Log)?.Text;
                return receipted is null ? "a part of it is missing" : null;
            });
        return exists ? receipted : new Dictionary<string, long>();
    }

    private SigningKey? KeyOf(string origin) => _keys.FirstOrDefault(k => k.VerificationKey.Name == origin);
}

/// <summary>A log, or why its head row is none.</summary>
internal sealed record StoredLogOrDamage(StoredLog? Log, string? Damage);
