using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;

namespace FederationNode.Grains.Logs;

/// <content>
/// A log whose head row is damaged. The grain stays, so that the row is read once and not with every call, and answers
/// each call with the damage. Nothing is written: what is there may still be mended from a copy.
/// </content>
public sealed partial class MemberLogGrain
{
    private CorruptStateException? _damage;

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
