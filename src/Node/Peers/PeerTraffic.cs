using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Peers;

/// <summary>
/// What this node has asked of its peers since it started, by route, for its status and for meters
/// (<c>fednode.peer.requests</c>, <c>fednode.peer.sent</c>, <c>fednode.peer.received</c>). Safe from any thread.
/// </summary>
public sealed class PeerTraffic
{
    private static readonly Meter s_meter = new("FederationNode.Peers");
    private static readonly Counter<long> s_requests = s_meter.CreateCounter<long>(
        "fednode.peer.requests", "{request}", "Requests to peers, by route and peer.");

    private static readonly Counter<long> s_sent = s_meter.CreateCounter<long>(
        "fednode.peer.sent", "By", "Bodies of requests to peers, by route and peer.");

    private static readonly Counter<long> s_received = s_meter.CreateCounter<long>(
        "fednode.peer.received", "By", "Bodies of peers' answers, by route and peer.");

    private readonly ConcurrentDictionary<string, TrafficRow> _rows = new(StringComparer.Ordinal);

    /// <summary>The routes asked so far, in the order of their names.</summary>
    public IReadOnlyList<TrafficRow> Rows() => [.. _rows.Values.OrderBy(r => r.Route, StringComparer.Ordinal)];

    /// <summary>A request goes out.</summary>
    /// <param name="member">The peer.</param>
    /// <param name="route">The route.</param>
    /// <param name="bytes">Length of its body.</param>
    public void Sent(string member, string route, int bytes)
    {
        KeyValuePair<string, object?> byRoute = new("route", route), byPeer = new("peer", member);
        s_requests.Add(1, byRoute, byPeer);
        s_sent.Add(bytes, byRoute, byPeer);
        _rows.AddOrUpdate(
            route,
            r => new TrafficRow(r, 1, bytes, 0),
            (_, row) => row with { Requests = row.Requests + 1, BytesSent = row.BytesSent + bytes });
    }

    /// <summary>A good answer came back whole.</summary>
    /// <param name="member">The peer.</param>
    /// <param name="route">The route.</param>
    /// <param name="bytes">Length of its body.</param>
    public void Received(string member, string route, int bytes)
    {
        s_received.Add(bytes, new KeyValuePair<string, object?>("route", route), new("peer", member));
        _rows.AddOrUpdate(
            route,
            r => new TrafficRow(r, 0, 0, bytes),
            (_, row) => row with { BytesReceived = row.BytesReceived + bytes });
    }
}
