using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

/// <summary>One signature line of a note, decoded but not verified.</summary>
/// <param name="Name">Claimed name of the key; see <see cref="KeyName"/>.</param>
/// <param name="KeyId">Claimed key id: the first four bytes of the line's base64, big-endian.</param>
/// <param name="Blob">
/// What follows the key id: 64 bytes for type 0x01, 72 for type 0x04 (8 bytes of time, 64 of signature), 1 or more for
/// types that are not known.
/// </param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Blob);
