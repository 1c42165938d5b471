using FederationNode.Matching.Exact;
using FederationNode.Protocol;

namespace FederationNode.Bench;

/// <summary>A table of keys for an exact index: row n is key n.</summary>
internal sealed class KeyArray(Hash256[] keys) : IKeyRows
{
    public ref readonly Hash256 KeyOf(int row) => ref keys[row];
}
