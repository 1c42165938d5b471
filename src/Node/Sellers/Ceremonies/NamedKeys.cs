using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>
/// All keys for seller tags that any roster has named, in whosever hands: those that may be handed over, and those whose shares
/// are to be destroyed since others hold the key. Read from the stored chain when the roster changes. Not for concurrent use.
/// </summary>
/// <param name="readChain">All roster documents up to the one in force, oldest first, verified when they were stored; null: there are none.</param>
/// <param name="roster">The roster in force.</param>
internal sealed class NamedKeys(Func<Task<IReadOnlyList<byte[]>?>> readChain, RosterBoard roster)
{
    private readonly List<SharedKey> _keys = [];
    private readonly HashSet<Hash256> _digests = [];
    private int _read;

    /// <summary>The keys that a node's stored chain names.</summary>
    public static NamedKeys OfStored(RowStore rows, NodeIdentity identity, RosterBoard roster) => new(
        async () => (await rows.ReadAsync<RosterRow>(RosterGrain.RowKind, identity.Coalition))?.Value.Chain, roster);

    /// <summary>The version of the roster up to which was read; 0: none.</summary>
    public int Version { get; private set; }

    /// <summary>The key with this digest, or null if no roster named it.</summary>
    public SharedKey? Find(Hash256 digest) => _keys.Find(k => k.Digest == digest);

    /// <summary>The keys that other holders have now: the same key in the hands of an earlier roster's holders.</summary>
    public IEnumerable<SharedKey> Former() => _keys.Where(
        k => CurrentOf(k) is { } now && now.PublicKey == k.PublicKey && now.Digest != k.Digest);

    /// <summary>The key of the roster in force for the same type and epoch.</summary>
    private SharedKey? CurrentOf(SharedKey key) =>
        roster.Current?.SellerKeyOf(key.Scheme.Type.Name, key.Scheme.Epoch) is { } named
            ? _keys.FindLast(k => SellerKey.Of(k).IsHeldAs(named))
            : null;

    /// <summary>Reads what has come since; false if nothing has.</summary>
    /// <exception cref="StorageException">The database failed.</exception>
    public async Task<bool> ReadAsync()
    {
        if (roster.Current is not { } current || current.Version == Version)
        {
            return false;
        }

        if (await readChain() is not { } chain)
        {
            return false;
        }

        foreach (var note in chain.Skip(_read))
        {
            if (SignedNote.TryParse(note, out var signed, out _, RosterChain.MaxNote)
                && RosterDocument.TryParse(signed.Text, out var document, out _))
            {
                Take(document);
            }
        }

        _read = chain.Count;
        Version = current.Version;
        return true;
    }

    private void Take(RosterDocument document)
    {
        foreach (var named in document.SellerKeys)
        {
            // One that is none is no business of holders; the node's status tells of it.
            if (_keys.FindLast(k => SellerKey.Of(k).IsHeldAs(named)) is null && named.TryOpen(out var key, out _) && _digests.Add(key.Digest))
            {
                _keys.Add(key);
            }
        }
    }
}
