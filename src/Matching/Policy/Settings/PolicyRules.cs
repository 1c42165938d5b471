using System.Collections.Immutable;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Policy.Settings;

/// <summary>Checks the settings that say how listings are counted, and makes rules of them.</summary>
internal static class PolicyRules
{
    private const int MaxMembers = 1000;
    private const int MaxAgeDays = 3650;

    /// <summary>The kinds of indicators, in the order in which people read them.</summary>
    public static readonly ImmutableArray<string> Kinds =
        [IndicatorKind.Keyword, IndicatorKind.Seller, IndicatorKind.ImagePdq, IndicatorKind.ImageSha256];

    /// <summary>The policy that a document describes, but for what never counts: see <see cref="AllowReader"/>.</summary>
    /// <param name="document">The settings.</param>
    /// <param name="self">The member whose policy it is.</param>
    /// <exception cref="PolicyFault">A setting cannot be used.</exception>
    public static VerdictPolicy Read(PolicyDocument document, string self)
    {
        CheckSample(document.Sample);
        var kinds = VerdictPolicy.Default;
        foreach (var (kind, settings) in document.Kinds)
        {
            var path = $"kinds.{kind}";
            if (!Kinds.Contains(kind))
            {
                throw new PolicyFault(path, $"is no kind: the kinds are {string.Join(", ", Kinds)}.");
            }

            kinds = kinds.SetItem(kind, ReadRule(path, kind, settings, kinds[kind]));
        }

        CheckMembers("trusted", document.Trusted);
        CheckMembers("muted", document.Muted);
        if (document.Trusted.Intersect(document.Muted).FirstOrDefault() is { } both)
        {
            throw new PolicyFault("muted", $"names {both}, and so does \"trusted\": take it out of one of them.");
        }

        return new VerdictPolicy
        {
            Self = self,
            Kinds = kinds,
            Trusted = [.. document.Trusted],
            Muted = [.. document.Muted],
            Disputes = ReadDisputes(document.Disputes),
            Flood = document.Flood is { } flood ? ReadFlood(flood) : null,
            WhenStale = document.WhenStale switch
            {
                "open" => StaleRule.Open,
                "closed" => StaleRule.Closed,
                _ => throw new PolicyFault("whenStale", "must be open or closed."),
            },
        };
    }

    /// <summary>The settings with all defaults filled in, so that nothing of what holds is left unsaid.</summary>
    public static Dictionary<string, RuleSettings> Write(VerdictPolicy policy) => Kinds.ToDictionary(
        kind => kind,
        kind => Write(kind, policy.Kinds[kind]) with
        {
            Categories = policy.Kinds[kind].Categories
                .OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(c => c.Key, c => Write(kind, c.Value)),
        });

    private static RuleSettings Write(string kind, KindPolicy rule) => new()
    {
        BlockAt = rule.BlockAt,
        ReviewAt = rule.ReviewAt,
        MinConfidence = rule.MinConfidence,
        MaxAgeDays = rule.MaxAgeDays,
        Evasions = kind == IndicatorKind.Keyword
            ? rule.Hidden.All.ToDictionary(c => c.Evasion.ToText()[0], c => c.Ceiling.ToText())
            : null,
    };

    private static KindPolicy ReadRule(string path, string kind, RuleSettings settings, KindPolicy refined)
    {
        var rule = new KindPolicy(
            Within($"{path}.blockAt", settings.BlockAt ?? refined.BlockAt, 0, MaxMembers),
            Within($"{path}.reviewAt", settings.ReviewAt ?? refined.ReviewAt, 0, MaxMembers),
            Within($"{path}.minConfidence", settings.MinConfidence ?? refined.MinConfidence, 0, 100),
            Within($"{path}.maxAgeDays", settings.MaxAgeDays ?? refined.MaxAgeDays, 0, MaxAgeDays))
        {
            Hidden = ReadCeilings($"{path}.evasions", kind, settings.Evasions, refined.Hidden),
        };
        var categories = rule.Categories;
        foreach (var (category, own) in settings.Categories)
        {
            var at = $"{path}.categories.{category}";
            if (!Names.IsCode(category))
            {
                throw new PolicyFault(at, "is no category: a category is 1 to 32 of a-z, 0-9 and '-'.");
            }

            if (own.Categories.Count > 0)
            {
                throw new PolicyFault($"{at}.categories", "must go: a category has no categories.");
            }

            categories = categories.SetItem(category, ReadRule(at, kind, own, rule));
        }

        return rule with { Categories = categories };
    }

    private static EvasionCeilings ReadCeilings(
        string path, string kind, Dictionary<string, string>? settings, EvasionCeilings refined)
    {
        if (settings is null)
        {
            return refined;
        }

        if (kind != IndicatorKind.Keyword)
        {
            throw new PolicyFault(path, "must go: only keywords can be hidden in a text.");
        }

        var ceilings = refined;
        foreach (var (evasion, most) in settings)
        {
            var at = $"{path}.{evasion}";
            var verdict = ReadVerdict(at, most);
            ceilings = evasion switch
            {
                "lookalike" => ceilings with { Lookalike = verdict },
                "separated" => ceilings with { Separated = verdict },
                "repeated" => ceilings with { Repeated = verdict },
                _ => throw new PolicyFault(at, "is no way to hide a keyword: these are lookalike, separated, repeated."),
            };
        }

        return ceilings;
    }

    private static DisputePolicy ReadDisputes(DisputeSettings settings) => new(
        Within("disputes.members", settings.Members, 1, MaxMembers),
        ReadVerdict("disputes.lowerTo", settings.LowerTo),
        ReadVerdict("disputes.own", settings.Own));

    private static Verdict ReadVerdict(string path, string text) => text switch
    {
        "none" => Verdict.None,
        "signal" => Verdict.Signal,
        "review" => Verdict.Review,
        "block" => Verdict.Block,
        _ => throw new PolicyFault(path, "must be none, signal, review, or block, which lowers nothing."),
    };

    private static FloodLimit ReadFlood(FloodSettings settings)
    {
        CheckMembers("flood.released", settings.Released);
        return new FloodLimit(
            Within("flood.entries", settings.Entries, 1, 100_000_000),
            Within("flood.hours", settings.Hours, 1, 720),
            Within("flood.holdHours", settings.HoldHours, 0, 8760),
            [.. settings.Released]);
    }

    private static void CheckSample(SampleSettings? settings)
    {
        if (settings?.Path.Length == 0)
        {
            throw new PolicyFault("sample.path", "must name a file of texts; or leave out \"sample\".");
        }

        if (settings is not null && !(settings.MaxHitRate is > 0 and <= 1))
        {
            throw new PolicyFault("sample.maxHitRate", "must be above 0, and at most 1, which is every text.");
        }
    }

    private static void CheckMembers(string path, List<string> names)
    {
        if (names.Count > MaxMembers)
        {
            throw new PolicyFault(path, $"must name at most {MaxMembers} members.");
        }

        if (names.FindIndex(n => !Names.IsName(n)) is var wrong and >= 0)
        {
            throw new PolicyFault($"{path}[{wrong}]", "is no member's name: 1 to 63 of a-z, 0-9 and '-'.");
        }
    }

    private static int Within(string path, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new PolicyFault(path, string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"must be {least} to {most}."));
}
