using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Node.Api.Logs;

/// <summary>The logs that the node holds, with their keys.</summary>
internal sealed class LogDirectory(
    HeadBoard heads, RosterBoard roster, NodeIdentity identity, DamageBoard damages)
{
    /// <summary>
    /// Those with a checkpoint: a log that nobody has written to yet is not held. One whose head row is damaged is
    /// there as well, with nothing in it, so that nobody takes it for one that was never held.
    /// </summary>
    /// <param name="arriving">Also those of which something is held, and not yet all up to a checkpoint.</param>
    public IReadOnlyList<LogRow> Rows(bool arriving = false) =>
    [
        .. heads.All().Where(h => h.SignedSize > 0 || (arriving && (h.Size > 0 || heads.Outlines.ContainsKey(h.Origin)))).Select(Row)
            .Concat(damages.DamagedHeads().Where(o => heads.Get(o) is null)
                .Select(o => new LogRow(o, 0, MerkleHash.Empty.ToBase64(), KeyOf(o), 0, null)))
            .OrderBy(r => r.Origin, StringComparer.Ordinal),
    ];

    private LogRow Row(LogStatus log) =>
        new(
            log.Origin,
            log.SignedSize,
            log.SignedRoot.ToBase64(),
            KeyOf(log.Origin),
            log.Size,
            log.FrozenAt,
            heads.Outlines.GetValueOrDefault(log.Origin)?.End);

    /// <summary>By the roster; of a log that it does not name yet, by the trust anchor or the own key.</summary>
    private string KeyOf(string origin) =>
        roster.Current is { } document && document.TryFindLog(origin, out var log, out _) ? log.Key.ToString()
        : identity.Anchor.RosterLogKey.Name == origin ? identity.Anchor.RosterLogKey.ToString()
        : identity.KeyOf(origin)?.VerificationKey.ToString() ?? "";
}
