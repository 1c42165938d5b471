using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Linting;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Api.Publishing;

/// <summary>A listing ready to be appended.</summary>
/// <param name="Payload">The payload.</param>
/// <param name="Requested">
/// The payload with expiry 0 where the request gave none: equal for equal requests, whenever they come.
/// </param>
/// <param name="Override">Why it is published against the lint, or null.</param>
internal sealed record BuiltListing(ListingPayload Payload, ListingPayload Requested, string? Override);

/// <summary>Makes a payload of what somebody asks to list. Errors name the field and never its value.</summary>
/// <param name="roster">The roster, which names the keys of sellers' tags; null: any key may be there.</param>
/// <param name="now">Unix seconds.</param>
internal sealed class ListingBuilder(RosterDocument? roster, long now)
{
    private const int DefaultLifetime = 365 * 86_400;
    private const int MaxKeyword = 2048;
    private const int MaxOverride = 500;

    private static readonly ImmutableArray<string> Severities = ["low", "medium", "high", "critical"];

    private readonly Lifetimes _lifetimes = Lifetimes.Of(roster);

    public bool TryBuild(
        ListingRequest request,
        string path,
        [NotNullWhen(true)] out BuiltListing? built,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        built = null;
        problem = ScalarFault(request, path) ?? ListFault(request, path);
        if (problem is not null
            || !TryReadIndicator(request, path, out var indicator, out problem)
            || !TryReadContext(request, path, out var context, out problem))
        {
            return false;
        }

        var requested = MakePayload(request, indicator, context);
        var longest = _lifetimes.EndOf(new ListingTerm(indicator.Kind, indicator.Scheme, ProtocolLimits.MaxTime), now);
        var payload = requested with { Expires = request.Expires ?? Math.Min(now + DefaultLifetime, longest) };
        if (payload.Expires > longest || longest <= now)
        {
            problem = Fault.Lifetime.Because(LifetimeFault(path, indicator, longest));
            return false;
        }

        // Whatever this class lets through must be what every reader takes.
        if (!Payload.TryDecode(EntryKind.Listing, payload.Encode(), out _, out var fault))
        {
            problem = Fault.Invalid.Because($"{path} cannot be published: {fault}");
            return false;
        }

        return TryLint(request, path, payload, out problem)
            && (built = new BuiltListing(payload, requested, request.OverrideLint)) is not null;
    }

    private string LifetimeFault(string path, Indicator indicator, long longest)
    {
        var until = _lifetimes.UntilOf(indicator.Scheme);
        return until <= now
            ? $"{path}.scheme: tags of {indicator.Scheme} count no more since {Date(until.Value)}; make them anew under a later epoch."
            : longest == until
                ? $"{path}.expires must not be after {Date(longest)}, when tags of {indicator.Scheme} count no more."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{path}.expires must be at most {_lifetimes.LimitOf(indicator.Kind) / 86_400} days ahead for indicators of kind "
                    + $"{indicator.Kind}, which is as long as the roster lets them last: let it end sooner, and renew it.");
    }

    private static string Date(long time) =>
        DateTimeOffset.FromUnixTimeSeconds(time).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static ListingPayload MakePayload(ListingRequest request, Indicator what, KeywordContext? context) => new()
    {
        Indicator = what,
        Category = request.Category,
        Taxon = request.Taxon,
        Cites = request.Cites,
        Severity = Severities.IndexOf(request.Severity),
        Confidence = request.Confidence,
        Action = request.Action,
        Expires = request.Expires ?? 0,
        Jurisdictions = [.. request.Jurisdictions],
        Exceptions = [.. request.Exceptions],
        Tlp = request.Tlp,
        Evidence = request.Evidence is { } hex && Hash256.TryParseLowerHex(hex, out var evidence) ? evidence : null,
        Context = context,
    };

    private static ProblemResult? ScalarFault(ListingRequest request, string path)
    {
        var fault =
            !Names.IsCode(request.Category) ? ".category must be a code: 1 to 32 of a-z, 0-9 and '-'"
            : request.Taxon.Length > 96 || !request.Taxon.All(c => char.IsAsciiLetter(c) || c is ' ' or '-' or '.')
                ? ".taxon must be a scientific name: at most 96 of A-Z, a-z, space, '-' and '.'"
            : request.Cites is not ("" or "I" or "II" or "III") ? ".cites must be I, II, III or empty"
            : !Severities.Contains(request.Severity) ? $".severity must be one of {string.Join(", ", Severities)}"
            : request.Confidence is < 0 or > 100 ? ".confidence must be 0 to 100"
            : !ListingPayload.Actions.Contains(request.Action)
                ? $".action must be one of {string.Join(", ", ListingPayload.Actions)}"
            : !ListingPayload.TlpLabels.Contains(request.Tlp)
                ? $".tlp must be one of {string.Join(", ", ListingPayload.TlpLabels)}"
            : request.Evidence is { } evidence && !Hash256.TryParseLowerHex(evidence, out _)
                ? ".evidence must be 64 lower-case hexadecimal digits"
            : request.Expires is < 0 or > ProtocolLimits.MaxTime ? ".expires must be a time in unix seconds"
            : null;
        return fault is null ? null : Fault.Invalid.Because($"{path}{fault}.");
    }

    private static ProblemResult? ListFault(ListingRequest request, string path)
    {
        var fault =
            request.Jurisdictions.Count > 64 || !request.Jurisdictions.All(IsCountry)
                ? ".jurisdictions must be at most 64 country codes of two capitals"
            : request.Exceptions.Count > 16 || !request.Exceptions.All(e => Names.IsCode(e))
                ? ".exceptions must be at most 16 codes"
            : request.OverrideLint is { } reason && !IsReason(reason)
                ? $".overrideLint must be a reason of 1 to {MaxOverride} characters on one line"
            : null;
        return fault is null ? null : Fault.Invalid.Because($"{path}{fault}.");
    }

    private static bool IsCountry(string? code) => code is { Length: 2 } && code.All(char.IsAsciiLetterUpper);

    private static bool IsReason(string text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= MaxOverride && !text.Any(char.IsControl);

    private bool TryReadIndicator(
        ListingRequest request,
        string path,
        [NotNullWhen(true)] out Indicator? indicator,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        indicator = null;
        if (request.Kind == IndicatorKind.Keyword)
        {
            return TryReadKeyword(request, path, out indicator, out problem);
        }

        var scheme = request.Kind switch
        {
            IndicatorKind.ImagePdq => IndicatorScheme.Pdq1,
            IndicatorKind.ImageSha256 => IndicatorScheme.Sha2561,
            IndicatorKind.Seller => request.Scheme,
            _ => "",
        };
        var isHash = Hash256.TryParseLowerHex(request.Value, out var value);
        var fault =
            scheme is { Length: 0 } && request.Kind != IndicatorKind.Seller
                ? $".kind must be {IndicatorKind.Keyword}, {IndicatorKind.Seller}, {IndicatorKind.ImagePdq} or "
                  + $"{IndicatorKind.ImageSha256}"
            : request.Scheme is not null && request.Scheme != scheme ? $".scheme of this kind is {scheme}, or left out"
            : !isHash ? ".value must be 64 lower-case hexadecimal digits"
            : null;
        problem = fault is not null ? Fault.Invalid.Because($"{path}{fault}.")
            : request.Kind == IndicatorKind.Seller ? SchemeFault(request.Scheme, path)
            : null;
        if (problem is null)
        {
            indicator = new Indicator(request.Kind, scheme!, value.ToArray());
        }

        return problem is null;
    }

    /// <summary>A tag under a key that nobody knows would match nothing, ever.</summary>
    private ProblemResult? SchemeFault(string? scheme, string path) =>
        !SellerScheme.TryParse(scheme, out var parsed, out _)
            ? Fault.Invalid.Because($"{path}.scheme must be voprf/<type>/<epoch>, such as voprf/tel/1.")
        : roster is not null && roster.SellerKeyOf(parsed.Type.Name, parsed.Epoch) is null
            ? Fault.UnknownSellerKey.Because(
                $"{path}.scheme names a key that the roster, version {roster.Version}, does not.")
        : null;

    private static bool TryReadKeyword(
        ListingRequest request,
        string path,
        [NotNullWhen(true)] out Indicator? indicator,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        indicator = null;
        var canonical = request.Value.Length <= MaxKeyword ? Wlnorm.Normalize(request.Value) : "";
        var fault =
            request.Scheme is not (null or IndicatorScheme.Wlnorm1)
                ? $".scheme of a keyword is {IndicatorScheme.Wlnorm1}, or left out"
            : request.Value.Length > MaxKeyword || Encoding.UTF8.GetByteCount(canonical) > Indicator.MaxValue
                ? $".value must be at most {Indicator.MaxValue} bytes long when normalised"
            : canonical.Length == 0 ? ".value must have something visible in it"
            : null;
        problem = fault is null ? null : Fault.Invalid.Because($"{path}{fault}.");
        if (problem is null)
        {
            indicator = Indicator.Keyword(canonical);
        }

        return problem is null;
    }

    private static bool TryReadContext(
        ListingRequest request,
        string path,
        out KeywordContext? context,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        context = null;
        problem = null;
        if (request.Kind != IndicatorKind.Keyword)
        {
            problem = request.Context is null ? null : Fault.Invalid.Because($"{path}.context is for keywords only.");
            return problem is null;
        }

        var rule = request.Context ?? new KeywordRuleRequest();
        var fault =
            rule.Language.Length > 35 || !rule.Language.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
                ? ".language must be a BCP 47 tag, or empty"
            : !ListingPayload.MatchModes.Contains(rule.Match)
                ? $".match must be one of {string.Join(", ", ListingPayload.MatchModes)}"
            : rule.Window is < 0 or > KeywordContext.MaxWindow ? $".window must be 0 to {KeywordContext.MaxWindow}"
            : TermFault(".anyOf", rule.AnyOf) ?? TermFault(".allOf", rule.AllOf) ?? TermFault(".noneOf", rule.NoneOf);
        if (fault is not null)
        {
            problem = Fault.Invalid.Because($"{path}.context{fault}.");
            return false;
        }

        context = new KeywordContext(
            rule.Language, rule.Match, Terms(rule.AnyOf), Terms(rule.AllOf), Terms(rule.NoneOf), rule.Window);
        return true;
    }

    private static string? TermFault(string name, IReadOnlyList<string>? terms) =>
        terms is null || (terms.Count <= KeywordContext.MaxTerms && terms.All(IsTerm))
            ? null
            : $"{name} must be at most {KeywordContext.MaxTerms} terms of 1 to {KeywordContext.MaxTerm} bytes when "
              + "normalised";

    private static bool IsTerm(string? term) =>
        term is { Length: > 0 and <= MaxKeyword }
        && Encoding.UTF8.GetByteCount(Wlnorm.Normalize(term)) is > 0 and <= KeywordContext.MaxTerm;

    private static ImmutableArray<string> Terms(IReadOnlyList<string>? terms) =>
        terms is null ? [] : [.. terms.Select(t => Wlnorm.Normalize(t))];

    private static bool TryLint(
        ListingRequest request, string path, ListingPayload payload, [NotNullWhen(false)] out ProblemResult? problem)
    {
        problem = request.OverrideLint is null && PublishingLint.FaultOf(payload) is { } fault
            ? Refusal(path, fault)
            : null;
        return problem is null;
    }

    /// <summary>The refusal of a listing that would do harm.</summary>
    public static ProblemResult Refusal(string path, LintFault fault) => Fault.Lint.Because(
        $"{path}{fault.Field} {fault.Says}, or say in overrideLint why it is needed all the same.");
}
