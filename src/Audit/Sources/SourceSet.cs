using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Sources;

/// <summary>The logs, and the trust anchor, that are found at the places given to an audit.</summary>
public sealed class SourceSet
{
    private const int MaxDepth = 5;
    private const int MaxFolders = 100_000;
    private const int MaxAnchorFile = 256 * 1024;
    private const int MaxLogList = 8 * 1024 * 1024;
    private const int MaxLogs = 65_536;

    private readonly List<ILogSource> _sources = [];
    private readonly List<Finding> _findings = [];
    private string? _anchorText;
    private int _folders;

    private SourceSet()
    {
    }

    /// <summary>The copies of logs, in the order of the places, then by path.</summary>
    public IReadOnlyList<ILogSource> Sources => _sources;

    /// <summary>The trust anchor out of the first <c>coalition.json</c>, or null.</summary>
    public TrustAnchor? Anchor { get; private set; }

    /// <summary>What kept places from being read.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>
    /// Looks at each place: a directory that is a log or has logs below it (at most 5 levels), with
    /// <c>coalition.json</c> files; the URL of a node, whose logs <c>GET /v1/logs</c> lists; the URL of one exported
    /// log; or a <c>coalition.json</c> itself.
    /// </summary>
    /// <param name="places">Paths, or addresses beginning with http:// or https://.</param>
    /// <param name="http">The client for addresses.</param>
    /// <param name="key">Bearer key for addresses, or null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async Task<SourceSet> DiscoverAsync(
        IEnumerable<string> places, HttpClient http, string? key, CancellationToken cancellationToken)
    {
        var set = new SourceSet();
        foreach (var place in places)
        {
            var before = set._sources.Count;
            try
            {
                if (place.StartsWith("http://", StringComparison.Ordinal)
                    || place.StartsWith("https://", StringComparison.Ordinal))
                {
                    await set.AddUrlAsync(http, place, key, cancellationToken);
                }
                else if (File.Exists(place))
                {
                    set.AddAnchor(place);
                    continue;
                }
                else if (Directory.Exists(place))
                {
                    set.AddDirectory(place, 0);
                }
                else
                {
                    set.AddGap($"There is no directory, file or address {place}.");
                    continue;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                set.AddGap($"{place} cannot be read: {e.Message}");
                continue;
            }

            if (set._sources.Count == before)
            {
                set.AddGap($"{place} holds no log: neither a checkpoint nor folders with one.");
            }
        }

        return set;
    }

    private void AddDirectory(string directory, int depth)
    {
        if (++_folders > MaxFolders)
        {
            return;
        }

        var anchor = Path.Combine(directory, LogFiles.TrustAnchor);
        if (File.Exists(anchor))
        {
            AddAnchor(anchor);
        }

        // A log whose checkpoint was taken away is still a log: it must not escape the audit.
        if (File.Exists(Path.Combine(directory, LogFiles.Checkpoint))
            || File.Exists(Path.Combine(directory, LogFiles.Vkey))
            || Directory.Exists(Path.Combine(directory, LogFiles.Tiles)))
        {
            _sources.Add(new DirectoryLogSource(directory));
            return;
        }

        if (depth == MaxDepth)
        {
            return;
        }

        foreach (var below in Directory.GetDirectories(directory).Order(StringComparer.Ordinal))
        {
            AddDirectory(below, depth + 1);
        }
    }

    private void AddAnchor(string file)
    {
        if (new FileInfo(file).Length > MaxAnchorFile)
        {
            AddUnusable(file, "The file is too long.");
            return;
        }

        var text = File.ReadAllText(file);
        if (!TrustAnchor.TryParse(text, out var anchor, out var error))
        {
            AddUnusable(file, error);
        }
        else if (_anchorText is not null && _anchorText != text)
        {
            AddUnusable(file, "It is another trust anchor than the first one found.");
        }
        else
        {
            _anchorText = text;
            Anchor = anchor;
        }
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

    private void AddUnusable(string file, string explanation) =>
        _findings.Add(new Finding(Severity.Gap, FindingKind.AnchorUnusable, "", null, $"{file}: {explanation}", file));

    private void AddGap(string explanation) =>
        _findings.Add(new Finding(Severity.Gap, FindingKind.SourceUnreadable, "", null, explanation));
}
