namespace FederationNode.Audit.Sources;

/// <summary>
/// Looks through a directory and what is below it for logs, nodes' folders and trust anchors. What cannot be looked at
/// is kept: an audit must not pass over in silence what it was pointed at.
/// </summary>
/// <param name="isNode">Whether a directory is the folder of a node, which the caller reads.</param>
internal sealed class FolderSearch(Func<string, bool> isNode)
{
    /// <summary>Levels below the directory: room for exports side by side, with origins of four parts.</summary>
    public const int MaxDepth = 6;

    private const int MaxFolders = 100_000;

    private int _folders;

    /// <summary>Directories that are exported logs, by path.</summary>
    public List<string> Logs { get; } = [];

    /// <summary>Directories that are nodes' folders, by path.</summary>
    public List<string> Nodes { get; } = [];

    /// <summary>The files <c>coalition.json</c>, by path.</summary>
    public List<string> Anchors { get; } = [];

    /// <summary>What could not be looked at, in words.</summary>
    public List<string> Unread { get; } = [];

    /// <summary>Looks through a directory.</summary>
    public void Look(string directory) => Look(directory, 0);

    private void Look(string directory, int depth)
    {
        if (_folders == MaxFolders)
        {
            return;
        }

        if (++_folders == MaxFolders)
        {
            Unread.Add(
                $"{directory} and what comes after it was not looked at: there are more than 100,000 folders. Name "
                + "those that hold logs.");
            return;
        }

        var anchor = Path.Combine(directory, LogFiles.TrustAnchor);
        if (File.Exists(anchor))
        {
            Anchors.Add(anchor);
        }

        // Whatever else lies in the folder of a node or of a log is a part of it.
        if (isNode(directory))
        {
            Nodes.Add(directory);
        }
        else if (IsLog(directory))
        {
            Logs.Add(directory);
        }
        else if (depth < MaxDepth)
        {
            foreach (var below in Below(directory))
            {
                Look(below, depth + 1);
            }
        }
    }

    /// <summary>A log whose checkpoint was taken away is still a log: it must not escape the audit.</summary>
    private static bool IsLog(string directory) =>
        File.Exists(Path.Combine(directory, LogFiles.Checkpoint))
        || File.Exists(Path.Combine(directory, LogFiles.Vkey))
        || Directory.Exists(Path.Combine(directory, LogFiles.Tiles));

    private string[] Below(string directory)
    {
        try
        {
            var below = Directory.GetDirectories(directory);
            Array.Sort(below, StringComparer.Ordinal);
            return below;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unread.Add($"{directory} cannot be read: {e.Message}");
            return [];
        }
    }
}
