using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Matching.Policy;
using FederationNode.Matching.Policy.Settings;

namespace FederationNode.Detector.Settings;

/// <summary>
/// A <c>policy.json</c> and the file of verified sellers that it may name, as they were read: all of it or nothing. For the
/// node, and for the replica, so that the same file means the same to both. README.md lists the settings.
/// </summary>
internal sealed class PolicyFile
{
    /// <summary>How a sentence begins that says that the file on the disk does not hold; the fault follows.</summary>
    public const string NotInForce = "The policy on the disk is not in force, the one before it still is: ";

    private const int MaxFile = 8 << 20;

    /// <summary>Room for a million tags.</summary>
    private const int MaxSellerFile = 66 << 20;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = 16,
    };

    private readonly string _file;
    private readonly string _folder;
    private readonly PolicyPlaces _places;

    private PolicyFile(string file, ReadOnlyMemory<byte> text, PolicyDocument document, string self, FileStamps stamps)
    {
        (_file, _folder, Document, Stamps) = (file, Path.GetDirectoryName(Path.GetFullPath(file))!, document, stamps);
        _places = new PolicyPlaces(text);
        try
        {
            Verdicts = _places.FirstNull is { Length: > 0 } none
                ? throw new PolicyFault(none, "must not be null: leave out what is to keep its default.")
                : PolicyRules.Read(document, self) with { Allowed = AllowReader.Read(document.Allow, ReadSellers()) };
        }
        catch (PolicyFault fault)
        {
            throw InWords(fault);
        }
    }

    /// <summary>The settings as they are written.</summary>
    public PolicyDocument Document { get; }

    /// <summary>What turns evidence into verdicts.</summary>
    public VerdictPolicy Verdicts { get; }

    /// <summary>The files that it was read from, as they were.</summary>
    public FileStamps Stamps { get; }

    /// <summary>Reads a policy.</summary>
    /// <param name="file">The file; paths in it are looked up from its folder.</param>
    /// <param name="self">The member whose policy it is.</param>
    /// <param name="stamps">Takes the files, also those of a policy that cannot be used.</param>
    /// <exception cref="SettingsException">It cannot be used; says which setting is wrong and what to do.</exception>
    public static PolicyFile Read(string file, string self, FileStamps stamps)
    {
        stamps.Note(file);
        ReadOnlyMemory<byte> text = SettingsFile.ReadUpTo(file, MaxFile);
        if (text.Span.StartsWith("\uFEFF"u8))
        {
            text = text[3..];
        }

        try
        {
            var document = JsonSerializer.Deserialize<PolicyDocument>(text.Span, s_json) ?? new PolicyDocument();
            return new PolicyFile(file, text, document, self, stamps);
        }
        catch (JsonException e)
        {
            throw new SettingsException($"{file} {SettingsFault.Describe(e)}", e);
        }
    }

    /// <summary>What is wrong where a file was and is none any more, and what to do.</summary>
    public static string GoneFault(string file) =>
        $"{file} is gone: put it back, or write {{}} into it to go back to the defaults.";

    /// <summary>The file of a path as it is written in the policy; it is one of those that the policy was read from.</summary>
    public string Locate(string written)
    {
        var located = Path.GetFullPath(written, _folder);
        Stamps.Note(located);
        return located;
    }

    /// <summary>What is wrong with a setting, with the file and the line.</summary>
    public SettingsException InWords(PolicyFault fault)
    {
        var line = _places.LineOf(fault.Path) is > 0 and var number
            ? string.Create(CultureInfo.InvariantCulture, $", line {number}")
            : "";
        return new SettingsException($"{_file}{line}: \"{fault.Path}\" {fault.Message}", fault);
    }

    private SellerFile? ReadSellers()
    {
        if (Document.Allow.VerifiedSellers is not { Length: > 0 } written)
        {
            return null;
        }

        try
        {
            var file = Locate(written);
            return new SellerFile(file, SettingsFile.ReadUpTo(file, MaxSellerFile));
        }
        catch (SettingsException e)
        {
            throw new PolicyFault(AllowReader.SellersPath, $"names a file that cannot be used: {e.Message}");
        }
    }
}
