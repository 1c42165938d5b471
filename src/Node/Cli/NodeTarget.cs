using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// The node that a reading verb is about: a running one over its local API, or a stopped one over its database.
/// </summary>
internal abstract class NodeTarget : IAsyncDisposable
{
    /// <summary>The API of the running node, or null if it is stopped.</summary>
    public virtual NodeClient? Client => null;

    /// <summary>The node's folder, or null if only its address is known.</summary>
    public virtual NodeFolder? Folder => null;

    /// <summary>Works out which node is meant.</summary>
    /// <param name="data">The folder, or null.</param>
    /// <param name="url">The address, or null.</param>
    /// <param name="key">The bearer key or @file, or null.</param>
    /// <param name="role">The role whose key is taken from the folder.</param>
    public static NodeTarget Of(string? data, string? url, string? key, string role)
    {
        if (url is not null)
        {
            return new RunningNode(new NodeClient(url, ReadKey(key)), null);
        }

        if (data is null)
        {
            throw new CliException(ExitCode.Usage, "Say which node: --data DIR, or --url URL with --key KEY.");
        }

        var folder = new NodeFolder(data);
        _ = folder.ReadConfig();
        return RunFile.TryRead(folder) is { } running
            ? new RunningNode(new NodeClient(running.ApiUrl, folder.ReadApiKey(role)), folder)
            : new StoppedNode(folder);
    }

    /// <summary>The API of the node, which must be running.</summary>
    public static NodeClient Running(string? data, string? url, string? key, string role)
    {
        var target = Of(data, url, key, role);
        return target.Client
            ?? throw new CliException(ExitCode.Unreachable, $"No node runs on {data}: start it with `fednode run --data {data}`.");
    }

    /// <summary>The roster in force.</summary>
    public abstract Task<RosterDocument> ReadRosterAsync(CancellationToken cancel);

    /// <summary>The logs that the node holds.</summary>
    public abstract Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel);

    /// <summary>Reads a file of a log in the C2SP layout, or null if there is none.</summary>
    public abstract Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel);

    /// <summary>An indicator with its evidence.</summary>
    public abstract Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel);

    /// <summary>The first indicators, in the order of their ids.</summary>
    public abstract Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private static string ReadKey(string? key)
    {
        key ??= Environment.GetEnvironmentVariable("FEDNODE_KEY");
        return key is null or "" ? throw new CliException(ExitCode.Usage, "--url needs --key KEY, --key @FILE or the environment variable FEDNODE_KEY.")
            : key[0] == '@' ? Encoding.UTF8.GetString(NodeFolder.Read(key[1..])).Trim()
            : key;
    }

    private static RosterDocument Open(string text) =>
        SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out var note, out var error, RosterChain.MaxNote)
        && RosterDocument.TryParse(note.Text, out var roster, out error)
            ? roster
            : throw new CliException(ExitCode.Refused, $"The roster cannot be read: {error}");

    private sealed class RunningNode(NodeClient client, NodeFolder? folder) : NodeTarget
    {
        public override NodeClient Client => client;

        public override NodeFolder? Folder => folder;

        public override async Task<RosterDocument> ReadRosterAsync(CancellationToken cancel) =>
            Open((await client.GetAsync<RosterView>(ApiRoutes.Roster, cancel)).Note);

        public override async Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel) =>
            await client.GetAsync<LogRow[]>(ApiRoutes.Logs, cancel);

        public override Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel) =>
            client.GetBytesAsync($"{ApiRoutes.Logs}/{origin}/{path}", cancel);

        public override Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel) =>
            client.GetAsync<IndicatorDetail>($"{ApiRoutes.Indicators}/{Uri.EscapeDataString(id)}", cancel);

        public override Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel) =>
            client.GetAsync<IndicatorPage>($"{ApiRoutes.Indicators}?limit={limit}", cancel);

        public override ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Reads the database as it lies. The schema is checked and nothing is changed.</summary>
    private sealed class StoppedNode(NodeFolder folder) : NodeTarget
    {
        private readonly Dictionary<string, StoredLog> _logs = new(StringComparer.Ordinal);
        private readonly IReadOnlyList<SigningKey> _keys = NodeFolder.ReadKeys(folder.KeyFolder);
        private OfflineStorage? _storage;

        public override NodeFolder Folder => folder;

        public override async Task<RosterDocument> ReadRosterAsync(CancellationToken cancel)
        {
            var anchor = folder.ReadAnchor();
            var rows = await RowsAsync(cancel);
            var row = await rows.ReadAsync<RosterRow>(RosterGrain.RowKind, anchor.Coalition);
            var chain = row?.Value.Chain ?? [.. folder.ReadRosters()];
            if (!RosterChain.TryWalk(chain.Select(n => (ReadOnlyMemory<byte>)n), anchor, out var roster, out var error))
            {
                throw new CliException(ExitCode.BadFolder, $"The stored roster does not follow from the trust anchor: {error}");
            }

            return roster ?? throw new CliException(ExitCode.BadFolder, "This node has not received a roster yet: was it admitted, and has it run since?");
        }

        public override async Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel)
        {
            var roster = await ReadRosterAsync(cancel);
            var list = new List<LogRow>();
            foreach (var named in roster.Members.SelectMany(m => m.Logs).OrderBy(l => l.Origin.Text, StringComparer.Ordinal))
            {
                var log = await LogAsync(named.Origin.Text, cancel);
                var checkpoint = CheckpointOf(log);
                if (checkpoint.Length > 0 && Checkpoint.TryParse(checkpoint, out var head, out _))
                {
                    list.Add(new LogRow(log.Origin, head.Size, head.Root.ToBase64(), named.Key.ToString(), log.Size));
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

            var size = KeyOf(origin) is null ? log.Head.SignedSize : log.Size;
            return TilePath.TryParse(path, out var tile, out _)
                ? await LogTiles.ReadAsync(log, size, tile.Level, tile.Number, tile.Width)
                : null;
        }

        public override Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel) => throw NeedsRunning();

        public override Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel) => throw NeedsRunning();

        private CliException NeedsRunning() =>
            new(ExitCode.Unreachable, $"No node runs on {folder.Path}: start it with `fednode run --data {folder.Path}`.");

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

        private SigningKey? KeyOf(string origin) => _keys.FirstOrDefault(k => k.VerificationKey.Name == origin);

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
}
