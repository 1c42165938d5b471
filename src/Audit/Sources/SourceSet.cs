using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Sources;

/// <summary>The logs, and the trust anchor, that are found at the places given to an audit.</summary>
public sealed class SourceSet
{
    private const int MaxLogList = 8 * 1024 * 1024;
    private const int MaxLogs = 65_536;

    private readonly List<ILogSource> _sources = [];
    private readonly List<Finding> _findings = [];
    private readonly List<string> _nodes = [];
    private readonly List<AuditedPlace> _places = [];
    private readonly List<string> _anchors = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private SourceSet()
    {
    }

    /// <summary>The copies of logs, in the order of the places, then by path.</summary>
    public IReadOnlyList<ILogSource> Sources => _sources;

    /// <summary>The folders of nodes, in the order of the places, then by path; the caller reads them.</summary>
    public IReadOnlyList<string> Nodes => _nodes;

    /// <summary>What was taken from each place, but for nodes' folders.</summary>
    public IReadOnlyList<AuditedPlace> Places => _places;

    /// <summary>The trust anchor out of the first <c>coalition.json</c>, or null; null also if one was given.</summary>
    public TrustAnchor? Anchor { get; private set; }

    /// <summary>What kept places from being read, and trust anchors that are not the one to be trusted.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Looks at each place; see the other method. No folder is taken for a node's.</summary>
    /// <param name="places">Paths, or addresses beginning with http:// or https://.</param>
    /// <param name="http">The client for addresses.</param>
    /// <param name="key">Bearer key for addresses, or null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="IOException">A path is not there, or holds nothing to audit.</exception>
    public static Task<SourceSet> DiscoverAsync(
        IEnumerable<string> places, HttpClient http, string? key, CancellationToken cancellationToken) =>
        DiscoverAsync(places, http, key, null, _ => false, cancellationToken);

    /// <summary>
    /// Looks at each place: a directory that is a log or a node's folder, or has such below it (at most 6 levels), with
    /// <c>coalition.json</c> files; the URL of a node, whose logs <c>GET /v1/logs</c> lists; the URL of one exported
    /// log; or a <c>coalition.json</c> itself. What is met twice is taken once.
    /// </summary>
    /// <param name="places">Paths, or addresses beginning with http:// or https://.</param>
    /// <param name="http">The client for addresses.</param>
    /// <param name="key">Bearer key for addresses, or null.</param>
    /// <param name="anchor">What the trust anchors found must equal: the bytes of a file; or null.</param>
    /// <param name="isNode">Whether a directory is the folder of a node.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="IOException">A path is not there, or holds nothing to audit.</exception>
    public static async Task<SourceSet> DiscoverAsync(
        IEnumerable<string> places,
        HttpClient http,
        string? key,
        byte[]? anchor,
        Func<string, bool> isNode,
        CancellationToken cancellationToken)
    {
        var set = new SourceSet();
        foreach (var place in places)
        {
            if (place.StartsWith("http://", StringComparison.Ordinal)
                || place.StartsWith("https://", StringComparison.Ordinal))
            {
                await set.TryAddUrlAsync(http, place, key, cancellationToken);
            }
            else if (File.Exists(place))
            {
                set._anchors.Add(place);
            }
            else if (Directory.Exists(place))
            {
                set.AddDirectory(place, isNode);
            }
            else
            {
                throw new IOException($"There is no directory, file or address {place}.");
            }
        }

        set.Anchor = AnchorFiles.Compare(set._anchors.Where(set.IsNew), anchor, set._findings);
        return set;
    }

    private void AddDirectory(string place, Func<string, bool> isNode)
    {
        var search = new FolderSearch(isNode);
        search.Look(place);
        if (search.Logs.Count + search.Nodes.Count == 0)
        {
            throw new IOException(string.Join(' ', (string[])
            [
                .. search.Unread,
                $"{Path.GetFullPath(place)} holds nothing to audit: it is neither an exported log nor the folder of a "
                    + $"node, and has none of them in the {FolderSearch.MaxDepth} levels below it.",
            ]));
        }

        var logs = search.Logs.Where(IsNew).Select(l => new DirectoryLogSource(l)).ToList();
        _sources.AddRange(logs);
        _nodes.AddRange(search.Nodes.Where(IsNew));
        _anchors.AddRange(search.Anchors);
        search.Unread.ForEach(AddGap);
        if (logs.Count > 0)
        {
            _places.Add(new AuditedPlace(Path.GetFullPath(place), AuditedPlace.Export, logs.Count));
        }
    }

    private bool IsNew(string path) => _seen.Add(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    private async Task TryAddUrlAsync(HttpClient http, string place, string? key, CancellationToken cancellationToken)
    {
        var before = _sources.Count;
        try
        {
            await AddUrlAsync(http, place, key, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            AddGap($"{place} cannot be read: {e.Message}");
            return;
        }

        if (_sources.Count == before)
        {
            AddGap($"{place} shows no log: neither a list of logs nor a checkpoint.");
            return;
        }

        _places.Add(new AuditedPlace(place, AuditedPlace.Address, _sources.Count - before));
    }

    private async Task AddUrlAsync(HttpClient http, string place, string? key, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(place.TrimEnd('/') + "/", UriKind.Absolute, out var address))
        {
            AddGap($"{place} is not an address.");
            return;
        }

        var listed = await HttpLogSource.GetAsync(
            http, new Uri(address, "v1/logs"), key, MaxLogList, cancellationToken);
        if (listed is null)
        {
            // No node: perhaps an exported directory on a web server.
            var source = new HttpLogSource(http, address, key);
            if (await source.ReadAsync(LogFiles.Checkpoint, cancellationToken) is not null)
            {
                _sources.Add(source);
            }

            return;
        }

        foreach (var origin in ReadLogList(listed, place))
        {
            _sources.Add(new HttpLogSource(http, new Uri(address, $"v1/logs/{origin}/"), key, origin));
        }
    }

    private List<string> ReadLogList(byte[] json, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var origins = new List<string>();
            foreach (var log in document.RootElement.EnumerateArray().Take(MaxLogs))
            {
                // The origin becomes part of an address, so nothing but an origin may pass.
                if (!Origin.TryParse(log.GetProperty("origin").GetString(), out var origin, out var error))
                {
                    AddGap($"The list of logs of {place} is malformed: {error}");
                    continue;
                }

                origins.Add(origin.Text);
            }

            return origins;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            AddGap($"The list of logs of {place} is not an array of objects with \"origin\": {e.Message}");
            return [];
        }
    }

    private void AddGap(string explanation) =>
        _findings.Add(new Finding(Severity.Gap, FindingKind.SourceUnreadable, "", null, explanation));
}
