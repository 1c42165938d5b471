using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Ceremonies;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>What a holder keeps at rest: shares, and the seed of a ceremony under way, each as a <see cref="SealedSecret"/>.</summary>
public static class SealedShare
{
    /// <summary>The purpose of a sealed share.</summary>
    public const string SharePurpose = "seller-key-share";

    /// <summary>The purpose of a sealed seed: 32 bytes, followed by the 32 of the ceremony's id.</summary>
    public const string SeedPurpose = "ceremony-seed";

    /// <summary>Seals a share; parameters as of <see cref="SealedSecret.Seal"/>.</summary>
    /// <exception cref="ArgumentException">A length is not allowed.</exception>
    public static byte[] Seal(
        KeyShare share, ReadOnlySpan<byte> passphrase, PassphraseCost cost, ReadOnlySpan<byte> random40)
    {
        ArgumentNullException.ThrowIfNull(share);
        var bytes = share.Encode();
        try
        {
            return SealedSecret.Seal(SharePurpose, bytes, passphrase, cost, random40);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Opens a share and checks it against the commitments sealed with it.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> passphrase,
        [NotNullWhen(true)] out KeyShare? share,
        [NotNullWhen(false)] out string? error)
    {
        share = null;
        if (!SealedSecret.TryOpen(SharePurpose, bytes, passphrase, out var opened, out error))
        {
            return false;
        }

        try
        {
            return KeyShare.TryDecode(opened, out share, out error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(opened);
        }
    }

    /// <summary>Seals the seed of a ceremony; parameters as of <see cref="SealedSecret.Seal"/>.</summary>
    /// <exception cref="ArgumentException">A length is not allowed.</exception>
    public static byte[] SealSeed(
        Hash256 ceremony,
        ReadOnlySpan<byte> seed32,
        ReadOnlySpan<byte> passphrase,
        PassphraseCost cost,
        ReadOnlySpan<byte> random40)
    {
        if (seed32.Length != CeremonyParticipant.SeedSize)
        {
            throw new ArgumentException($"A seed has {CeremonyParticipant.SeedSize} bytes, not {seed32.Length}.", nameof(seed32));
        }

        var bytes = GC.AllocateArray<byte>(CeremonyParticipant.SeedSize + Hash256.Size, pinned: true);
        seed32.CopyTo(bytes);
        ceremony.CopyTo(bytes.AsSpan(CeremonyParticipant.SeedSize));
        try
        {
            return SealedSecret.Seal(SeedPurpose, bytes, passphrase, cost, random40);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Opens the seed of a ceremony.</summary>
    /// <param name="ceremony">The ceremony that is under way.</param>
    /// <param name="bytes">The sealed seed.</param>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="seed">The 32 bytes, in memory that the collector does not move; the caller erases them.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryOpenSeed(
        Hash256 ceremony,
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> passphrase,
        [NotNullWhen(true)] out byte[]? seed,
        [NotNullWhen(false)] out string? error)
    {
        seed = null;
        if (!SealedSecret.TryOpen(SeedPurpose, bytes, passphrase, out var opened, out error))
        {
            return false;
        }

        if (opened.Length != CeremonyParticipant.SeedSize + Hash256.Size
            || new Hash256(opened.AsSpan(CeremonyParticipant.SeedSize)) != ceremony)
        {
            CryptographicOperations.ZeroMemory(opened);
            error = "This is the seed of another ceremony: a seed serves for one.";
            return false;
        }

        seed = GC.AllocateArray<byte>(CeremonyParticipant.SeedSize, pinned: true);
        opened.AsSpan(0, CeremonyParticipant.SeedSize).CopyTo(seed);
        CryptographicOperations.ZeroMemory(opened);
        return true;
    }
}
