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
    // Replaced whole when another roster is in force.
    private Peers _dialled = new(null, []);

    public Freshness Freshness()
    {
        if (roster.Current is not { } current)
        {
            return new Freshness(null, true);
        }

        double age = 0;
        foreach (var peer in Dialled(current))
        {
            if (SilenceOf(links.Get(peer)) is not { } silence)
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

    /// <summary>The names of the peers that this node calls: every check asks for them, the roster seldom changes.</summary>
    private string[] Dialled(RosterDocument current)
    {
        var known = Volatile.Read(ref _dialled);
        if (ReferenceEquals(known.Roster, current))
        {
            return known.Names;
        }

        string[] names = [.. roster.ActivePeers().Where(p => p.Endpoint.Length > 0).Select(p => p.Name)];

        // The roster may have changed meanwhile: then the names are asked for again.
        if (ReferenceEquals(roster.Current, current))
        {
            Volatile.Write(ref _dialled, new Peers(current, names));
        }

        return names;
    }

    private double? SilenceOf(LinkStatus link) => link.LastContact > 0
        ? Math.Max(0, (clock.GetUtcNow().ToUnixTimeMilliseconds() - link.LastContact) / 1000.0)
        : null;

    private sealed record Peers(RosterDocument? Roster, string[] Names);
}
