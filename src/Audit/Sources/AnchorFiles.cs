using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Sources;

/// <summary>
/// The files <c>coalition.json</c> at the places of an audit. Each is compared, byte for byte, with the trust anchor
/// that the auditor brought along; without one, with the first of them that is a trust anchor (docs/protocol.md
/// section 15).
/// </summary>
internal static class AnchorFiles
{
    private const int MaxFile = 256 * 1024;

    /// <summary>Compares the files.</summary>
    /// <param name="files">The files, in the order in which they were found.</param>
    /// <param name="given">The trust anchor that the auditor trusts, as the bytes of its file, or null.</param>
    /// <param name="findings">Takes what is wrong with them.</param>
    /// <returns>The first that is a trust anchor, if none was given; else null.</returns>
    public static TrustAnchor? Compare(IEnumerable<string> files, byte[]? given, List<Finding> findings)
    {
        var read = new List<AnchorFile>();
        foreach (var path in files)
        {
            if (TryRead(path, out var file) is { } error)
            {
                findings.Add(Unusable(path, error));
            }
            else
            {
                read.Add(file);
            }
        }

        if (given is not null)
        {
            findings.AddRange(read.Where(f => !f.Holds(given)).Select(f =>
                Differs(f.Path, "the trust anchor that the audit was given")));
            return null;
        }

        var first = read.Find(f => f.Anchor is not null);
        findings.AddRange(first is null
            ? read.Select(f => Unusable(f.Path, f.Error!))
            : read.Where(f => !f.Holds(first.Bytes)).Select(f => Differs(
                f.Path, $"{first.Path}, and nothing says which of them to trust: give the right one with --anchor")));
        return first?.Anchor;
    }

    /// <summary>Reads a file, up to a byte more than any trust anchor has.</summary>
    private static string? TryRead(string path, out AnchorFile file)
    {
        var buffer = new byte[MaxFile + 1];
        file = new AnchorFile(path, [], null, null);
        try
        {
            using var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
            TrustAnchor? anchor = null;
            var error = bytes.Length > MaxFile ? "The file is too long."
                : TrustAnchor.TryParse(Encoding.UTF8.GetString(bytes), out anchor, out var fault) ? null
                : fault;
            file = new AnchorFile(path, bytes, anchor, error);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"It cannot be read: {e.Message}";
        }
    }

    private static Finding Differs(string file, string from) => new(
        Severity.Fault,
        FindingKind.AnchorDiffers,
        "",
        null,
        $"{file} is not, byte for byte, the same as {from}.",
        file);

    private static Finding Unusable(string file, string explanation) =>
        new(Severity.Gap, FindingKind.AnchorUnusable, "", null, $"{file}: {explanation}", file);

    private sealed record AnchorFile(string Path, byte[] Bytes, TrustAnchor? Anchor, string? Error)
    {
        public bool Holds(byte[] bytes) => Bytes.AsSpan().SequenceEqual(bytes);
    }
}
