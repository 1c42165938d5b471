using System.Runtime.InteropServices;

namespace FederationNode.Bench;

/// <summary>The ristretto255 functions of libsodium, called without anything around them.</summary>
internal static unsafe partial class BareRistretto
{
    public const int Size = 32;

    private const string Library = "libsodium";

    /// <summary>Multiplications of one point by one scalar, over and over.</summary>
    public static void Multiply(int times)
    {
        byte* scalar = stackalloc byte[Size];
        byte* point = stackalloc byte[Size];
        Fill(scalar, point);
        for (var i = 0; i < times; i++)
        {
            Require(Multiply(point, scalar, point));
        }
    }

    /// <summary>
    /// What a batch needs at least: for each element so many multiplications, additions and maps of 64 bytes to the group,
    /// each on another input.
    /// </summary>
    public static void Batch(byte[] points, byte[] scalars, int multiplications, int additions, int maps)
    {
        byte* product = stackalloc byte[Size];
        byte* sum = stackalloc byte[Size];
        fixed (byte* point = points, scalar = scalars)
        {
            // Not copied by Span: that leaves the upper halves of vector registers in use, which slows libsodium by a tenth.
            Require(Add(sum, point, point));
            for (var at = 0; at < points.Length; at += Size)
            {
                for (var i = 0; i < maps; i++)
                {
                    Require(FromHash(product, scalar + (at < Size ? 0 : at - Size)));
                }

                for (var i = 0; i < multiplications; i++)
                {
                    Require(Multiply(product, scalar + at, point + at));
                }

                for (var i = 0; i < additions; i++)
                {
                    Require(Add(sum, sum, point + at));
                }
            }
        }
    }

    private static void Fill(byte* scalar, byte* point)
    {
        byte* wide = stackalloc byte[2 * Size];
        new Random(1).NextBytes(new Span<byte>(wide, 2 * Size));
        Require(FromHash(point, wide));
        Reduce(scalar, wide);
    }

    private static void Require(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException("libsodium refused an operand.");
        }
    }

    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_ristretto255")]
    private static partial int Multiply(byte* product, byte* scalar, byte* point);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_add")]
    private static partial int Add(byte* sum, byte* left, byte* right);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_from_hash")]
    private static partial int FromHash(byte* point, byte* hash64);

    [LibraryImport(Library, EntryPoint = "crypto_core_ristretto255_scalar_reduce")]
    private static partial void Reduce(byte* scalar, byte* wide64);
}
