using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Trees;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;

namespace FederationNode.Audit.Logs;

/// <summary>What the audit of one copy of one log gave.</summary>
public sealed class LogAudit
{
    internal LogAudit(ILogSource source, FindingList findings, VerifiedHead? head, byte[]? note)
    {
        Copy = source;
        Source = source.Name;
        Collected = findings;
        Note = head is null ? null : note;
        Key = head?.Key;
        Head = head is null ? null : new LogHead(head.Origin, head.Checkpoint.Size, head.Checkpoint.Root);
    }

    /// <summary>The log; empty if the copy does not even say which it is.</summary>
    public string Origin => Collected.Origin;

    /// <summary>Where the copy lies.</summary>
    public string Source { get; }

    /// <summary>The signed head, or null if no checkpoint could be verified.</summary>
    public LogHead? Head { get; }

    /// <summary>The key that signed it, or null.</summary>
    public VerificationKey? Key { get; }

    /// <summary>Whether the signed root was rebuilt from this copy.</summary>
    public bool Rebuilt => Tree is not null;

    /// <summary>What was found, in the order of the walk.</summary>
    public IReadOnlyList<Finding> Findings => Collected.ToList();

    internal FindingList Collected { get; }

    internal ILogSource Copy { get; }

    /// <summary>The signed note, for evidence.</summary>
    internal byte[]? Note { get; }

    /// <summary>The head as it was signed, with the tree, or null if there is none.</summary>
    internal SignedHead? Signed => Head is { } head ? new SignedHead(Source, head, Note!, Tree) : null;

    internal LogContents Contents { get; set; } = new();

    internal VerifiedTree? Tree { get; set; }

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
