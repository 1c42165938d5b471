using System.Buffers;
using System.Collections.Immutable;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>How a keyword is to be found in a text.</summary>
/// <param name="Language">BCP 47 tag of the keyword's language, or empty.</param>
/// <param name="Match"><c>auto</c> (by the keyword's script), <c>word</c>, <c>substring</c> or <c>prefix</c>.</param>
/// <param name="AnyOf">Canonical terms of which at least one must stand near; none: no such condition.</param>
/// <param name="AllOf">Canonical terms that must all stand near.</param>
/// <param name="NoneOf">Canonical terms of which none may stand near.</param>
/// <param name="Window">How near, in characters of the normalised text; 0: anywhere in the text.</param>
public sealed record KeywordContext(
    string Language,
    string Match,
    ImmutableArray<string> AnyOf,
    ImmutableArray<string> AllOf,
    ImmutableArray<string> NoneOf,
    int Window)
{
    /// <summary>Most terms in one list.</summary>
    public const int MaxTerms = 32;

    /// <summary>Longest term in UTF-8 bytes.</summary>
    public const int MaxTerm = 128;

    /// <summary>Widest window in characters.</summary>
    public const int MaxWindow = 10_000;

    /// <summary>No condition; the match mode follows the script.</summary>
    public static KeywordContext None { get; } = new("", "auto", [], [], [], 0);

    /// <inheritdoc/>
    public bool Equals(KeywordContext? other) =>
        other is not null && Language == other.Language && Match == other.Match && Window == other.Window
        && AnyOf.SequenceEqual(other.AnyOf) && AllOf.SequenceEqual(other.AllOf) && NoneOf.SequenceEqual(other.NoneOf);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Language, Match, Window, AnyOf.Length, AllOf.Length, NoneOf.Length);
}

/// <summary>
/// A listing: the full state of what a member asserts about one indicator, never a change to an earlier state.
/// No field can hold free text. docs/protocol.md, "listing".
/// </summary>
public sealed record ListingPayload : Payload
{
    private static readonly SearchValues<char> TaxonCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -.");

    private static readonly SearchValues<char> LanguageCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    /// <inheritdoc/>
    public override string Kind => EntryKind.Listing;

    /// <summary>What is listed.</summary>
    public required Indicator Indicator { get; init; }

    /// <summary>What it stands for: a code such as <c>ivory</c>, <c>pangolin</c>, <c>live-reptile</c>.</summary>
    public required string Category { get; init; }

    /// <summary>Scientific name of the taxon, or empty: at most 96 of A-Z, a-z, space, hyphen, full stop.</summary>
    public string Taxon { get; init; } = "";

    /// <summary>The CITES appendix, <c>I</c>, <c>II</c> or <c>III</c>, or empty.</summary>
    public string Cites { get; init; } = "";

    /// <summary>0 low, 1 medium, 2 high, 3 critical.</summary>
    public required int Severity { get; init; }

    /// <summary>How sure the member is, 0 to 100.</summary>
    public required int Confidence { get; init; }

    /// <summary>What the member suggests: <c>block</c>, <c>review</c> or <c>signal</c>.</summary>
    public required string Action { get; init; }

    /// <summary>
    /// When the listing ends, in unix seconds; later than the leaf's time of issue by at most
    /// <see cref="ProtocolLimits.MaxLifetime"/>, otherwise the entry does nothing.
    /// </summary>
    public required long Expires { get; init; }

    /// <summary>ISO 3166-1 alpha-2 codes of the jurisdictions that it is meant for; empty: all. At most 64.</summary>
    public ImmutableArray<string> Jurisdictions { get; init; } = [];

    /// <summary>Codes of the legal exceptions to look at, such as <c>antique-pre-1947</c>. At most 16.</summary>
    public ImmutableArray<string> Exceptions { get; init; } = [];

    /// <summary>Traffic Light Protocol 2.0 label: <c>clear</c>, <c>green</c>, <c>amber</c>, <c>amber-strict</c>, <c>red</c>.</summary>
    public string Tlp { get; init; } = "amber";

    /// <summary>SHA-256 of the evidence that the member keeps at home, or null.</summary>
    public Hash256? Evidence { get; init; }

    /// <summary>How to find the keyword; not null exactly when the indicator is a keyword.</summary>
    public KeywordContext? Context { get; init; }

    /// <summary>The actions that a listing can suggest, the strongest first.</summary>
    public static ImmutableArray<string> Actions { get; } = ["block", "review", "signal"];

    /// <summary>The Traffic Light Protocol labels that a listing can carry.</summary>
    public static ImmutableArray<string> TlpLabels { get; } = ["clear", "green", "amber", "amber-strict", "red"];

    /// <summary>The match modes that a keyword can ask for.</summary>
    public static ImmutableArray<string> MatchModes { get; } = ["auto", "word", "substring", "prefix"];

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(ListingPayload? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <inheritdoc/>
    public override int GetHashCode() => Indicator.GetHashCode();

    internal static ListingPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(16, "A listing");
        reader.ExpectVersion("The listing");
        var kind = reader.ReadCode("An indicator's kind");
        var scheme = Check(
            reader.ReadWord(IndicatorScheme.MaxLength, "An indicator's scheme"),
            s => IndicatorScheme.IsScheme(s),
            $"An indicator's scheme is 1 to {IndicatorScheme.MaxLength} of a-z, 0-9, '-', '.', ':' and '/'.");
        var value = reader.ReadBinary(Indicator.MaxValue, "An indicator's value");
        CheckIndicator(kind, scheme, value);
        var listing = new ListingPayload
        {
            Indicator = new Indicator(kind, scheme, value),
            Category = reader.ReadCode("A listing's category"),
            Taxon = Check(reader.ReadText(96, "A taxon"), t => !t.AsSpan().ContainsAnyExcept(TaxonCharacters), "A taxon is a scientific name in A-Z, a-z, space, hyphen and full stop."),
            Cites = Check(reader.ReadWord(3, "A CITES appendix"), c => c is "" or "I" or "II" or "III", "A CITES appendix is I, II, III or empty."),
            Severity = (int)reader.ReadNumber(3, "A severity"),
            Confidence = (int)reader.ReadNumber(100, "A confidence"),
            Action = Check(reader.ReadWord(8, "An action"), a => Actions.Contains(a), "An action is block, review or signal."),
            Expires = reader.ReadNumber(ProtocolLimits.MaxTime, "An expiry"),
            Jurisdictions = ReadList(ref reader, 64, "A jurisdiction", j => j.Length == 2 && j.All(char.IsAsciiLetterUpper)),
            Exceptions = ReadList(ref reader, 16, "An exception", e => Names.IsCode(e)),
            Tlp = Check(reader.ReadWord(16, "A TLP label"), t => TlpLabels.Contains(t), "A TLP label is clear, green, amber, amber-strict or red."),
            Evidence = reader.TryReadNil() ? null : reader.ReadHash("An evidence digest"),
            Context = reader.TryReadNil() ? null : ReadContext(ref reader),
        };

        return listing.Context is null == (kind != IndicatorKind.Keyword)
            ? listing
            : throw new CanonicalReader.ShapeException("A listing carries a keyword context exactly when it lists a keyword.");
    }

    internal static void Write(ref MessagePackWriter writer, ListingPayload listing)
    {
        writer.WriteArrayHeader(16);
        writer.Write(1);
        writer.Write(listing.Indicator.Kind);
        writer.Write(listing.Indicator.Scheme);
        writer.Write(listing.Indicator.Value.Span);
        writer.Write(listing.Category);
        writer.Write(listing.Taxon);
        writer.Write(listing.Cites);
        writer.Write(listing.Severity);
        writer.Write(listing.Confidence);
        writer.Write(listing.Action);
        writer.Write(listing.Expires);
        WriteList(ref writer, listing.Jurisdictions);
        WriteList(ref writer, listing.Exceptions);
        writer.Write(listing.Tlp);
        if (listing.Evidence is { } evidence)
        {
            writer.WriteHash(evidence);
        }
        else
        {
            writer.WriteNil();
        }

        if (listing.Context is { } context)
        {
            WriteContext(ref writer, context);
        }
        else
        {
            writer.WriteNil();
        }
    }

    /// <summary>The shape that the value of a known kind must have; an unknown kind may have any.</summary>
    private static void CheckIndicator(string kind, string scheme, byte[] value)
    {
        var ok = kind switch
        {
            IndicatorKind.Keyword => scheme == IndicatorScheme.Wlnorm1 && value.Length > 0 && IsUtf8(value),
            IndicatorKind.ImagePdq => scheme == IndicatorScheme.Pdq1 && value.Length == Hash256.Size,
            IndicatorKind.ImageSha256 => scheme == IndicatorScheme.Sha2561 && value.Length == Hash256.Size,
            IndicatorKind.Seller => IndicatorScheme.IsSellerScheme(scheme) && value.Length == Hash256.Size,
            _ => true,
        };
        if (!ok)
        {
            throw new CanonicalReader.ShapeException($"The scheme or the value does not fit an indicator of kind {kind}.");
        }
    }

    private static bool IsUtf8(byte[] value) => System.Text.Unicode.Utf8.IsValid(value);

    private static KeywordContext ReadContext(ref MessagePackReader reader)
    {
        reader.ExpectArray(6, "A keyword context");
        return new KeywordContext(
            Check(reader.ReadText(35, "A language"), l => !l.AsSpan().ContainsAnyExcept(LanguageCharacters), "A language is a BCP 47 tag."),
            Check(reader.ReadText(9, "A match mode"), m => MatchModes.Contains(m), "A match mode is auto, word, substring or prefix."),
            ReadTerms(ref reader),
            ReadTerms(ref reader),
            ReadTerms(ref reader),
            (int)reader.ReadNumber(KeywordContext.MaxWindow, "A window"));
    }

    private static void WriteContext(ref MessagePackWriter writer, KeywordContext context)
    {
        writer.WriteArrayHeader(6);
        writer.Write(context.Language);
        writer.Write(context.Match);
        WriteList(ref writer, context.AnyOf);
        WriteList(ref writer, context.AllOf);
        WriteList(ref writer, context.NoneOf);
        writer.Write(context.Window);
    }

    private static ImmutableArray<string> ReadTerms(ref MessagePackReader reader) =>
        ReadList(ref reader, KeywordContext.MaxTerms, "A context term", t => t.Length > 0, KeywordContext.MaxTerm);

    private static ImmutableArray<string> ReadList(
        ref MessagePackReader reader, int max, string what, Predicate<string> valid, int maxBytes = Names.MaxCode)
    {
        var count = reader.ReadCount(max, $"{what} list");
        var list = ImmutableArray.CreateBuilder<string>(count);
        for (var i = 0; i < count; i++)
        {
            list.Add(Check(reader.ReadText(maxBytes, what), valid, $"{what} is not written as it must be."));
        }

        return list.MoveToImmutable();
    }

    private static void WriteList(ref MessagePackWriter writer, ImmutableArray<string> list)
    {
        writer.WriteArrayHeader(list.Length);
        foreach (var item in list)
        {
            writer.Write(item);
        }
    }

    private static string Check(string value, Predicate<string> valid, string error) =>
        valid(value) ? value : throw new CanonicalReader.ShapeException(error);
}
