using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Tests.Keys;

/// <summary>Key pairs from fixed seeds, the same in every run.</summary>
internal static class TestKeys
{
    public static SigningKey Signing(string name, byte seed = 1) =>
        SigningKey.FromSeed(name, Enumerable.Repeat(seed, SigningKey.SeedSize).ToArray());

    /// <summary>The same public key under the cosignature type, as a mirror would publish it.</summary>
    public static VerificationKey AsCosigner(SigningKey key) => VerificationKey.Create(
        key.VerificationKey.Name, NoteKeyType.Cosignature, key.VerificationKey.PublicKey);
}
