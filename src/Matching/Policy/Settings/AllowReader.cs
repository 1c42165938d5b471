using System.Text;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Policy.Settings;

/// <summary>Checks the settings that say what never counts, and makes an allowlist of them.</summary>
internal static class AllowReader
{
    /// <summary>The setting that names a file of tags.</summary>
    public const string SellersPath = "allow.verifiedSellers";

    private const int MaxItems = 100_000;
    private const int MaxPhrases = 10_000;
    private const int MaxPhrase = 200;

    /// <summary>The allowlist that settings describe.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="sellers">The file that <see cref="AllowSettings.VerifiedSellers"/> names; null: it names none.</param>
    /// <exception cref="PolicyFault">A setting cannot be used, or a line of the file.</exception>
    public static Allowlist Read(AllowSettings settings, SellerFile? sellers)
    {
        if (settings.Ids.Count > MaxItems || settings.Values.Values.Sum(v => v.Count) > MaxItems)
        {
            throw new PolicyFault("allow", $"must have at most {MaxItems} ids, and as many values.");
        }

        if (settings.Phrases.Count > MaxPhrases)
        {
            throw new PolicyFault("allow.phrases", $"must be at most {MaxPhrases}.");
        }

        return new Allowlist(
            settings.Ids.Select((id, i) => ReadHash($"allow.ids[{i}]", id)),
            settings.Values.SelectMany(kind => ReadValues(kind.Key, kind.Value)),
            settings.Phrases.Select((phrase, i) => ReadText($"allow.phrases[{i}]", phrase)),
            sellers is { } file ? ReadSellers(file) : []);
    }

    private static IEnumerable<(string Kind, string Value)> ReadValues(string kind, List<string> values)
    {
        var path = $"allow.values.{kind}";
        return PolicyRules.Kinds.Contains(kind)
            ? values.Select((value, i) => (kind, kind == IndicatorKind.Keyword
                ? ReadText($"{path}[{i}]", value)
                : ReadHash($"{path}[{i}]", value).ToString()))
            : throw new PolicyFault(path, $"is no kind: the kinds are {string.Join(", ", PolicyRules.Kinds)}.");
    }

    private static Hash256 ReadHash(string path, string text) => Hash256.TryParseLowerHex(text, out var hash)
        ? hash
        : throw new PolicyFault(path, "must be 64 lower-case hexadecimal digits.");

    private static string ReadText(string path, string text) =>
        text.Length is > 0 and <= MaxPhrase && Wlnorm.Normalize(text) is { Length: > 0 } canonical
            ? canonical
            : throw new PolicyFault(path, $"must be 1 to {MaxPhrase} characters of which one is visible.");

    private static List<Hash256> ReadSellers(SellerFile file)
    {
        var lines = Encoding.UTF8.GetString(file.Content.Span).Split('\n');
        var tags = new List<Hash256>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            tags.Add(Hash256.TryParseLowerHex(line, out var tag)
                ? tag
                : throw new PolicyFault(
                    SellersPath, $"names {file.Name}, whose line {i + 1} must be a seller's tag: 64 lower-case hexadecimal digits."));
        }

        return tags;
    }
}

/// <summary>A file of own verified sellers' tags, as it was read.</summary>
/// <param name="Name">The file, for messages.</param>
/// <param name="Content">Its bytes: UTF-8, one tag a line.</param>
internal readonly record struct SellerFile(string Name, ReadOnlyMemory<byte> Content);
