using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
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
    private readonly OfflineStorage _storage;
    private readonly List<Finding> _findings = [];
    private readonly List<HeldClaim> _claims = [];
    private IReadOnlyList<ReadOnlyMemory<byte>> _rosters = [];

    private StoppedNodeLogs(
        NodeFolder folder, TrustAnchor anchor, IReadOnlyList<SigningKey> keys, OfflineStorage storage)
    {
        _folder = folder;
        _anchor = anchor;
        _keys = keys;
        _storage = storage;
    }

    /// <summary>The copies, and what the node's own records say of them.</summary>
    public NodeHoldings Holdings { get; private set; } = null!;

    /// <summary>What is damaged beside the logs' own rows.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>The folder's trust anchor.</summary>
    public TrustAnchor Anchor => _anchor;

    private RowStore Rows => _storage.Rows;

    private string? ReceiptsLog => _keys.Select(k => k.VerificationKey.Name).FirstOrDefault(
        o => Origin.TryParse(o, out var origin, out _) && origin.Log == Origin.Receipts);

    /// <summary>Opens the database of a node that does not run.</summary>
    /// <exception cref="NodeFolderException">A file of the folder is missing or malformed.</exception>
    /// <exception cref="StorageException">The database cannot be opened.</exception>
    public static async Task<StoppedNodeLogs> OpenAsync(NodeFolder folder, CancellationToken cancel)
    {
        var config = folder.ReadConfig();
        var anchor = folder.ReadAnchor();
        var keys = NodeFolder.ReadKeys(folder.KeyFolder);
        var storage = await OfflineStorage.OpenAsync(folder.ReadStorage(config), cancel);
        var logs = new StoppedNodeLogs(folder, anchor, keys, storage);
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

        await _storage.DisposeAsync();
    }

    private async Task ReadAsync(string member, CancellationToken cancel)
    {
        await ReadRequestRowsAsync(cancel);
        var receipted = await ReadReceiptsRowAsync(member);
        var copies = new List<ILogSource>();
        await foreach (var origin in Rows.ListKeysAsync(LogRowKind.Head, cancel))
        {
            copies.Add(new StoppedLogSource(_folder.Path, origin, await OpenLogAsync(origin), KeyOf(origin)));
        }

        await ReadRosterRowAsync(copies);
        Holdings = new NodeHoldings(member, _folder.Path, copies, _claims, ReceiptsLog, receipted, _rosters);
    }

    private async Task<StoredLogOrDamage> OpenLogAsync(string origin)
    {
        try
        {
            var log = await StoredLog.LoadForAuditAsync(Rows, origin);
            if (log.Contradiction is { } fault)
            {
                // The entries that stand in the row itself are the first that nothing else vouches for.
                _findings.Add(new Finding(
                    Severity.Fault, FindingKind.HeadDamaged, origin, Math.Max(0, log.Size - log.Head.Tail.Length),
                    $"The stored row '{LogRowKind.Head}' of '{origin}' contradicts itself. {fault}", _folder.Path));
            }

            return new StoredLogOrDamage(log, null);
        }
        catch (Exception e) when (e is InvalidDataException or CorruptStateException)
        {
            return new StoredLogOrDamage(null, e.Message);
        }
    }

    /// <summary>The row is a copy of what the roster log says, from which the node starts: it must say the same.</summary>
    private async Task ReadRosterRowAsync(List<ILogSource> copies)
    {
        var origin = _anchor.RosterLogKey.Name;
        var exists = await TakeRowAsync<RosterRow>(RosterGrain.RowKind, _anchor.Coalition, origin, row =>
        {
            if (row.Chain?.All(n => n is not null) != true || row.Note is null)
            {
                return "A part of it is missing.";
            }

            var newest = row.Chain.Length == 0 ? [] : row.Chain[^1];
            if (!row.Note.AsSpan().SequenceEqual(newest))
            {
                return "The roster in force is not the newest of its chain.";
            }

            _claims.Add(new HeldClaim(origin, row.LogRead, "the row of the roster in force"));
            _rosters = [.. row.Chain.Select(n => (ReadOnlyMemory<byte>)n)];
            return RosterChain.TryWalk(_rosters, _anchor, out _, out var error)
                ? null
                : $"Its chain does not follow from the trust anchor: {error}";
        });
        if (!exists && copies.Any(c => c.Origin != origin))
        {
            NoteRow(origin, $"The stored row '{RosterGrain.RowKind}' of '{_anchor.Coalition}' is missing, without which "
                + "the node could not have taken any other log.");
        }
    }

    /// <summary>A request has a row of its own only after its entries were written.</summary>
    private async Task ReadRequestRowsAsync(CancellationToken cancel)
    {
        var ends = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await foreach (var key in Rows.ListKeysAsync(LogRowKind.Request, cancel))
        {
            var origin = key[..Math.Max(0, key.IndexOf('|', StringComparison.Ordinal))];
            await TakeRowAsync<RequestRow>(LogRowKind.Request, key, origin, row =>
            {
                if (row is not { Key.Length: Hash256.Size, Content.Length: Hash256.Size, First: >= 0, Count: > 0 })
                {
                    return "A part of it is missing or out of range.";
                }

                ends[origin] = Math.Max(ends.GetValueOrDefault(origin), row.First + row.Count);
                return null;
            });
        }

        _claims.AddRange(ends.Select(e => new HeldClaim(e.Key, e.Value, "the row of an answered request")));
    }

    private async Task<IReadOnlyDictionary<string, long>> ReadReceiptsRowAsync(string member)
    {
        IReadOnlyDictionary<string, long> receipted = new Dictionary<string, long>();
        await TakeRowAsync<ReceiptsRow>(ReceiptsGrain.RowKind, member, ReceiptsLog ?? "", row =>
        {
            receipted = row.Receipted ?? receipted;
            return row.Receipted is null ? "A part of it is missing." : null;
        });
        return receipted;
    }

    /// <summary>Reads a row, and notes it if it is damaged. Returns whether there is one.</summary>
    private async Task<bool> TakeRowAsync<T>(string kind, string key, string origin, Func<T, string?> take)
        where T : class
    {
        try
        {
            var row = await Rows.ReadAsync<T>(kind, key);
            if (row is not null && take(row.Value) is { } fault)
            {
                NoteRow(origin, $"The stored row '{kind}' of '{key}' is damaged. {fault}");
            }

            return row is not null;
        }
        catch (CorruptStateException e)
        {
            NoteRow(origin, e.Message);
            return true;
        }
    }

    private void NoteRow(string origin, string fault) =>
        _findings.Add(new Finding(Severity.Fault, FindingKind.RowDamaged, origin, 0, fault, _folder.Path));

    private SigningKey? KeyOf(string origin) => _keys.FirstOrDefault(k => k.VerificationKey.Name == origin);
}

/// <summary>A log, or why its head row is none.</summary>
internal sealed record StoredLogOrDamage(StoredLog? Log, string? Damage);
