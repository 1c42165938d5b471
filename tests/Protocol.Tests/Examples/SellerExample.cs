using FederationNode.Protocol.Sellers;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>A tag of section 12, with the randomness of both sides fixed.</summary>
internal static class SellerExample
{
    /// <summary>A number out of a range that is kept for fiction.</summary>
    public const string Raw = "030 23125 042";

    public static VoprfSecretKey Key { get; } = VoprfSecretKey.DeriveFromSeed(DemoLogs.Count(0xe0, 32), "voprf/tel/1"u8);

    public static SellerIdentifier Identifier { get; } =
        SellerIdentifier.TryCanonicalize(SellerIdentifierType.Telephone, Raw, "DE", out var identifier, out var error)
            ? identifier
            : throw new InvalidOperationException(error);

    public static string Write()
    {
        using var state = SellerTag.Blind(Identifier, DemoLogs.Count(0, 64));
        RistrettoPoint[] request = [state.BlindedElement];
        var answer = VoprfServer.Evaluate(Key, request, DemoLogs.Count(64, 64));
        if (!SellerTag.TryFinalize(Key.PublicKey, [state], answer.Elements, answer.Proof, out var tags, out var error))
        {
            throw new InvalidOperationException(error);
        }

        var secret = new byte[VoprfSecretKey.Size];
        Key.CopyTo(secret);
        return new Page()
            .Heading("17.8 A seller tag")
            .Text($"The telephone number `{Raw}` of an account opened in Germany is `{Identifier.Canonical}`. The key is\n"
                + "`DeriveKeyPair` of RFC 9497 with the seed `e0 e1 ... ff` and the information `voprf/tel/1`. The blind is the\n"
                + "64 bytes `00 01 ... 3f` as a little-endian number modulo the group order. The proof is one of many that hold:\n"
                + "its nonce is free, and here a hash of the key, the batch and the 64 bytes `40 41 ... 7f`.")
            .Block(
                ("secret key", secret),
                ("public key", Key.PublicKey),
                ("input", Identifier.ToTagInput()),
                ("blinded point", request[0]),
                ("evaluated point", answer.Elements[0]),
                ("proof", answer.Proof.ToArray()),
                ("tag", tags[0]))
            .ToString();
    }
}
