using System.Collections.Concurrent;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Peers;
using FederationNode.Grains;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Status;

/// <summary>How fresh the list can be.</summary>
/// <param name="AgeSeconds">Silence of the peer that was silent longest; null if one was never heard of.</param>
/// <param name="Stale">Whether that is too long.</param>
internal readonly record struct Freshness(double? AgeSeconds, bool Stale);

/// <summary>
/// Looks at the links now and then, so that no request has to: a link's grain answers only after the exchange that it
/// is busy with. At most one question a peer is under way. Peers that only dial are left out: this node never calls
/// them, so their silence says nothing.
/// </summary>
internal sealed partial class PeerWatch(
    IGrainFactory grains,
    RosterBoard roster,
    LocalApiOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<PeerWatch> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, PeerStatus> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _underWay = new(StringComparer.Ordinal);

    public Freshness Freshness()
    {
        if (roster.Current is null)
        {
            return new Freshness(null, true);
        }

        double age = 0;
        foreach (var peer in Dialled())
        {
            if (SilenceOf(peer.Name) is not { } silence)
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
            var link = _links.GetValueOrDefault(peer.Name);
            return new PeerRow(
                peer.Name,
                peer.Endpoint,
                link?.Reachable ?? false,
                SilenceOf(peer.Name),
                link?.Failures ?? 0,
                link?.LastError);
        })];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            _ = Ask();
            await Task.Delay(options.PeersInterval, stoppingToken);
        }
    }

    /// <summary>Asks every link that is not being asked; ends when all have answered.</summary>
    internal Task Ask()
    {
        foreach (var peer in Dialled())
        {
            if (!_underWay.TryGetValue(peer.Name, out var asked) || asked.IsCompleted)
            {
                _underWay[peer.Name] = AskAsync(peer.Name);
            }
        }

        return Task.WhenAll(_underWay.Values);
    }

    private IEnumerable<RosterMember> Dialled() => roster.ActivePeers().Where(p => p.Endpoint.Length > 0);

    private double? SilenceOf(string member) =>
        _links.GetValueOrDefault(member) is { LastContact: > 0 } link
            ? Math.Max(0, (clock.GetUtcNow().ToUnixTimeMilliseconds() - link.LastContact) / 1000.0)
            : null;

    private async Task AskAsync(string member)
    {
        try
        {
            _links[member] = await grains.GetGrain<IPeerGrain>(member).GetStatusAsync();
        }
        catch (Exception failure)
        {
            // What was last known ages by itself; a peer whose state cannot be read soon makes the list stale.
            LogNotAnswered(member, failure);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The link to {Peer} does not tell how it is doing.")]
    private partial void LogNotAnswered(string peer, Exception failure);
}
