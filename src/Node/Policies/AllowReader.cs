using System.Text;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Policies;

/// <summary>Checks the settings that say what never counts, and makes an allowlist of them.</summary>
internal static class AllowReader
{
    private const int MaxItems = 100_000;
    private const int MaxPhrases = 10_000;
    private const int MaxPhrase = 200;

    /// <summary>Room for a million tags.</summary>
    private const int MaxSellerFile = 66 << 20;

    /// <param name="settings">The settings.</param>
    /// <param name="locate">The file of a path as it is written.</param>
    /// <exception cref="PolicyFault">A setting cannot be used.</exception>
    public static Allowlist Read(AllowSettings settings, Func<string, string> locate)
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
            settings.VerifiedSellers.Length > 0 ? ReadSellers(locate(settings.VerifiedSellers)) : []);
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

    private static Hash256 ReadHash(string path, string text) => LowerHex.TryParse(text, out var hash)
        ? hash
        : throw new PolicyFault(path, "must be 64 lower-case hexadecimal digits.");

    private static string ReadText(string path, string text) =>
        text.Length is > 0 and <= MaxPhrase && Wlnorm.Normalize(text) is { Length: > 0 } canonical
            ? canonical
            : throw new PolicyFault(path, $"must be 1 to {MaxPhrase} characters of which one is visible.");

    private static List<Hash256> ReadSellers(string file)
    {
        const string Path = "allow.verifiedSellers";
        string[] lines;
        try
        {
            lines = Encoding.UTF8.GetString(NodeFolder.ReadUpTo(file, MaxSellerFile)).Split('\n');
        }
        catch (NodeFolderException e)
        {
            throw new PolicyFault(Path, $"names a file that cannot be used: {e.Message}");
        }

        var tags = new List<Hash256>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            tags.Add(LowerHex.TryParse(line, out var tag)
                ? tag
                : throw new PolicyFault(
                    Path, $"names {file}, whose line {i + 1} must be a seller's tag: 64 lower-case hexadecimal digits."));
        }

        return tags;
    }
}
