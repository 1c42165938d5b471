using System.Text;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>What an audit reads: exports, addresses, and the folders of nodes, which run or do not.</summary>
internal sealed class AuditSources : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly List<ILogSource> _sources = [];
    private readonly List<NodeTarget> _running = [];
    private readonly List<StoppedNodeLogs> _stopped = [];
    private readonly List<AuditedPlace> _places = [];
    private readonly List<Finding> _findings = [];
    private TrustAnchor? _anchor;

    private AuditSources()
    {
    }

    /// <summary>Finds and opens what is at the places.</summary>
    /// <param name="places">Folders, files and addresses, as the user named them.</param>
    /// <param name="anchorFile">The trust anchor, or null: then the one at the places.</param>
    /// <param name="key">Bearer key or @file for addresses, or null.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">A path is not there, or holds nothing to audit.</exception>
    /// <exception cref="NodeFolderException">The trust anchor or a node's folder cannot be used.</exception>
    public static async Task<AuditSources> OpenAsync(
        IEnumerable<string> places, string? anchorFile, string? key, CancellationToken cancel)
    {
        var audit = new AuditSources();
        try
        {
            audit._anchor = anchorFile is null ? null : NodeFolder.ReadAnchor(anchorFile);
            var bearer = key is ['@', .. var file] ? Encoding.UTF8.GetString(NodeFolder.Read(file)).Trim() : key;
            var found = await SourceSet.DiscoverAsync(
                places,
                audit._http,
                bearer,
                anchorFile is null ? null : NodeFolder.Read(anchorFile),
                folder => new NodeFolder(folder).IsNode,
                cancel);
            audit._anchor ??= found.Anchor;
            audit._sources.AddRange(found.Sources);
            audit._places.AddRange(found.Places);
            audit._findings.AddRange(found.Findings);
            foreach (var node in found.Nodes)
            {
                await audit.OpenNodeAsync(node, cancel);
            }

            return audit;
        }
        catch
        {
            await audit.DisposeAsync();
            throw;
        }
    }

    /// <summary>Audits all of it.</summary>
    public async Task<AuditReport> AuditAsync(CancellationToken cancel)
    {
        var report = await CoalitionAuditor.AuditAsync(
            _sources,
            [.. _stopped.Select(s => s.Holdings)],
            _anchor,
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            [.. _findings, .. _stopped.SelectMany(s => s.Findings)],
            cancel);
        return report with { Places = [.. _places] };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in _running)
        {
            await node.DisposeAsync();
        }

        foreach (var node in _stopped)
        {
            await node.DisposeAsync();
        }

        _http.Dispose();
    }

    private async Task OpenNodeAsync(string place, CancellationToken cancel)
    {
        var folder = new NodeFolder(place);
        if (RunFile.TryRead(folder) is null)
        {
            var stopped = await StoppedNodeLogs.OpenAsync(folder, cancel);
            _stopped.Add(stopped);
            _places.Add(new AuditedPlace(folder.Path, AuditedPlace.StoppedNode, stopped.Holdings.Copies.Count));
            return;
        }

        var target = NodeTarget.Of(place, null, null, ApiRole.Auditor);
        _running.Add(target);
        var logs = await target.ListLogsAsync(cancel);
        _sources.AddRange(logs.Select(l => new NodeLogSource(target, l.Origin)));
        _places.Add(new AuditedPlace(folder.Path, AuditedPlace.RunningNode, logs.Count));
    }
}
