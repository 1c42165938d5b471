using FederationNode.Contracts.Api;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Checking;

/// <summary>An item of a check that has no fault, decoded.</summary>
/// <param name="Kind">As in <see cref="CheckItem"/>.</param>
/// <param name="Value">The hash or tag; of a text nothing.</param>
/// <param name="Text">The text; null for other kinds.</param>
/// <param name="Id">The caller's name for it, or null.</param>
/// <param name="Longest">As in <see cref="CheckItem"/>.</param>
internal readonly record struct AskedItem(string Kind, Hash256 Value, string? Text, string? Id, bool Longest = false)
{
    /// <summary>Decodes an item of which <see cref="ItemChecker.FaultOf"/> says nothing.</summary>
    public static AskedItem Of(CheckItem item) => item.Kind == ItemChecker.Text
        ? new AskedItem(item.Kind, default, item.Value, item.Id, item.Longest)
        : Hash256.TryParseLowerHex(item.Value, out var value)
            ? new AskedItem(item.Kind, value, null, item.Id)
            : throw new ArgumentException("The item has a fault.", nameof(item));
}
