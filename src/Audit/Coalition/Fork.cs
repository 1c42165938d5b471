using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Protocol.Entries;

namespace FederationNode.Audit.Coalition;

/// <summary>Two heads under the key of one log that no single log can have.</summary>
internal sealed class Fork
{
    private readonly (LogHead Head, byte[] Note) _first;
    private readonly (LogHead Head, byte[] Note) _second;
    private readonly long? _common;

    private Fork((LogHead, byte[]) first, (LogHead, byte[]) second, long? common)
    {
        _first = first;
        _second = second;
        _common = common;
    }

    /// <summary>Entries of the log that still count (docs/protocol.md section 10, "Forks").</summary>
    public long FreezeAt => _common ?? _first.Head.Size;

    /// <summary>The two heads, the same for the same fork whoever shows it.</summary>
    public (LogHead First, LogHead Second) Heads => (_first.Head, _second.Head);

    /// <summary>A fork, whichever head is named first.</summary>
    /// <param name="one">A head and the note that signs it.</param>
    /// <param name="other">Another head and its note.</param>
    /// <param name="common">How many entries both share, or null if that is not known.</param>
    public static Fork Of((LogHead Head, byte[] Note) one, (LogHead Head, byte[] Note) other, long? common) =>
        one.Head.Size < other.Head.Size
        || (one.Head.Size == other.Head.Size && one.Note.AsSpan().SequenceCompareTo(other.Note) <= 0)
            ? new Fork(one, other, common)
            : new Fork(other, one, common);

    /// <summary>What is reported.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="shownBy">Where the heads or their proof lie, in words without a full stop.</param>
    /// <param name="source">A place to look at.</param>
    public Finding ToFinding(string origin, string shownBy, string source)
    {
        var (a, b) = Heads;
        var parts = _common is { } common
            ? $"They share {common} entries and differ from entry {common} on"
            : $"One of the first {a.Size} entries differs";
        return new Finding(
            Severity.Fault,
            FindingKind.Fork,
            origin,
            _common ?? Math.Max(0, a.Size - 1),
            $"The log signed two histories: size {a.Size} root {a.Root.ToBase64()} and size {b.Size} root "
                + $"{b.Root.ToBase64()} ({shownBy}). {parts}, so the log counts up to {FreezeAt} entries.",
            source,
            Encoding.UTF8.GetString(_first.Note) + "\n" + Encoding.UTF8.GetString(_second.Note));
    }
}
