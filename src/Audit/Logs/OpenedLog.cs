using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;

namespace FederationNode.Audit.Logs;

/// <summary>
/// A copy of a log of which the checkpoint and the <c>vkey</c> file were read and nothing is verified yet: enough to
/// tell which log it wants to be.
/// </summary>
internal sealed class OpenedLog
{
    private OpenedLog(ILogSource source) => Source = source;

    public ILogSource Source { get; }

    /// <summary>The signed note, or null if there is none.</summary>
    public byte[]? Note { get; private set; }

    /// <summary>The origin on the checkpoint's first line, or null if it cannot be read.</summary>
    public string? StatedOrigin { get; private set; }

    /// <summary>Why the checkpoint cannot be read, or null.</summary>
    public string? Malformed { get; private set; }

    /// <summary>The content of the <c>vkey</c> file, or null if there is none.</summary>
    public string? VkeyText { get; private set; }

    /// <summary>The key in it, or null.</summary>
    public VerificationKey? Vkey { get; private set; }

    /// <summary>Why the source cannot be read at all, or null.</summary>
    public string? Unreadable { get; private set; }

    /// <summary>Why the row that keeps the head cannot be read, or null.</summary>
    public string? HeadDamage { get; private set; }

    /// <summary>
    /// The log that it must be, or null: the one that the source was asked for, or the one that its folder is named
    /// after.
    /// </summary>
    public string? RequiredOrigin => Source.Origin ?? (NamesThisCoalition ? OriginInName?.Text : null);

    /// <summary>
    /// The logs that it may be: the one that it must be; or the one that the <c>vkey</c> file names, then the one that
    /// the checkpoint names.
    /// </summary>
    public IEnumerable<string> Candidates =>
        RequiredOrigin is { } required ? [required] : new[] { Vkey?.Name, StatedOrigin }.OfType<string>();

    /// <summary>The log that the folder is named after, or null.</summary>
    private Origin? OriginInName
    {
        get
        {
            var folders = Source.Name.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries);
            return Origin.TryParse(string.Join('/', folders.TakeLast(4)), out var origin, out _) ? origin : null;
        }
    }

    /// <summary>
    /// Whether the folder is named after a log of the coalition that the checkpoint speaks of. Other folders, such as
    /// <c>home/anna/logs/1</c>, look like origins by chance.
    /// </summary>
    private bool NamesThisCoalition =>
        Origin.TryParse(StatedOrigin, out var stated, out _) && OriginInName?.Coalition == stated.Coalition;

    public static async Task<OpenedLog> OpenAsync(ILogSource source, CancellationToken cancellationToken)
    {
        var log = new OpenedLog(source);
        try
        {
            log.Note = await source.ReadAsync(LogFiles.Checkpoint, cancellationToken);
            if (await source.ReadAsync(LogFiles.Vkey, cancellationToken) is { } vkey)
            {
                log.VkeyText = Encoding.UTF8.GetString(vkey);
                log.Vkey = VerificationKey.TryParse(log.VkeyText.TrimEnd('\n'), out var key, out _) ? key : null;
            }
        }
        catch (DamagedHeadException e)
        {
            log.HeadDamage = e.Message;
        }
        catch (IOException e)
        {
            log.Unreadable = e.Message;
        }
        catch (InvalidDataException e)
        {
            log.Malformed = e.Message;
        }

        if (log.Note is not null)
        {
            log.StatedOrigin = Checkpoint.TryParse(log.Note, out var checkpoint, out var error)
                ? checkpoint.Origin
                : null;
            log.Malformed = error;
        }

        return log;
    }

    /// <summary>
    /// Verifies the checkpoint by the key that the roster has for one of the candidates. Returns null, with findings,
    /// if it cannot be believed: then the sizes and roots in it mean nothing, and the tree is not walked.
    /// </summary>
    public VerifiedHead? Verify(ILogKeys keys, out FindingList findings)
    {
        var origin = Candidates.FirstOrDefault(o => keys.Find(o) is not null)
            ?? Candidates.FirstOrDefault() ?? OriginInName?.Text ?? "";
        findings = new FindingList(origin, Source.Name);
        if (Unreadable is not null)
        {
            findings.Add(Severity.Gap, FindingKind.SourceUnreadable, null, Unreadable);
            return null;
        }

        if (HeadDamage is not null)
        {
            // Everything hangs on the head, from the first entry on.
            findings.Add(Severity.Fault, FindingKind.HeadDamaged, 0, HeadDamage);
            return null;
        }

        if (Note is null && Malformed is null)
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointMissing, null, "There is no file \"checkpoint\".");
            return null;
        }

        if (StatedOrigin is null)
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointMalformed, null, Malformed!);
            return null;
        }

        if (RequiredOrigin is { } required && required != StatedOrigin)
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointOtherLog, null,
                $"The place is that of {required}, and the checkpoint is of {StatedOrigin}.");
            return null;
        }

        return Open(keys, ref findings);
    }

    private VerifiedHead? Open(ILogKeys keys, ref FindingList findings)
    {
        string? refusal = null;
        foreach (var candidate in Candidates.Distinct(StringComparer.Ordinal))
        {
            if (keys.Find(candidate) is { } key)
            {
                if (Checkpoint.TryOpen(Note, key, out var checkpoint, out var error))
                {
                    findings = new FindingList(candidate, Source.Name);
                    CheckVkeyFile(key, findings);
                    return new VerifiedHead(candidate, checkpoint, key);
                }

                refusal ??= error;
            }
        }

        if (refusal is not null)
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointBadSignature, null, refusal);
            return null;
        }

        if (keys.IsComplete)
        {
            findings.Add(Severity.Fault, FindingKind.LogUnknownToRoster, null, "The roster names no such log.");
            return null;
        }

        return OpenUnconfirmed(findings);
    }

    private VerifiedHead? OpenUnconfirmed(FindingList findings)
    {
        if (Vkey is null || Vkey.Name != StatedOrigin)
        {
            findings.Add(Severity.Gap, FindingKind.KeyUnconfirmed, null,
                "There is no roster to say which key signs this log, and no usable file \"vkey\" beside it.");
            return null;
        }

        if (!Checkpoint.TryOpen(Note, Vkey, out var checkpoint, out var error))
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointBadSignature, null, error);
            return null;
        }

        findings.Add(Severity.Warning, FindingKind.KeyUnconfirmed, null,
            "Without a roster, the key in the log's own file \"vkey\" was believed.");
        return new VerifiedHead(checkpoint.Origin, checkpoint, Vkey);
    }

    private void CheckVkeyFile(VerificationKey key, FindingList findings)
    {
        if (VkeyText is not null && VkeyText != $"{key}\n")
        {
            findings.Add(Severity.Fault, FindingKind.VkeyChanged, null,
                $"The file \"vkey\" is not the one line {key} that the roster asks for.");
        }
    }
}

/// <summary>A checkpoint that the log's key signed.</summary>
internal sealed record VerifiedHead(string Origin, Checkpoint Checkpoint, VerificationKey Key);

/// <summary>Which key signs which log.</summary>
internal interface ILogKeys
{
    /// <summary>
    /// Whether a log without a key here does not belong to the coalition; false while there is no roster.
    /// </summary>
    bool IsComplete { get; }

    /// <summary>The key of a log, or null.</summary>
    VerificationKey? Find(string origin);
}
