using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
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

    /// <summary>What is held beyond it, or null.</summary>
    private HeldBeyond? Beyond => Source.Beyond;

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

        if ((log.Note ?? log.Beyond?.Note) is { } note)
        {
            log.StatedOrigin = Checkpoint.TryParse(note, out var checkpoint, out var error)
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

        if (Note is null && Beyond is null && Malformed is null)
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
                var opened = new FindingList(candidate, Source.Name);
                if (TryOpen(key, opened, out var head, out var error))
                {
                    findings = opened;
                    CheckVkeyFile(key, findings);
                    return head;
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

        if (!TryOpen(Vkey, findings, out var head, out var error))
        {
            findings.Add(Severity.Fault, FindingKind.CheckpointBadSignature, null, error);
            return null;
        }

        findings.Add(Severity.Warning, FindingKind.KeyUnconfirmed, null,
            "Without a roster, the key in the log's own file \"vkey\" was believed.");
        return head;
    }

    /// <summary>
    /// Opens the checkpoint, and what proves entries beyond it; without that, only what is below it can be audited.
    /// </summary>
    private bool TryOpen(
        VerificationKey key,
        FindingList findings,
        [NotNullWhen(true)] out VerifiedHead? head,
        [NotNullWhen(false)] out string? error)
    {
        head = null;
        error = null;
        var checkpoint = new Checkpoint(key.Name, 0, MerkleHash.Empty);
        if (Note is not null && !Checkpoint.TryOpen(Note, key, out checkpoint, out error))
        {
            return false;
        }

        Cover? cover = null;
        if (Beyond is not null && !TryCover(Beyond, checkpoint, key, out cover, out error))
        {
            if (Note is null)
            {
                return false;
            }

            findings.Add(Severity.Fault, FindingKind.CheckpointBadSignature, checkpoint.Size,
                $"{Beyond.Held} entries are held, but nothing proves those from {checkpoint.Size} on: {error}");
        }

        head = new VerifiedHead(key.Name, checkpoint, key, cover);
        return true;
    }

    private static bool TryCover(
        HeldBeyond beyond,
        Checkpoint below,
        VerificationKey key,
        [NotNullWhen(true)] out Cover? cover,
        [NotNullWhen(false)] out string? error)
    {
        cover = null;
        if (!Checkpoint.TryOpen(beyond.Note, key, out var checkpoint, out error))
        {
            return false;
        }

        if (beyond.Held < below.Size || beyond.Held > checkpoint.Size
            || CompactRange.Nodes(beyond.Held, checkpoint.Size).Count != beyond.After.Count)
        {
            error = "The checkpoint that they came with has another size.";
            return false;
        }

        cover = new Cover(checkpoint, beyond.Note, beyond.Held, beyond.After);
        return true;
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
