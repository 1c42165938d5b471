using System.Security.Cryptography;
using NSec.Cryptography;

namespace FederationNode.Protocol.Keys;

/// <summary>
/// Checks at start that the native library really follows the strict rules that the protocol fixes. A node whose
/// library accepts more, or less, would sooner or later take a different log for the true one.
/// </summary>
/// <remarks>Signature cases: ed25519-speccheck (Chalkias, Garillot, Nikolaenko 2020), Apache-2.0.</remarks>
public static class Ed25519SelfTest
{
    private sealed record SignatureCase(string What, bool Valid, string Message, string PublicKey, string Signature);

    private sealed record PointCase(string What, bool Valid, string Point);

    private static readonly SignatureCase[] s_signatures =
    [
        new("public key of small order", false,
            "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
            + "0000000000000000000000000000000000000000000000000000000000000000"),
        new("R of small order", false,
            "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
            + "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e"),
        new("a key of mixed order, a signature that both equations accept", true,
            "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
            + "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"),
        new("only the equation with the cofactor holds", false,
            "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
            + "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09"),
        new("S not below the group order", false,
            "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
            "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
            "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
            + "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514"),
        new("R not canonical", false,
            "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f"),
        new("public key not canonical", false,
            "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc"
            + "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"),
    ];

    private static readonly PointCase[] s_points =
    [
        new("the base point", true, "5866666666666666666666666666666666666666666666666666666666666666"),
        new("the neutral element", false, "0100000000000000000000000000000000000000000000000000000000000000"),
        new("a point of order 4", false, "0000000000000000000000000000000000000000000000000000000000000000"),
        new("a point of order 8", false, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        new("a point of mixed order", false, "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        new("no canonical encoding", false, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        new("no point of the curve", false, "0200000000000000000000000000000000000000000000000000000000000000"),
    ];

    /// <summary>Runs all cases; takes about a millisecond.</summary>
    /// <exception cref="CryptographicException">A case failed: the node must not start with this library.</exception>
    public static void Run() => Run(VerifyNative, IsValidPointNative);

    /// <summary>Runs all cases against the given functions, so that a test can show a wrong one caught.</summary>
    internal static void Run(Func<byte[], byte[], byte[], bool> verify, Func<byte[], bool> isValidPoint)
    {
        foreach (var c in s_signatures)
        {
            var key = Convert.FromHexString(c.PublicKey);
            Require(
                verify(key, Convert.FromHexString(c.Message), Convert.FromHexString(c.Signature)) == c.Valid,
                c.What);
        }

        foreach (var c in s_points)
        {
            Require(isValidPoint(Convert.FromHexString(c.Point)) == c.Valid, c.What);
        }
    }

    private static bool VerifyNative(byte[] publicKey, byte[] message, byte[] signature) =>
        SignatureAlgorithm.Ed25519.Verify(
            PublicKey.Import(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey), message, signature);

    private static bool IsValidPointNative(byte[] point) => Sodium.IsValidPoint(point) == 1;

    private static void Require(bool asExpected, string what)
    {
        if (!asExpected)
        {
            throw new CryptographicException(
                $"The native libsodium does not follow the strict Ed25519 rules (case: {what}): "
                + "install the library that comes with this program.");
        }
    }
}
