using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;

namespace FederationNode.Audit.Logs;

/// <summary>
/// Audits one copy of one log: verifies the checkpoint, rebuilds every hash from the entries, compares each with what
/// is stored, and checks every payload against its leaf. Bad content becomes findings, never exceptions. Holds one
/// bundle at a time and one hash for each 256 entries, besides what the entries mean.
/// </summary>
public static class LogAuditor
{
    /// <summary>
    /// Audits a copy by a key that the caller knows to be the log's. Without a roster, listings end as they do by default.
    /// </summary>
    /// <param name="source">The copy.</param>
    /// <param name="key">The log's key; its name is the origin.</param>
    /// <param name="cancellationToken">Ends the audit.</param>
    public static async Task<LogAudit> AuditAsync(
        ILogSource source, VerificationKey key, CancellationToken cancellationToken)
    {
        var audit = await AuditAsync(
            await OpenedLog.OpenAsync(source, cancellationToken), new SingleKey(key), Lifetimes.Default, cancellationToken);
        audit.CheckErasures(end: long.MaxValue);
        return audit;
    }

    /// <summary>Audits a copy but for its erasures: which of them count, only the whole coalition tells.</summary>
    internal static async Task<LogAudit> AuditAsync(
        OpenedLog opened, ILogKeys keys, Lifetimes lifetimes, CancellationToken cancellationToken)
    {
        var head = opened.Verify(keys, out var findings);
        var audit = new LogAudit(opened.Source, findings, head, opened.Note, lifetimes);
        if (head is not null)
        {
            try
            {
                await new TreeWalk(opened.Source, head, audit).RunAsync(cancellationToken);
            }
            catch (IOException e)
            {
                findings.Add(Severity.Gap, FindingKind.SourceUnreadable, null, e.Message);
            }
        }

        foreach (var suspect in opened.Source.Suspects.OrderBy(s => s.First))
        {
            if (!findings.HasFaultWithin(suspect.First, suspect.End))
            {
                findings.Add(Severity.Fault, suspect.Kind, suspect.First, suspect.Explanation);
            }
        }

        return audit;
    }

    private sealed class SingleKey(VerificationKey key) : ILogKeys
    {
        public bool IsComplete => true;

        public VerificationKey? Find(string origin) => origin == key.Name ? key : null;
    }
}
