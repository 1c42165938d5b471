using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FederationNode.Protocol.Sellers;

/// <summary>The storage of a point or scalar: 32 bytes inside the value, so that it costs no allocation.</summary>
[InlineArray(Size)]
[SuppressMessage("Performance", "CA1815", Justification = "Storage only: the types around it define equality.")]
internal struct Bytes32
{
    internal const int Size = 32;

    private byte _element0;
}
