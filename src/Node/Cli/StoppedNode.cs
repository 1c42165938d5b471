using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api.Status;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Node.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>Reads the database of a stopped node as it lies. The schema is checked and nothing is changed.</summary>
internal sealed class StoppedNode(NodeFolder folder) : NodeTarget
{
    private readonly Dictionary<string, StoredLog> _logs = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<SigningKey> _keys = NodeFolder.ReadKeys(folder.KeyFolder);
    private OfflineStorage? _storage;
    private StoppedList? _list;

    public override NodeFolder Folder => folder;

    public override async Task<RosterDocument> ReadRosterAsync(CancellationToken cancel) =>
        await TryReadRosterAsync(cancel)
        ?? throw new CliException(
            ExitCode.BadFolder, "This node has not received a roster yet: was it admitted, and has it run since?");

    public override async Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel)
    {
        var roster = await TryReadRosterAsync(cancel);
        var list = new List<LogRow>();
        foreach (var named in (roster?.Members ?? []).SelectMany(m => m.Logs).OrderBy(l => l.Origin.Text, StringComparer.Ordinal))
        {
            var log = await LogAsync(named.Origin.Text, cancel);
            var checkpoint = CheckpointOf(log);
            if (checkpoint.Length > 0 && Checkpoint.TryParse(checkpoint, out var head, out _))
            {
                list.Add(new LogRow(
                    log.Origin, head.Size, head.Root.ToBase64(), named.Key.ToString(), log.Size, await FrozenAtAsync(log, cancel)));
            }
        }

        return list;
    }

    public override async Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel)
    {
        var log = await LogAsync(origin, cancel);
        if (path == "checkpoint")
        {
            return CheckpointOf(log) is { Length: > 0 } note ? note : null;
        }

        return TilePath.TryParse(path, out var tile, out _)
            ? await LogTiles.ReadAsync(log, SignedSizeOf(log), tile.Level, tile.Number, tile.Width)
            : null;
    }

    public override async Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel) =>
        await (await ListAsync(cancel)).ShowAsync(id, await RowsAsync(cancel), EvidenceAsync, cancel);

    public override async Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel) =>
        (await ListAsync(cancel)).Page(limit);

    public override async Task<CheckResponse> CheckAsync(CheckRequest request, CancellationToken cancel) =>
        (await ListAsync(cancel)).Check(request);

    public override async Task<SellerEvaluateResponse> EvaluateSellersAsync(
        SellerEvaluateRequest request, CancellationToken cancel)
    {
        var config = folder.ReadConfig();
        var identity = folder.ReadIdentity(config);
        return await StoppedSellerTags.EvaluateAsync(folder, config, identity, await ReadRosterAsync(cancel), request, cancel);
    }

    public override async Task<SellerKeysResponse> ReadSellerKeysAsync(CancellationToken cancel) =>
        SellerKeyEpochs.Describe(await ReadRosterAsync(cancel), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    public override async Task<NodeStatus> ReadStatusAsync(CancellationToken cancel)
    {
        var config = folder.ReadConfig();
        var roster = await TryReadRosterAsync(cancel);
        var current = roster is null ? null : (await ListAsync(cancel)).Current;
        List<string> alarms = [$"The node is stopped: start it with `fednode run --data {folder.Path}`."];
        if (roster is null)
        {
            alarms.Add("No roster was received yet: the node takes part once the secretariat has admitted it.");
        }

        return new NodeStatus(
            folder.ReadAnchor().Coalition,
            config.Member,
            Running: false,
            StatusEndpoints.Version,
            folder.ReadStorage(config).ToString(),
            roster?.Version ?? 0,
            roster?.Expires ?? 0,
            Ready: false,
            current?.InForce ?? 0,
            (current?.Digest ?? new View().Digest()).ToString(),
            [],
            [],
            [],
            await ListLogsAsync(cancel),
            alarms,
            []);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }

        if (_storage is not null)
        {
            await _storage.DisposeAsync();
        }
    }

    private async Task<RosterDocument?> TryReadRosterAsync(CancellationToken cancel)
    {
        var anchor = folder.ReadAnchor();
        var rows = await RowsAsync(cancel);
        var row = await rows.ReadAsync<RosterRow>(RosterGrain.RowKind, anchor.Coalition);
        var chain = row?.Value.Chain ?? [.. folder.ReadRosters()];
        return RosterChain.TryWalk(chain.Select(n => (ReadOnlyMemory<byte>)n), anchor, out var roster, out var error)
            ? roster
            : throw new CliException(
                ExitCode.BadFolder, $"The stored roster does not follow from the trust anchor: {error}");
    }

    /// <summary>Merges the list from the logs, as the node does at its start; once is enough for a command.</summary>
    private async Task<StoppedList> ListAsync(CancellationToken cancel) =>
        _list ??= await OpenListAsync(PolicyReader.Load(folder, folder.ReadConfig().Member), cancel);

    /// <summary>The list under a policy. A node may be running meanwhile: what it has written whole is read.</summary>
    public async Task<StoppedList> OpenListAsync(NodePolicy policy, CancellationToken cancel)
    {
        var roster = await ReadRosterAsync(cancel);
        var list = StoppedList.Of(folder, roster, await BoardAsync(policy, cancel));
        foreach (var named in roster.Members.SelectMany(m => m.Logs).Where(l => l.Origin.Log == Origin.Indicators))
        {
            var log = await LogAsync(named.Origin.Text, cancel);
            var end = Math.Min(
                named.ClosedAt?.Size ?? long.MaxValue, await FrozenAtAsync(log, cancel) ?? long.MaxValue);
            await list.ApplyAsync(log, Math.Min(end, SignedSizeOf(log)), cancel);
        }

        return list;
    }

    /// <summary>A policy, and what was in quarantine when the node stopped.</summary>
    private async Task<PolicyBoard> BoardAsync(NodePolicy policy, CancellationToken cancel)
    {
        var board = new PolicyBoard(policy);
        if (board.Verdicts.Flood is not null)
        {
            var (row, _, _) = await (await RowsAsync(cancel)).ReadDisposableAsync<FloodRow>(
                FloodRow.RowKind, policy.Verdicts.Self, r => r.Fault());
            board.Hold(new QuarantineTable(row.ToMemory().Quarantines));
        }

        return board;
    }

    private async Task<long?> FrozenAtAsync(StoredLog log, CancellationToken cancel) =>
        (await (await RowsAsync(cancel)).ReadAsync<ForkRow>(LogRowKind.Fork, log.Origin))?.Value.FreezeAt;

    private async Task<EntryEvidence?> EvidenceAsync(LogEntry entry, CancellationToken cancel)
    {
        var log = await LogAsync(entry.Origin.Text, cancel);
        return await LogEvidence.ReadAsync(log, SignedSizeOf(log), CheckpointOf(log), entry.Index);
    }

    private SigningKey? KeyOf(string origin) => _keys.FirstOrDefault(k => k.VerificationKey.Name == origin);

    private static long SignedSizeOf(StoredLog log) => log.Head.SignedSize;

    /// <summary>An own log's checkpoint is signed again: the same head gives the same bytes.</summary>
    private byte[] CheckpointOf(StoredLog log) => KeyOf(log.Origin) is not { } key ? log.Head.Checkpoint
        : log.Size == 0 ? []
        : new Checkpoint(log.Origin, log.Size, log.Root).Sign(key);

    private async Task<StoredLog> LogAsync(string origin, CancellationToken cancel)
    {
        if (!_logs.TryGetValue(origin, out var log))
        {
            _logs[origin] = log = await StoredLog.LoadAsync(await RowsAsync(cancel), origin);
        }

        return log;
    }

    private async Task<RowStore> RowsAsync(CancellationToken cancel) =>
        (_storage ??= await OfflineStorage.OpenAsync(folder.ReadStorage(folder.ReadConfig()), cancel)).Rows;
}
