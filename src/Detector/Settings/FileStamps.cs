using System.Globalization;

namespace FederationNode.Detector.Settings;

/// <summary>
/// Time and size of files just before they are read, by which it can be told later whether one has changed. Not safe for
/// concurrent use.
/// </summary>
internal sealed class FileStamps
{
    private readonly Dictionary<string, string> _stamps = new(StringComparer.Ordinal);

    /// <summary>Notes a file, which need not be there, before it is read.</summary>
    public void Note(string file) => _stamps[file] = StampOf(file);

    /// <summary>Whether all files are as they were.</summary>
    public bool AreCurrent() => _stamps.All(s => StampOf(s.Key) == s.Value);

    private static string StampOf(string file)
    {
        var info = new FileInfo(file);
        return info.Exists
            ? string.Create(CultureInfo.InvariantCulture, $"{info.LastWriteTimeUtc.Ticks} {info.Length}")
            : "";
    }
}
