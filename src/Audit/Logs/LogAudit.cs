using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Trees;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Notes;

namespace FederationNode.Audit.Logs;

/// <summary>What the audit of one copy of one log gave.</summary>
public sealed class LogAudit
{
    private readonly byte[]? _note;
    private readonly Cover? _cover;

    internal LogAudit(ILogSource source, FindingList findings, VerifiedHead? head, byte[]? note, Lifetimes lifetimes)
    {
        Lifetimes = lifetimes;
        Copy = source;
        Source = source.Name;
        Collected = findings;
        _note = note;
        _cover = head?.Cover;
        Key = head?.Key;
        Head = head is null ? null : HeadOf(head.Checkpoint);
        Held = head?.Held ?? 0;
    }

    /// <summary>The log; empty if the copy does not even say which it is.</summary>
    public string Origin => Collected.Origin;

    /// <summary>Where the copy lies.</summary>
    public string Source { get; }

    /// <summary>
    /// The newest signed head of which the copy holds every entry, or null if no checkpoint could be verified.
    /// </summary>
    public LogHead? Head { get; }

    /// <summary>
    /// Entries that the copy holds: those under its head, or more, which a larger checkpoint proves.
    /// </summary>
    public long Held { get; }

    /// <summary>The key that signed it, or null.</summary>
    public VerificationKey? Key { get; }

    /// <summary>Whether the signed root was rebuilt from this copy.</summary>
    public bool Rebuilt => Tree is not null;

    /// <summary>What was found, in the order of the walk.</summary>
    public IReadOnlyList<Finding> Findings => Collected.ToList();

    /// <summary>When listings end, by the roster.</summary>
    internal Lifetimes Lifetimes { get; }

    internal FindingList Collected { get; }

    internal ILogSource Copy { get; }

    /// <summary>The heads that it holds as they were signed, the largest last.</summary>
    internal IEnumerable<SignedHead> Signed
    {
        get
        {
            if (Head is { } head && _note is not null)
            {
                yield return new SignedHead(Source, head, _note, _cover is null ? Tree : null);
            }

            if (_cover is not null)
            {
                yield return new SignedHead(Source, HeadOf(_cover.Checkpoint), _cover.Note, Tree);
            }
        }
    }

    internal LogContents Contents { get; set; } = new();

    internal VerifiedTree? Tree { get; set; }

    private static LogHead HeadOf(Checkpoint checkpoint) => new(checkpoint.Origin, checkpoint.Size, checkpoint.Root);

    /// <summary>
    /// Checks that what was to be erased is. Orders beyond the end of the log do not count: a copy that keeps the
    /// payload is right, and one without it lacks what counts.
    /// </summary>
    /// <param name="end">Entries of the log that can count.</param>
    internal void CheckErasures(long end)
    {
        foreach (var (index, by, isDone) in Contents.Erasures)
        {
            if (by < end && !isDone)
            {
                Collected.Add(Severity.Warning, FindingKind.ErasedPayloadPresent, index,
                    $"Entry {by} orders the erasure of this payload, and this copy still has it.");
            }
            else if (by >= end && index < end && isDone)
            {
                Collected.Add(Severity.Gap, FindingKind.PayloadMissing, index,
                    $"The payload is not there, and only entry {by}, which does not count since the log ends at {end} "
                        + "entries, orders its erasure: this copy does not show what the entry says.");
            }
        }
    }
}
