using System.Security.Cryptography;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Tests.Sellers;

/// <summary>A key for telephone numbers, dealt to members, with what the whole key gives.</summary>
internal sealed class DealtShares : IDisposable
{
    private readonly KeyDealing _dealing;
    private readonly VoprfSecretKey _whole;

    public DealtShares(int threshold, params string[] holders)
    {
        _whole = VoprfSecretKey.DeriveFromSeed(RandomNumberGenerator.GetBytes(VoprfSecretKey.SeedSize), "voprf/tel/1"u8);
        _dealing = KeyDealing.TryDeal(
            new SellerScheme(SellerIdentifierType.Telephone, 1),
            [.. holders],
            threshold,
            _whole,
            RandomNumberGenerator.GetBytes(KeyDealing.RandomSize(threshold)),
            out var dealing,
            out var error)
            ? dealing
            : throw new InvalidOperationException(error);
    }

    public SharedKey Key => _dealing.Key;

    public KeyShare ShareOf(string holder) => _dealing.Shares[Key.NumberOf(holder) - 1];

    /// <summary>A copy that its taker disposes.</summary>
    public KeyShare CopyOf(string holder) => KeyShare.TryDecode(ShareOf(holder).Encode(), out var copy, out var error)
        ? copy
        : throw new InvalidOperationException(error);

    public RistrettoPoint[] Evaluate(RistrettoPoint[] blinded) => VoprfServer.BlindEvaluate(_whole, blinded);

    public static RistrettoPoint[] Points(int count) =>
        [.. Enumerable.Range(1, count).Select(i => RistrettoPoint.FromUniformBytes(SHA512.HashData(BitConverter.GetBytes(i))))];

    public void Dispose()
    {
        _dealing.Dispose();
        _whole.Dispose();
    }
}
