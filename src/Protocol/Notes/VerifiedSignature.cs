using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

/// <summary>A signature of a note that was verified with a known key.</summary>
/// <param name="Key">The key that made it.</param>
/// <param name="Time">
/// For a cosignature (type 0x04) the time that the cosigner states, in POSIX seconds from 0 to 2^63-1; otherwise null.
/// It is the signer's claim, not a proof of time.
/// </param>
public sealed record VerifiedSignature(VerificationKey Key, long? Time);
