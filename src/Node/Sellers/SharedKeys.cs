using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>
/// The keys for seller tags that the roster in force names, opened once each: that costs a multiplication for each holder
/// and commitment. Safe from any thread.
/// </summary>
internal sealed class SharedKeys
{
    private readonly RosterBoard _roster;
    private readonly ConcurrentDictionary<SellerKey, SharedKey> _opened = [];

    public SharedKeys(RosterBoard roster)
    {
        _roster = roster;
        roster.Changed += _ => _opened.Clear();
    }

    /// <summary>The key of a type and epoch.</summary>
    /// <param name="type">The identifier type.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="key">The key.</param>
    /// <param name="error">That there is no roster yet, that it names no such key, or that the key is none.</param>
    public bool TryGet(
        string type, int epoch, [NotNullWhen(true)] out SharedKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (_roster.Current is not { } document)
        {
            error = "No roster was received yet.";
            return false;
        }

        if (document.SellerKeyOf(type, epoch) is not { } named)
        {
            error = $"The roster, version {document.Version}, names no key of this type and epoch.";
            return false;
        }

        error = null;
        if (_opened.TryGetValue(named, out key))
        {
            return true;
        }

        if (!named.TryOpen(out key, out error))
        {
            return false;
        }

        _opened[named] = key;
        return true;
    }
}
