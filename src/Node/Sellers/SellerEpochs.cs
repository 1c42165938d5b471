using FederationNode.Contracts.Api;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Sellers;

/// <summary>The epochs under which identifiers of a type are tagged, the newest first; none: there is no key.</summary>
/// <param name="type">The type.</param>
internal delegate IReadOnlyList<int> SellerEpochs(SellerIdentifierType type);

/// <summary>Which epochs there are.</summary>
internal static class SellerKeyEpochs
{
    /// <summary>The keys of a roster, by type, the newest epoch first.</summary>
    /// <param name="roster">The roster in force.</param>
    /// <param name="now">Unix seconds.</param>
    public static SellerKeysResponse Describe(RosterDocument roster, long now) => new(
    [
        .. roster.SellerKeys.OrderBy(k => k.Type, StringComparer.Ordinal).ThenByDescending(k => k.Epoch)
            .Select(k => new SellerKeyView(k.Type, k.Epoch, k.Until, !(k.Until <= now))),
    ]);

    /// <summary>The epochs that count.</summary>
    public static SellerEpochs Counting(SellerKeysResponse keys) =>
        type => [.. keys.Keys.Where(k => k.Type == type.Name && k.Counts).Select(k => k.Epoch)];

    /// <summary>These epochs, whether there are keys of them or not.</summary>
    /// <param name="epochs">The newest first.</param>
    public static SellerEpochs Only(params int[] epochs) => _ => epochs;
}
