using System.Text;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>An entry with everything that stands beside it.</summary>
internal sealed record ExampleEntry(Origin Origin, long Index, Payload Payload, byte[] Salt)
{
    public byte[] PayloadBytes { get; } = Payload.Encode();

    public Leaf Leaf => new(Origin.Text, Payload.Kind, DemoLogs.Issued + Index, Ref, Leaf.Commit(Salt, PayloadBytes));

    public Hash256 LeafHash => MerkleHash.Leaf(Leaf.Encode());

    public long? Ref { get; init; }

    /// <summary>The entry as a node reads it.</summary>
    public LogEntry Interpret() =>
        LogEntry.TryInterpret(Origin, Index, LeafHash, Leaf.Encode(), Salt, PayloadBytes, out var entry, out var reason)
            ? entry
            : throw new InvalidOperationException(reason);
}

/// <summary>The logs of the coalition "demo" that the worked examples show; all seeds, salts and times are fixed.</summary>
internal static class DemoLogs
{
    public const long Issued = 1_790_000_000;

    public static Origin Alpha { get; } = Origin.Parse("demo/alpha/indicators/1");

    public static Origin Beta { get; } = Origin.Parse("demo/beta/indicators/1");

    public static Indicator Keyword { get; } = Indicator.Keyword("elfenbein");

    public static Indicator Pdq { get; } = new(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, Count(0xc0, 32));

    public static Indicator Sha256 { get; } = new(
        IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, Hash256.Of("an image file"u8).ToArray());

    public static Indicator Seller { get; } = new(
        IndicatorKind.Seller, "voprf/tel/1", SellerTag.EvaluateLocally(SellerExample.Key, SellerExample.Identifier).ToArray());

    public static IReadOnlyList<ExampleEntry> BetaEntries { get; } =
        [new(Beta, 0, Listing(Pdq, "pangolin", null), Count(0x80, 16))];

    public static IReadOnlyList<ExampleEntry> AlphaEntries { get; } =
    [
        Of(0, Listing(Keyword, "ivory", new KeywordContext("de", "word", ["verkauf"], [], ["museum"], 100))),
        Of(1, Listing(Seller, "ivory", null)),
        Of(2, new OpinionPayload(Pdq.Id, "beta", OpinionPayload.Dispute, "false-positive")),
        Of(3, new TallyPayload(20_717, "ivory", 12, 3, 2)),
        Of(4, new WithdrawalPayload(Keyword.Id, "error")) with { Ref = 0 },
        Of(5, new ErasePayload(1, "legal")) with { Ref = 1 },
        Of(6, new HeartbeatPayload([HeadOf(BetaEntries, 1)])),
    ];

    public static ExampleEntry Receipt { get; } = new(
        Origin.Parse("demo/beta/receipts/1"),
        0,
        new ReceiptPayload([new HeldHead(HeadOf(AlphaEntries, 3), (Issued * 1000) + 2500)]),
        Count(0x90, 16));

    public static ExampleEntry Erasure { get; } = new(
        Origin.Parse("demo/beta/receipts/1"),
        1,
        new ErasurePayload([new CarriedOut(Alpha.Text, 6, (Issued * 1000) + 9000)]),
        Count(0xb0, 16));

    public static ExampleEntry Evaluations { get; } = new(
        Origin.Parse("demo/beta/receipts/1"),
        2,
        new EvaluationsPayload(20_716, [new EvaluationCount("alpha", "tel", 1, 4000, 0), new EvaluationCount("beta", "tel", 1, 120, 50)]),
        Count(0xc0, 16));

    // Made on demand: the roster's own examples take keys and pins from here.
    public static ExampleEntry Roster => new(
        Origin.Parse("demo/secretariat/roster/1"), 0, new RosterPayload(RosterExample.SignedFirst), Count(0xa0, 16));

    /// <summary>Bytes that count up from a start.</summary>
    public static byte[] Count(int start, int length) => [.. Enumerable.Range(start, length).Select(i => (byte)i)];

    public static SigningKey Key(string name, int start) => SigningKey.FromSeed(name, Count(start, SigningKey.SeedSize));

    public static SigningKey AlphaKey() => Key(Alpha.Text, 0);

    /// <summary>What stands in the TLS pins of the examples: the hash of a text instead of a certificate's key.</summary>
    public static Hash256 Pin(string member) => Hash256.Of(Encoding.ASCII.GetBytes($"TLS key of {member}"));

    public static LogHead HeadOf(IReadOnlyList<ExampleEntry> log, int size) =>
        new(log[0].Origin.Text, size, NodeOver([.. log.Take(size).Select(e => e.LeafHash)]));

    public static Checkpoint CheckpointOf(LogHead head) => new(head.Origin, head.Size, head.Root);

    /// <summary>MTH of RFC 6962, section 2.1, as it is written there.</summary>
    public static Hash256 NodeOver(ReadOnlySpan<Hash256> leaves)
    {
        if (leaves.Length < 2)
        {
            return leaves.Length == 0 ? Hash256.Of([]) : leaves[0];
        }

        var left = 1;
        while (2 * left < leaves.Length)
        {
            left *= 2;
        }

        return Hash256.Of([1, .. NodeOver(leaves[..left]).Span, .. NodeOver(leaves[left..]).Span]);
    }

    private static ExampleEntry Of(int index, Payload payload) => new(Alpha, index, payload, Count(0x10 * index, 16));

    private static ListingPayload Listing(Indicator indicator, string category, KeywordContext? context) => new()
    {
        Indicator = indicator,
        Category = category,
        Taxon = category == "ivory" ? "Loxodonta africana" : "Manis javanica",
        Cites = "I",
        Severity = 3,
        Confidence = 90,
        Action = "block",
        Expires = Issued + (365 * 86_400),
        Jurisdictions = ["AT", "DE"],
        Exceptions = ["antique-pre-1947"],
        Tlp = "amber",
        Evidence = Hash256.Of("evidence"u8),
        Context = context,
    };
}
