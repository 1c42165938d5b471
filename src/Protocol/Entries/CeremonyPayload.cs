using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Sellers.Ceremonies;

namespace FederationNode.Protocol.Entries;

/// <summary>
/// What a member says in a key ceremony, as bytes: whoever reads logs need not know curves. Whether they are a message is asked
/// by <see cref="CeremonyMessage.TryDecode"/>. docs/protocol.md, "ceremony".
/// </summary>
/// <param name="Message">1 to 8,192 bytes.</param>
public sealed record CeremonyPayload(ReadOnlyMemory<byte> Message) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Ceremony;

    /// <inheritdoc/>
    public override byte[] Encode() => Message.ToArray();

    internal static bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out CeremonyPayload? payload, [NotNullWhen(false)] out string? error)
    {
        error = bytes.Length is > 0 and <= CeremonyMessage.MaxEncoded
            ? null
            : $"A message of a ceremony has 1 to {CeremonyMessage.MaxEncoded} bytes, not {bytes.Length}.";
        payload = error is null ? new CeremonyPayload(bytes.ToArray()) : null;
        return error is null;
    }

    /// <inheritdoc/>
    public bool Equals(CeremonyPayload? other) => other is not null && Message.Span.SequenceEqual(other.Message.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => Message.Length;
}
