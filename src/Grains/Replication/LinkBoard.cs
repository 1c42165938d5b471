using System.Collections.Concurrent;

namespace FederationNode.Grains.Replication;

/// <summary>How the link to a peer is doing.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Reachable">Whether the last exchange worked.</param>
/// <param name="LastContact">When the last exchange that worked ended, in unix milliseconds; 0 if none did.</param>
/// <param name="Failures">Failed exchanges since then.</param>
/// <param name="LastError">What went wrong last, or null.</param>
/// <param name="Paused">Whether the peer says that it takes nothing now.</param>
/// <param name="Note">What it last did wrong, or null.</param>
public sealed record LinkStatus(
    string Member, bool Reachable, long LastContact, int Failures, string? LastError, bool Paused, string? Note);

/// <summary>
/// The links to all peers, where everything on this silo can read them without a call. Only the replication writes.
/// Safe from any thread.
/// </summary>
public sealed class LinkBoard
{
    private readonly ConcurrentDictionary<string, LinkStatus> _links = new(StringComparer.Ordinal);

    /// <summary>The link to a peer; a peer that was never heard of has one that is not reachable.</summary>
    public LinkStatus Get(string member) => _links.GetValueOrDefault(member) ?? None(member);

    internal void Change(string member, Func<LinkStatus, LinkStatus> change) =>
        _links.AddOrUpdate(member, m => change(None(m)), (_, link) => change(link));

    private static LinkStatus None(string member) => new(member, false, 0, 0, null, false, null);
}
