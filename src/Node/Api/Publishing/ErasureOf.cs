using System.Text;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Publishing;

/// <summary>
/// A request for an erasure as it came. It is never logged: it tells requests under one idempotency key apart, of which
/// the entries that it names cannot, since they are other ones, or none, when it is repeated.
/// </summary>
/// <param name="Indicator">The indicator.</param>
/// <param name="Reason">Why.</param>
internal sealed record ErasureOf(Hash256 Indicator, string Reason) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Erase;

    /// <inheritdoc/>
    public override byte[] Encode() => [.. Indicator.Span, .. Encoding.UTF8.GetBytes(Reason)];
}
