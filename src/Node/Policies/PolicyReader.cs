using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Policies;

/// <summary>Reads <c>policy.json</c> and what it names, all of it or nothing.</summary>
internal static class PolicyReader
{
    private const int MaxFile = 8 << 20;

    // The sample stays in memory, and publishing waits while it is gone through: about a second for as many.
    private const int MaxSampleBytes = 64 << 20;
    private const int MaxSampleTexts = 100_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = 16,
    };

    /// <summary>The policy of a node: the defaults, changed by the file if there is one.</summary>
    /// <exception cref="NodeFolderException">The file cannot be used; says which setting is wrong and what to do.</exception>
    public static NodePolicy Load(NodeFolder folder, string self) => Load(folder, self, new FileStamps());

    /// <summary>As above.</summary>
    /// <param name="folder">The node's folder.</param>
    /// <param name="self">The member whose policy it is.</param>
    /// <param name="stamps">Takes the files, also those of a policy that cannot be used.</param>
    /// <exception cref="NodeFolderException">The file cannot be used; says which setting is wrong and what to do.</exception>
    public static NodePolicy Load(NodeFolder folder, string self, FileStamps stamps)
    {
        stamps.Note(folder.PolicyFile);
        return File.Exists(folder.PolicyFile)
            ? ReadFile(folder.PolicyFile, self, stamps)
            : NodePolicy.Of(new VerdictPolicy { Self = self }) with { Stamps = stamps };
    }

    /// <summary>The policy that a file holds.</summary>
    /// <param name="file">The file; paths in it are looked up from its folder.</param>
    /// <param name="self">The member whose policy it is.</param>
    /// <exception cref="NodeFolderException">The file cannot be used; says which setting is wrong and what to do.</exception>
    public static NodePolicy ReadFile(string file, string self) => ReadFile(file, self, new FileStamps());

    private static NodePolicy ReadFile(string file, string self, FileStamps stamps)
    {
        ReadOnlyMemory<byte> text = NodeFolder.ReadUpTo(file, MaxFile);
        if (text.Span.StartsWith("\uFEFF"u8))
        {
            text = text[3..];
        }

        try
        {
            var document = JsonSerializer.Deserialize<PolicyDocument>(text.Span, Json);
            var places = new PolicyPlaces(text);
            try
            {
                return places.FirstNull is { Length: > 0 } none
                    ? throw new PolicyFault(none, "must not be null: leave out what is to keep its default.")
                    : Make(document ?? new PolicyDocument(), file, self, stamps);
            }
            catch (PolicyFault fault)
            {
                var line = places.LineOf(fault.Path) is > 0 and var number
                    ? string.Create(CultureInfo.InvariantCulture, $", line {number}")
                    : "";
                throw new NodeFolderException($"{file}{line}: \"{fault.Path}\" {fault.Message}", fault);
            }
        }
        catch (JsonException e)
        {
            throw new NodeFolderException($"{file} {SettingsFault.Describe(e)}", e);
        }
    }

    private static NodePolicy Make(PolicyDocument document, string file, string self, FileStamps stamps)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string Locate(string written)
        {
            var located = Path.GetFullPath(written, folder);
            stamps.Note(located);
            return located;
        }

        var verdicts = PolicyRules.Read(document, self) with { Allowed = AllowReader.Read(document.Allow, Locate) };
        var sample = document.Sample is { } settings ? ReadSample(settings, Locate) : null;
        return new NodePolicy(verdicts, document with { Kinds = PolicyRules.Write(verdicts) }, sample, stamps, IsFromFile: true);
    }

    private static PublishingSample ReadSample(SampleSettings settings, Func<string, string> locate)
    {
        if (settings.Path.Length == 0)
        {
            throw new PolicyFault("sample.path", "must name a file of texts; or leave out \"sample\".");
        }

        if (!(settings.MaxHitRate is > 0 and <= 1))
        {
            throw new PolicyFault("sample.maxHitRate", "must be above 0, and at most 1, which is every text.");
        }

        try
        {
            var texts = SampleFile.Read(locate(settings.Path), settings.Column, MaxSampleBytes);
            return texts.Length <= MaxSampleTexts
                ? new PublishingSample(texts, settings.MaxHitRate)
                : throw new PolicyFault("sample.path", string.Create(
                    CultureInfo.InvariantCulture,
                    $"names a file of {texts.Length} texts: take {MaxSampleTexts} of them at most, since each new keyword is tried on "
                    + $"all."));
        }
        catch (NodeFolderException e)
        {
            throw new PolicyFault("sample.path", $"names a file that cannot be used: {e.Message}");
        }
    }
}
