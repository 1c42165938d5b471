using System.Globalization;
using FederationNode.Detector.Settings;
using FederationNode.Matching.Policy;
using FederationNode.Matching.Policy.Settings;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Policies;

/// <summary>Reads <c>policy.json</c> and what it names, all of it or nothing.</summary>
internal static class PolicyReader
{
    // The sample stays in memory, and publishing waits while it is gone through: about a second for as many.
    private const int MaxSampleBytes = 64 << 20;
    private const int MaxSampleTexts = 100_000;

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
        try
        {
            var read = PolicyFile.Read(file, self, stamps);
            return new NodePolicy(
                read.Verdicts,
                read.Document with { Kinds = PolicyRules.Write(read.Verdicts) },
                read.Document.Sample is { } settings ? ReadSample(settings, read) : null,
                stamps,
                IsFromFile: true);
        }
        catch (SettingsException e)
        {
            throw new NodeFolderException(e.Message, e);
        }
    }

    private static PublishingSample ReadSample(SampleSettings settings, PolicyFile policy)
    {
        try
        {
            var texts = SampleFile.Read(policy.Locate(settings.Path), settings.Column, MaxSampleBytes);
            return texts.Length <= MaxSampleTexts
                ? new PublishingSample(texts, settings.MaxHitRate)
                : throw policy.InWords(new PolicyFault("sample.path", string.Create(
                    CultureInfo.InvariantCulture,
                    $"names a file of {texts.Length} texts: take {MaxSampleTexts} of them at most, since each new keyword is tried on "
                    + $"all.")));
        }
        catch (NodeFolderException e)
        {
            throw policy.InWords(new PolicyFault("sample.path", $"names a file that cannot be used: {e.Message}"));
        }
    }
}
