using System.Runtime.InteropServices;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The ristretto255 functions of libsodium (https://doc.libsodium.org/advanced/point-arithmetic/ristretto).
/// NSec brings the native library but has no ristretto255 of its own, hence these bindings.
/// They take bare references: every length is checked by <see cref="RistrettoPoint"/> and
/// <see cref="RistrettoScalar"/>, the only callers. Points and scalars have 32 bytes, the inputs of from_hash
/// and scalar_reduce 64.
/// </summary>
internal static partial class SodiumNative
{
    private const string Library = "libsodium";

    // Picks the code for this processor, once, before the first call into the group. 1 means "already done".
    static SodiumNative()
    {
        if (Init() < 0)
        {
            throw new InvalidOperationException("libsodium could not be initialised: sodium_init failed.");
        }
    }

    [LibraryImport(Library, EntryPoint = "sodium_init")]
    private static partial int Init();

    /// <summary>1 if the encoding is canonical and on the group; the identity passes too.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_is_valid_point")]
    internal static partial int IsValidPoint(in byte point);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_from_hash")]
    internal static partial int FromHash(ref byte point, in byte hash64);

    /// <summary>-1 if either operand is not a valid encoding.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_add")]
    internal static partial int Add(ref byte sum, in byte left, in byte right);

    /// <summary>-1 if either operand is not a valid encoding.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_sub")]
    internal static partial int Subtract(ref byte difference, in byte left, in byte right);

    /// <summary>-1 if the point is invalid or the product is the identity.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_ristretto255")]
    internal static partial int Multiply(ref byte product, in byte scalar, in byte point);

    /// <summary>-1 if the product is the identity.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_ristretto255_base")]
    internal static partial int MultiplyBase(ref byte product, in byte scalar);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_reduce")]
    internal static partial void ScalarReduce(ref byte scalar, in byte wide64);

    /// <summary>-1 if the scalar is zero.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_invert")]
    internal static partial int ScalarInvert(ref byte inverse, in byte scalar);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_add")]
    internal static partial void ScalarAdd(ref byte sum, in byte left, in byte right);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_sub")]
    internal static partial void ScalarSubtract(ref byte difference, in byte left, in byte right);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_mul")]
    internal static partial void ScalarMultiply(ref byte product, in byte left, in byte right);
}
