using System.Runtime.InteropServices;

namespace FederationNode.Protocol.Keys;

/// <summary>The one function of libsodium that NSec does not show. The native library comes with NSec.</summary>
internal static partial class Sodium
{
    /// <summary>
    /// Whether 32 bytes are the canonical encoding of a point of edwards25519 in the prime-order subgroup, and not of
    /// small order. Returns 1 if so, otherwise 0. The caller must have used NSec before, which initialises the library.
    /// </summary>
    [LibraryImport("libsodium", EntryPoint = "crypto_core_ed25519_is_valid_point")]
    internal static partial int IsValidPoint(ReadOnlySpan<byte> point);
}
