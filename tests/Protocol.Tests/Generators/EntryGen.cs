using System.Collections.Immutable;
using System.Text;
using CsCheck;
using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Tests.Generators;

/// <summary>Arbitrary well-formed leaves and payloads of every kind.</summary>
internal static class EntryGen
{
    private const string LowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

    public static Gen<string> Name { get; } = Hyphenated(Names.MaxName);

    public static Gen<string> Code { get; } = Hyphenated(Names.MaxCode);

    public static Gen<Hash256> Hash { get; } = Gen.Byte.Array[Hash256.Size].Select(b => new Hash256(b));

    public static Gen<byte[]> Salt { get; } = Gen.Byte.Array[ProtocolLimits.SaltSize];

    public static Gen<long> Time { get; } = Edged(ProtocolLimits.MaxTime);

    public static Gen<long> Index { get; } = Edged(ProtocolLimits.MaxLogSize);

    public static Gen<Origin> Origins { get; } =
        Gen.Select(Name, Name, Code, Gen.Int[1, 999_999]).Select((c, m, l, e) => Origin.Create(c, m, l, e));

    /// <summary>Text of any script that has at most so many bytes of UTF-8, and at least one.</summary>
    public static Gen<string> Term(int maxBytes) =>
        Gen.OneOf(Gen.Char['!', '~'], Gen.Char['\u00c0', '\u024f'], Gen.Char['\u0620', '\u064a'], Gen.Char['\u4e00', '\u9fff'])
            .Array[1, maxBytes / 3].Select(c => new string(c));

    public static Gen<Indicator> Indicators { get; } = Gen.OneOf(
        Term(Indicator.MaxValue).Select(Indicator.Keyword),
        Hash.Select(h => new Indicator(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, h.ToArray())),
        Hash.Select(h => new Indicator(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, h.ToArray())),
        Gen.Select(Gen.OneOf(Code, Code.Select(c => $"acct:{c}.9")), Gen.Int[1, 999_999], Hash).Select((type, epoch, tag) =>
            new Indicator(IndicatorKind.Seller, $"voprf/{type}/{epoch}", tag.ToArray())),
        Gen.Select(Code, Gen.Char[LowerDigits + "-.:/"].Array[1, IndicatorScheme.MaxLength], Gen.Byte.Array[0, Indicator.MaxValue])
            .Select((kind, scheme, value) => new Indicator("x-" + kind[..Math.Min(30, kind.Length)].TrimEnd('-'), new string(scheme), value)));

    public static Gen<KeywordContext> Context { get; } = Gen.Select(
        Gen.Char[LowerDigits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"].Array[0, 35].Select(c => new string(c)),
        Gen.OneOf("auto", "word", "substring", "prefix"),
        Terms,
        Terms,
        Terms,
        Gen.Int[0, KeywordContext.MaxWindow],
        (language, match, any, all, none, window) => new KeywordContext(language, match, any, all, none, window));

    public static Gen<ListingPayload> Listing { get; } = Gen.Select(
        Gen.Select(Indicators, Code, Gen.Char["ABCXYZabcxyz -."].Array[0, 96], Gen.OneOf("", "I", "II", "III")),
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 100], Gen.OneOf("block", "review", "signal"), Time),
        Gen.Select(
            Gen.Char['A', 'Z'].Array[2].Select(c => new string(c)).Array[0, 64],
            Code.Array[0, 16],
            Gen.OneOf("clear", "green", "amber", "amber-strict", "red"),
            Hash,
            Gen.Bool,
            Context),
        (what, how, where) => new ListingPayload
        {
            Indicator = what.Item1,
            Category = what.Item2,
            Taxon = new string(what.Item3),
            Cites = what.Item4,
            Severity = how.Item1,
            Confidence = how.Item2,
            Action = how.Item3,
            Expires = how.Item4,
            Jurisdictions = [.. where.Item1],
            Exceptions = [.. where.Item2],
            Tlp = where.Item3,
            Evidence = where.Item5 ? where.Item4 : null,
            Context = what.Item1.Kind == IndicatorKind.Keyword ? where.Item6 : null,
        });

    public static Gen<Payload> Payloads { get; } = Gen.OneOf(
        Listing.Select(p => (Payload)p),
        Gen.Select(Hash, Code).Select((id, reason) => (Payload)new WithdrawalPayload(id, reason)),
        Gen.Select(Hash, Gen.OneOf(Name, Gen.Const("")), Gen.OneOf("confirm", "dispute", "none"), Code)
            .Select((id, lister, stance, reason) => (Payload)new OpinionPayload(id, lister, stance, reason)),
        Gen.Select(Edged(ProtocolLimits.MaxTime / 86_400), Code, Edged(1L << 53), Edged(1L << 53), Edged(1L << 53))
            .Select((day, category, m, b, r) => (Payload)new TallyPayload(day, category, m, b, r)),
        Gen.Select(Index, Code).Select((index, reason) => (Payload)new ErasePayload(index, reason)),
        Time.Select(time => (Payload)new LapsePayload(time)),
        Heads.Array[0, 40].Select(heads => (Payload)new HeartbeatPayload([.. heads])),
        Gen.Select(Heads, Edged(ProtocolLimits.MaxTime * 1000)).Select((head, since) => new HeldHead(head, since))
            .Array[0, 40].Select(held => (Payload)new ReceiptPayload([.. held])),
        Gen.Select(Origins, Index, Edged(ProtocolLimits.MaxTime * 1000)).Select((o, size, at) => new CarriedOut(o.Text, size, at))
            .Array[0, 40].Select(done => (Payload)new ErasurePayload([.. done])),
        Gen.Select(
            Edged(ProtocolLimits.MaxTime / 86_400),
            Gen.Select(Name, Gen.OneOf("tel", "email", "acct:taobao"), Gen.Int[1, 999_999], Edged(1L << 53), Edged(1L << 53))
                .Select((member, type, epoch, evaluated, refused) => new EvaluationCount(member, type, epoch, evaluated, refused))
                .Array[1, 20])
            .Select((day, counts) => (Payload)new EvaluationsPayload(
                day, [.. counts.DistinctBy(c => (c.Member, c.Type, c.Epoch)).Order(EvaluationCount.Order)])),
        Gen.Byte.Array[0, 3000].Select(note => (Payload)new RosterPayload(note)));

    /// <summary>A payload, its salt, and a leaf that commits to it.</summary>
    public static Gen<(Leaf Leaf, byte[] Salt, Payload Payload)> Entries { get; } =
        Gen.Select(Origins, Time, Index, Gen.Bool, Gen.Bool, Salt, Payloads, (origin, issued, amends, any, hasTerm, salt, payload) =>
            (new Leaf(origin.Text, payload.Kind, issued, any ? amends : null, Leaf.Commit(salt, payload.Encode()))
            {
                Term = hasTerm && payload is ListingPayload listing ? ListingTerm.Of(listing) : null,
            }, salt, payload));

    private static Gen<ImmutableArray<string>> Terms => Term(KeywordContext.MaxTerm).Array[0, 4].Select(t => t.ToImmutableArray());

    private static Gen<LogHead> Heads => Gen.Select(Origins, Index, Hash).Select((o, size, root) => new LogHead(o.Text, size, root));

    // Numbers crowd around the sizes at which MessagePack changes its format.
    private static Gen<long> Edged(long max) => Gen.OneOf(
        Gen.Long[0, max],
        Gen.OneOf(new[] { 0L, 1, 127, 128, 255, 256, 65_535, 65_536, uint.MaxValue, 1L << 32, max - 1, max }.Where(n => n <= max).ToArray()));

    private static Gen<string> Hyphenated(int max) => Gen.Select(
        Gen.Char[LowerDigits],
        Gen.Char[LowerDigits + "-"].Array[0, max - 2],
        Gen.Char[LowerDigits],
        Gen.Bool,
        (first, inner, last, single) => single ? first.ToString() : new StringBuilder().Append(first).Append(inner).Append(last).ToString());
}
