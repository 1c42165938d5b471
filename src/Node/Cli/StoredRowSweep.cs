using System.Globalization;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Grains.Feedback;
using FederationNode.Grains.Indicators;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Webhooks;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Replication;

namespace FederationNode.Node.Cli;

/// <summary>Whose database it is: the rows of which there is one each have these keys.</summary>
internal readonly record struct RowOwner(string Coalition, string Member);

/// <summary>
/// Reads all rows of a stopped node that the audit of its logs does not read: whatever cannot be read is a fault, and
/// what nothing leads to is worth a look.
/// </summary>
internal sealed class StoredRowSweep(
    AuditRows rows,
    IReadOnlyDictionary<string, StoredLogOrDamage> logs,
    Func<string, SigningKey?> keyOf,
    RowOwner owner,
    RowFindings findings)
{
    private readonly SortedDictionary<string, long> _requestEnds = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Origin, string Kind), (long Count, long First)> _unreferenced = [];
    private readonly SortedDictionary<string, (long Count, string Key)> _unknown = new(StringComparer.Ordinal);
    private readonly List<StoredFork> _forks = [];

    /// <summary>What the rows of answered requests say of the logs.</summary>
    public IEnumerable<HeldClaim> Claims =>
        _requestEnds.Select(e => new HeldClaim(e.Key, e.Value, "the row of an answered request"));

    /// <summary>The proofs of forks, which are verified with the logs' keys.</summary>
    public IReadOnlyList<StoredFork> Forks => _forks;

    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            await foreach (var place in rows.ListAsync(null, cancel))
            {
                await LookAtAsync(place);
            }
        }
        catch (StorageException damage) when (damage.Fault == StorageFault.Corrupt)
        {
            findings.AddDamage("", null, $"Not all rows could be listed. {damage.Message}");
        }

        foreach (var (place, (count, first)) in _unreferenced)
        {
            Warn(FindingKind.RowUnreferenced, place.Origin, first, string.Create(
                CultureInfo.InvariantCulture,
                $"{count} rows of kind '{place.Kind}' are there to which the log's head does not lead. ")
                + "A crash leaves such rows behind, and so does a head that was set back or taken away.");
        }

        foreach (var (kind, (count, key)) in _unknown)
        {
            Warn(FindingKind.RowUnknown, "", null, string.Create(
                CultureInfo.InvariantCulture,
                $"{count} rows '{kind}', the first of '{key}', are none that this program writes."));
        }
    }

    private Task LookAtAsync(RowPlace place) => (place.IsOurs ? place.Kind : "") switch
    {
        // The logs are opened by their heads before, and these two rows are read for themselves.
        LogRowKind.Head => Task.CompletedTask,
        RosterGrain.RowKind when place.Key == owner.Coalition => Task.CompletedTask,
        ReceiptsGrain.RowKind when place.Key == owner.Member => Task.CompletedTask,
        LogRowKind.Bundle or LogRowKind.Payloads or LogRowKind.Tile => LookAtSealedAsync(place),
        LogRowKind.Request => TakeAsync<RequestRow>(place, SealedPlace.OriginOf(place.Key), TakeRequest),
        LogRowKind.Fork when IsOrigin(place.Key) => findings.TakeAsync<ForkRow>(
            rows, place.Kind, place.Key, place.Key, FaultOf, look: (row, sound) => TakeFork(place.Key, row, sound)),
        LogRowKind.Deferred when IsOrigin(place.Key) => TakeAsync<DeferredRow>(place, place.Key, FaultOf),
        LogRowKind.Outline when IsOrigin(place.Key) =>
            TakeAsync<OutlineRow>(place, place.Key, (_, row) => MemberLogGrain.FaultOf(row)),
        LogRowKind.OutlinePart when TryPart(place.Key, out var origin, out var from) =>
            TakeAsync<OutlinePartRow>(place, origin, (_, row) => MemberLogGrain.FaultOf(row, from), from),
        StorageProbe.RowKind when place.Key == StorageProbe.RowKind =>
            TakeAsync<ProbeRow>(place, "", (_, row) => row.Tries >= 0 ? null : "a part of it is out of range"),
        FloodRow.RowKind when place.Key == owner.Member => TakeAsync<FloodRow>(place, "", (_, row) => row.Fault()),
        PeerGrain.RowKind when Names.IsName(place.Key) => TakeAsync<PeerRow>(place, "", (_, row) => FaultOf(row)),
        IndicatorGrain.RowKind when Hash256.TryParseHex(place.Key, out _) =>
            TakeAsync<IndicatorRow>(place, "", (_, row) => FaultOf(row)),
        FeedbackGrain.RowKind when place.Key == owner.Member =>
            TakeAsync<FeedbackRow>(place, "", (_, row) => FeedbackGrain.FaultOf(row)),
        FeedbackGrain.ItemKind when place.Key.Length == 12 && place.Key.All(char.IsAsciiDigit) =>
            TakeAsync<QueueRow>(place, "", (_, row) => FeedbackGrain.FaultOf(row)),
        TagQuotaGrain.RowKind when place.Key.Split('/') is [var member, _, _] && Names.IsName(member) =>
            TakeAsync<TagQuotaRow>(place, "", (_, row) => TagQuotaGrain.FaultOf(row)),
        SellerStatements.RowKind when IsOrigin(place.Key) =>
            TakeAsync<SellerStatementsRow>(place, "", (_, row) => row.Fault()),
        WebhookRow.RowKind when Names.IsName(place.Key) =>
            TakeAsync<WebhookRow>(place, "", (_, row) => WebhookRow.FaultOf(row)),
        _ => NoteUnknown(place),
    };

    private Task NoteUnknown(RowPlace place)
    {
        var (count, first) = _unknown.GetValueOrDefault(place.Kind, (0, place.Key));
        _unknown[place.Kind] = (count + 1, first);
        return Task.CompletedTask;
    }

    private async Task LookAtSealedAsync(RowPlace place)
    {
        if (!SealedPlace.TryParse(place.Kind, place.Key, out var at))
        {
            await NoteUnknown(place);
            return;
        }

        var log = logs.GetValueOrDefault(at.Origin);
        var refers = log is null ? false : await RefersAsync(log, at);
        if (refers == true && at.First < StoppedLogSource.SizeOf(log!.Log!, keyOf(at.Origin)))
        {
            // The walk through the log reads it, and tells what is wrong in it entry by entry.
            return;
        }

        if (refers == false)
        {
            var (count, first) = _unreferenced.GetValueOrDefault((at.Origin, place.Kind), (0, at.First));
            _unreferenced[(at.Origin, place.Kind)] = (count + 1, Math.Min(first, at.First));
        }

        await (place.Kind switch
        {
            LogRowKind.Bundle => TakeAsync<BundleRow>(place, at.Origin, (_, _) => null, at.First),
            LogRowKind.Payloads => TakeAsync<PayloadsRow>(place, at.Origin, (_, _) => null, at.First),
            _ => TakeAsync<TileRow>(place, at.Origin, (_, _) => null, at.First),
        });
    }

    /// <summary>Whether a log's head leads to a row; null if damage on the way hides that.</summary>
    private static async Task<bool?> RefersAsync(StoredLogOrDamage log, SealedPlace at)
    {
        if (log.Log is null)
        {
            return null;
        }

        try
        {
            return await log.Log.RefersToAsync(at);
        }
        catch (CorruptStateException)
        {
            return null;
        }
    }

    private Task<bool> TakeAsync<T>(RowPlace place, string origin, Func<string, T, string?> faultOf, long? first = null)
        where T : class =>
        findings.TakeAsync<T>(rows, place.Kind, place.Key, origin, row => faultOf(origin, row), first);

    /// <summary>A request has a row of its own only after its entries were written.</summary>
    private string? TakeRequest(string origin, RequestRow row)
    {
        if (row is not { Key.Length: Hash256.Size, Content.Length: Hash256.Size, First: >= 0, Count: > 0 })
        {
            return "a part of it is missing or out of range";
        }

        _requestEnds[origin] = Math.Max(_requestEnds.GetValueOrDefault(origin), row.First + row.Count);
        return null;
    }

    /// <summary>A proof is signed, so one that is good proves the fork, whatever else is wrong with the row.</summary>
    private void TakeFork(string origin, ForkRow row, bool isSound)
    {
        if (row.Proof is not null)
        {
            _forks.Add(new StoredFork(
                origin, row.Proof, isSound ? row.FreezeAt : null, $"the row '{LogRowKind.Fork}' of '{origin}'"));
        }
    }

    private static bool TryPart(string key, out string origin, out long from)
    {
        (origin, from) = ("", 0);
        return key.Split(':') is [var log, var index] && IsOrigin(origin = log)
            && long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out from);
    }

    private static bool IsOrigin(string key) => Origin.TryParse(key, out _, out _);

    private static string? FaultOf(ForkRow row) =>
        row.Proof is null || !ForkProof.TryDecode(row.Proof, out _, out _) ? "it holds no fork proof"
        : row.FreezeAt < 0 ? "a part of it is out of range"
        : null;

    private static string? FaultOf(string origin, DeferredRow row) =>
        row.Requests?.All(r => r is { Key: not null, Content.Length: Hash256.Size }
            && r.Entries?.All(e => e is { Kind: not null, Payload: not null }) == true) == true
            ? null
            : "a part of it is missing or out of range";

    private static string? FaultOf(PeerRow row) =>
        row is { LastContact: >= 0, Failures: >= 0, NextAttempt: >= 0 } ? null : "a part of it is out of range";

    private static string? FaultOf(IndicatorRow row) =>
        row is { Note.Length: <= IndicatorGrain.MaxNote, Hits: >= 0, LastHit: >= 0 }
            ? null
            : "a part of it is missing or out of range";

    private void Warn(string kind, string origin, long? index, string explanation) =>
        findings.Add(new Finding(Severity.Warning, kind, origin, index, explanation, findings.Place));
}
