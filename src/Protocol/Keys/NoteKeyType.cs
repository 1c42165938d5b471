namespace FederationNode.Protocol.Keys;

/// <summary>
/// The byte in front of a public key that says how its signatures are made (C2SP signed-note v1.0.0).
/// Any other byte is an unknown type: keys of it cannot be read, and their signatures are ignored.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1008", Justification = "0 is not a signature type of the specification.")]
public enum NoteKeyType : byte
{
    /// <summary>0x01: plain Ed25519 (RFC 8032) over the note text. Blob: key id 4 bytes, signature 64 bytes.</summary>
    Ed25519 = 0x01,

    /// <summary>
    /// 0x04: timestamped Ed25519 cosignature (C2SP tlog-cosignature v1.0.1).
    /// Blob: key id 4 bytes, POSIX seconds u64 big-endian, signature 64 bytes.
    /// </summary>
    Cosignature = 0x04,
}
