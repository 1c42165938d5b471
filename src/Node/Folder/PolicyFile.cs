using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Folder;

/// <summary>
/// The file <c>policy.json</c>: <c>{"kinds": {"seller": {"blockAt": 2, "reviewAt": 1, "minConfidence": 50}},
/// "trusted": ["ifaw"], "muted": []}</c>. Kinds that it leaves out keep the default. Read at start.
/// </summary>
public sealed record PolicyFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Rules by kind of indicator.</summary>
    public IReadOnlyDictionary<string, KindPolicy> Kinds { get; init; } = ImmutableDictionary<string, KindPolicy>.Empty;

    /// <summary>Members whose listing alone is enough.</summary>
    public IReadOnlyList<string> Trusted { get; init; } = [];

    /// <summary>Members that are not heard.</summary>
    public IReadOnlyList<string> Muted { get; init; } = [];

    /// <summary>The policy of a node: the default, changed by the file if there is one.</summary>
    /// <exception cref="NodeFolderException">The file is malformed or a value is out of range; says which.</exception>
    public static VerdictPolicy Load(NodeFolder folder, string self)
    {
        var policy = new VerdictPolicy { Self = self };
        if (!File.Exists(folder.PolicyFile))
        {
            return policy;
        }

        PolicyFile file;
        try
        {
            file = JsonSerializer.Deserialize<PolicyFile>(NodeFolder.Read(folder.PolicyFile), Json) ?? new PolicyFile();
        }
        catch (JsonException e)
        {
            throw new NodeFolderException($"{folder.PolicyFile} {SettingsFault.Describe(e)}", e);
        }

        return file.FirstFault() is { } fault
            ? throw new NodeFolderException($"{folder.PolicyFile}: {fault}")
            : policy with
            {
                Kinds = policy.Kinds.SetItems(file.Kinds),
                Trusted = [.. file.Trusted],
                Muted = [.. file.Muted],
            };
    }

    private string? FirstFault()
    {
        string[] known = [IndicatorKind.Keyword, IndicatorKind.Seller, IndicatorKind.ImagePdq, IndicatorKind.ImageSha256];
        if (Kinds is null || Trusted is null || Muted is null
            || Kinds.Values.Any(r => r is null) || Trusted.Concat(Muted).Any(m => m is null))
        {
            return "\"kinds\", \"trusted\", \"muted\" and what is in them must not be null; leave out what is to keep "
                + "the default.";
        }

        foreach (var (kind, rule) in Kinds)
        {
            if (!known.Contains(kind))
            {
                return $"\"kinds\" names {kind}; the kinds are {string.Join(", ", known)}.";
            }

            if (rule.BlockAt is < 0 or > 1000 || rule.ReviewAt is < 0 or > 1000 || rule.MinConfidence is < 0 or > 100)
            {
                return $"\"kinds\", {kind}: \"blockAt\" and \"reviewAt\" must be 0 to 1000, \"minConfidence\" 0 to 100.";
            }
        }

        return Trusted.Concat(Muted).FirstOrDefault(m => !Names.IsName(m)) is { } name ? $"\"{name}\" is no member's name."
            : Trusted.Intersect(Muted).FirstOrDefault() is { } both ? $"{both} is both trusted and muted."
            : null;
    }
}
