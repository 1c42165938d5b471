using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// One party makes a key, or takes one that it has whole, and deals it to holders (Feldman 1987). It is the dealer's word alone
/// that it kept nothing: until it has erased what it dealt it can make any tag. A ceremony has no such party.
/// <see cref="Dispose"/> erases the shares.
/// </summary>
public sealed class KeyDealing : IDisposable
{
    private readonly KeyShare[] _shares;

    private KeyDealing(SharedKey key, KeyShare[] shares)
    {
        Key = key;
        _shares = shares;
    }

    /// <summary>The public side.</summary>
    public SharedKey Key { get; }

    /// <summary>The shares of the holders in their order.</summary>
    public IReadOnlyList<KeyShare> Shares => _shares;

    /// <summary>Length in bytes of the randomness of a dealing: 64 for each coefficient.</summary>
    /// <param name="threshold">How many holders shall make a tag together.</param>
    public static int RandomSize(int threshold) => threshold * RistrettoScalar.WideSize;

    /// <summary>Deals a key.</summary>
    /// <param name="scheme">What the key is for.</param>
    /// <param name="holders">1 to 32 names of members, no two alike.</param>
    /// <param name="threshold">From 1 to the number of holders.</param>
    /// <param name="whole">The key, which stays the caller's, or null for a new one. Tags stay what they are.</param>
    /// <param name="random">Fresh random bytes, <see cref="RandomSize"/>; the caller erases them.</param>
    /// <param name="dealing">The key with its shares.</param>
    /// <param name="error">What is wrong with the holders or the threshold.</param>
    /// <exception cref="ArgumentException">The random bytes are not as many, or not random.</exception>
    public static bool TryDeal(
        SellerScheme scheme,
        ImmutableArray<string> holders,
        int threshold,
        VoprfSecretKey? whole,
        ReadOnlySpan<byte> random,
        [NotNullWhen(true)] out KeyDealing? dealing,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        dealing = null;
        if (!SharedKey.AreHolders(holders, out error))
        {
            return false;
        }

        if (threshold < 1 || threshold > holders.Length)
        {
            error = $"The threshold is from 1 to the number of holders, {holders.Length}, not {threshold}.";
            return false;
        }

        var polynomial = Polynomial(threshold, whole, random);
        try
        {
            dealing = SharedKey.TryCreate(scheme, holders, [.. polynomial.Select(c => c.PublicKey)], out var key, out error)
                ? new KeyDealing(key, SharesOf(key, polynomial))
                : null;
            return dealing is not null;
        }
        finally
        {
            foreach (var coefficient in polynomial.Where(c => c != whole))
            {
                coefficient.Dispose();
            }
        }
    }

    /// <summary>Erases the shares.</summary>
    public void Dispose() => Array.ForEach(_shares, s => s.Dispose());

    private static VoprfSecretKey[] Polynomial(int threshold, VoprfSecretKey? whole, ReadOnlySpan<byte> random)
    {
        if (random.Length != RandomSize(threshold))
        {
            throw new ArgumentException(
                $"A threshold of {threshold} takes {RandomSize(threshold)} random bytes, not {random.Length}.", nameof(random));
        }

        var polynomial = new VoprfSecretKey[threshold];
        for (var k = 0; k < threshold; k++)
        {
            var scalar = RistrettoScalar.Reduce(random.Slice(k * RistrettoScalar.WideSize, RistrettoScalar.WideSize));
            polynomial[k] = k == 0 && whole is not null ? whole : SecretOf(ref scalar);
        }

        return polynomial;
    }

    private static KeyShare[] SharesOf(SharedKey key, VoprfSecretKey[] polynomial)
    {
        var shares = new KeyShare[key.Holders.Length];
        for (var i = 0; i < shares.Length; i++)
        {
            var value = SecretPolynomial.ValueAt(polynomial, i + 1);
            shares[i] = KeyShare.TryCreate(key, i + 1, SecretOf(ref value), out var share, out var error)
                ? share
                : throw new CryptographicException(error);
        }

        return shares;
    }

    /// <summary>The scalar as a key; erases it.</summary>
    private static VoprfSecretKey SecretOf(ref RistrettoScalar scalar)
    {
        try
        {
            return VoprfSecretKey.TryDecode(scalar.Span, out var key, out var error)
                ? key
                : throw new ArgumentException($"The random bytes are not random: {error}");
        }
        finally
        {
            scalar.Erase();
        }
    }
}
