using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>A ceremony of three members of section 12, and the tag that two of them make.</summary>
internal static class ThresholdExample
{
    private static readonly string[] s_names = ["alpha", "beta", "gamma"];

    public static CeremonyPlan Plan { get; } =
        CeremonyPlan.ForNewKey("demo", new SellerScheme(SellerIdentifierType.Telephone, 2), 1, 2, [.. s_names]);

    public static Ceremony Open() =>
        Ceremony.TryOpen(Plan, null, out var ceremony, out var error) ? ceremony : throw new InvalidOperationException(error);

    public static byte[] Seed(int member) => DemoLogs.Count(0x20 * member, CeremonyParticipant.SeedSize);

    public static string Write()
    {
        var ceremony = Open();
        var participants = s_names.Select((name, i) => new CeremonyParticipant(ceremony, name, Seed(i), null)).ToArray();
        var minutes = new List<(string Author, CeremonyMessage Message)>();
        while (ceremony.Step < CeremonyStep.Done)
        {
            foreach (var participant in participants)
            {
                if (participant.TrySpeak(out var message, out _) && message is not null)
                {
                    ceremony.Take(participant.Name, message);
                    minutes.Add((participant.Name, message));
                }
            }
        }

        KeyShare[] shares = [.. participants.Select(p =>
            p.TryGetShare(out var share, out var error) ? share : throw new InvalidOperationException(error))];
        return WriteSecrets(ceremony) + WriteMinutes(ceremony, minutes) + WriteTag(ceremony.Key!, shares);
    }

    private static string WriteSecrets(Ceremony ceremony)
    {
        var page = new Page()
            .Heading("17.11 A key of three members")
            .Text("alpha, beta and gamma make the key for `voprf/tel/2`, two of the three being needed. Their secrets are made from seeds\n"
                + "as this node does it; `secret` is that of the key of the ceremony, `a0` and `a1` are the coefficients dealt.")
            .Block(("plan", Plan.Encode()), ("ceremony", Plan.Id));
        var values = new List<(string, object)>();
        for (var i = 0; i < s_names.Length; i++)
        {
            using var secrets = new CeremonySecrets(Seed(i), Plan.Id);
            values.Add(($"secret of {s_names[i]}", Bytes(secrets.Key())));
            values.Add(($"a0 of {s_names[i]}", Bytes(secrets.Coefficient(ceremony.KeysDigest, 0))));
            values.Add(($"a1 of {s_names[i]}", Bytes(secrets.Coefficient(ceremony.KeysDigest, 1))));
        }

        return page.Block([.. values]).ToString();
    }

    private static string WriteMinutes(Ceremony ceremony, List<(string Author, CeremonyMessage Message)> minutes) => new Page()
        .Text("What they say, and the digests of all keys and of all dealings:")
        .Block(
        [
            .. minutes.Select(m => ($"{m.Message.Step} of {m.Author}", (object)m.Message.Encode())),
            ("keys", ceremony.KeysDigest),
            ("dealings", ceremony.DealingsDigest),
        ])
        .ToString();

    private static string WriteTag(SharedKey key, KeyShare[] shares)
    {
        using var evaluation = new ThresholdEvaluation(key, [SellerTag.Blind(SellerExample.Identifier, DemoLogs.Count(0, 64))]);
        var values = new List<(string, object)> { ("shared key", key.Encode()), ("digest", key.Digest) };
        foreach (var share in shares)
        {
            values.Add(($"share of {share.Holder}", Bytes(share.Secret)));
            values.Add(($"public share of {share.Holder}", key.PublicShare(share.Number)));
        }

        values.Add(("blinded point", evaluation.Blinded[0]));
        foreach (var share in (KeyShare[])[shares[0], shares[2]])
        {
            var answer = VoprfServer.Evaluate(share.Secret, evaluation.Blinded, DemoLogs.Count(64, 64));
            values.Add(($"evaluated point of {share.Holder}", answer.Elements[0]));
            values.Add(($"proof of {share.Holder}", answer.Proof.ToArray()));
            evaluation.Accept(share.Number, new HolderAnswer([answer.Elements[0].ToArray()], answer.Proof.ToArray()));
        }

        values.Add(("tag", ThresholdTags.Finish(evaluation)[0]));
        return new Page()
            .Text("The outcome, and the tag of the number of 17.8, with the same blind, by alpha and gamma:")
            .Block([.. values])
            .ToString();
    }

    private static byte[] Bytes(VoprfSecretKey key)
    {
        var bytes = new byte[VoprfSecretKey.Size];
        key.CopyTo(bytes);
        return bytes;
    }
}
