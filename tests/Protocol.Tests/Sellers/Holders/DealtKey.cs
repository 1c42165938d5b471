using System.Collections.Immutable;
using System.Security.Cryptography;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Tests.Sellers.Holders;

/// <summary>A key with its shares, dealt by one hand that knows everything: what no coalition does.</summary>
internal sealed class DealtKey : IDisposable
{
    public static readonly SellerScheme Scheme = new(SellerIdentifierType.Telephone, 1);

    private DealtKey(VoprfSecretKey whole, SharedKey key, KeyShare[] shares)
    {
        Whole = whole;
        Key = key;
        Shares = shares;
    }

    public VoprfSecretKey Whole { get; }

    public SharedKey Key { get; }

    public KeyShare[] Shares { get; }

    public static DealtKey Deal(int seed, int threshold, int holders)
    {
        var coefficients = Enumerable.Range(0, threshold).Select(k => Scalar(seed, k)).ToArray();
        var commitments = coefficients.Select(c => RistrettoPoint.MultiplyBase(in c)).ToImmutableArray();
        if (!SharedKey.TryCreate(Scheme, Names(holders), commitments, out var key, out var error))
        {
            throw new InvalidOperationException(error);
        }

        return new DealtKey(Secret(coefficients[0]), key, [.. Enumerable.Range(1, holders).Select(n => Share(key, n, coefficients))]);
    }

    public static ImmutableArray<string> Names(int count) => [.. Enumerable.Range(1, count).Select(n => $"holder-{n}")];

    public static RistrettoScalar Scalar(int seed, int which)
    {
        return RistrettoScalar.Reduce(SHA512.HashData([.. BitConverter.GetBytes(seed), .. BitConverter.GetBytes(which)]));
    }

    public static VoprfSecretKey Secret(RistrettoScalar scalar) =>
        VoprfSecretKey.TryDecode(scalar.ToArray(), out var key, out var error) ? key : throw new InvalidOperationException(error);

    public void Dispose()
    {
        Whole.Dispose();
        Array.ForEach(Shares, s => s.Dispose());
    }

    private static KeyShare Share(SharedKey key, int number, RistrettoScalar[] coefficients)
    {
        var x = RistrettoScalar.FromUInt64((ulong)number);
        RistrettoScalar value = default;
        foreach (ref var coefficient in coefficients.Reverse().ToArray().AsSpan())
        {
            value = RistrettoScalar.Add(RistrettoScalar.Multiply(in value, in x), in coefficient);
        }

        return KeyShare.TryCreate(key, number, Secret(value), out var share, out var error)
            ? share
            : throw new InvalidOperationException(error);
    }
}
