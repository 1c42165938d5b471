using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Api.Status;

/// <summary>How fresh the list can be.</summary>
/// <param name="AgeSeconds">Silence of the peer that was silent longest; null if one was never heard of.</param>
/// <param name="Stale">Whether that is too long.</param>
internal readonly record struct Freshness(double? AgeSeconds, bool Stale);

/// <summary>
/// Looks at the links. Peers that only dial are left out of the freshness: this node never calls them, and they may be
/// silent for as long as their question is held open.
/// </summary>
internal sealed class PeerWatch(
    LinkBoard links,
    TablesBoard tables,
    RosterBoard roster,
    LocalApiOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    public Freshness Freshness()
    {
        if (roster.Current is null)
        {
            return new Freshness(null, true);
        }

        double age = 0;
        foreach (var peer in Dialled())
        {
            if (SilenceOf(links.Get(peer.Name)) is not { } silence)
            {
                return new Freshness(null, true);
            }

            age = Math.Max(age, silence);
        }

        return new Freshness(age, age > options.StaleAfter.TotalSeconds);
    }

    /// <summary>One row for each active peer, in the order of the roster.</summary>
    public IReadOnlyList<PeerRow> Rows() =>
        [.. roster.ActivePeers().Select(peer =>
        {
            var link = links.Get(peer.Name);
            var said = tables.Get(peer.Name);
            return new PeerRow(
                peer.Name,
                peer.Endpoint,
                link.Reachable,
                SilenceOf(link),
                link.Failures,
                link.LastError,
                said is null ? null : TablesBoard.Word(said.Verdict),
                said is { Verdict: TablesVerdict.Same or TablesVerdict.Other } ? said.Hash.ToString() : null);
        })];

    private IEnumerable<RosterMember> Dialled() => roster.ActivePeers().Where(p => p.Endpoint.Length > 0);

    private double? SilenceOf(LinkStatus link) => link.LastContact > 0
        ? Math.Max(0, (clock.GetUtcNow().ToUnixTimeMilliseconds() - link.LastContact) / 1000.0)
        : null;
}
