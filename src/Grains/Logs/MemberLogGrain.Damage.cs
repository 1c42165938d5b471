using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>
/// Damage. A sealed row is written anew with what the tree held here names. Of a log whose head row is damaged the grain
/// stays, so that the row is read once and not with every call, and answers each call with the damage. Nothing is
/// written then: what is there may still be mended from a copy.
/// </content>
public sealed partial class MemberLogGrain
{
    private CorruptStateException? _damage;

    /// <inheritdoc/>
    public Task<RepairOutcome> RepairAsync(long from, IReadOnlyList<StoredEntry> entries, IReadOnlyList<long>? erased) =>
        RepairAsync(() => _log.RepairBundleAsync(from / HeadEdge.Width, entries, erased));

    /// <inheritdoc/>
    public Task<RepairOutcome> RepairTileAsync(int level, long number) =>
        RepairAsync(() => _log.RepairTileAsync(level, number));

    /// <summary>No head is moved, so whatever fails leaves what this activation believes as true as before.</summary>
    private async Task<RepairOutcome> RepairAsync(
        Func<Task<(RepairOutcome Outcome, IReadOnlyList<(string Kind, string Key)> Sound)>> repair)
    {
        if (_damage is not null)
        {
            return RepairOutcome.Unavailable;
        }

        try
        {
            var (outcome, sound) = await repair();
            foreach (var (kind, key) in sound)
            {
                _damages.Clear(kind, key);
            }

            return outcome;
        }
        catch (CorruptStateException damage)
        {
            // A row above it: that one first.
            _damages.Note(damage);
            return RepairOutcome.Unavailable;
        }
        catch (Exception failure) when (failure is StorageException or RowConflictException)
        {
            LogRepairFailed(_origin, failure);
            return RepairOutcome.Unavailable;
        }
    }

    private async Task<bool> TryLoadAsync()
    {
        try
        {
            _log = await StoredLog.LoadAsync(_rows, _origin);
            _damages.Clear(LogRowKind.Head, _origin);
            return true;
        }
        catch (CorruptStateException damage)
        {
            _damage = damage;
            _damages.Note(damage);
            return false;
        }
    }

    private void RefuseDamaged()
    {
        if (_damage is { } damage)
        {
            throw new CorruptStateException(LogRowKind.Head, _origin, damage.Reason, damage, damage.ETag);
        }
    }

    private static AppendResult Refused(CorruptStateException damage) =>
        AppendResult.Refused(AppendRefusal.Damaged, damage.Message);
}
