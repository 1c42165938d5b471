using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FederationNode.Detector.Settings;

/// <summary>Says what is wrong with a settings file in the operator's words: the decoder's own speak of .NET types.</summary>
internal static partial class SettingsFault
{
    /// <summary>The rest of a sentence that begins with the file's name.</summary>
    public static string Describe(JsonException fault)
    {
        var line = fault.LineNumber is { } number
            ? string.Create(CultureInfo.InvariantCulture, $" in line {number + 1}")
            : "";
        if (Unknown().Match(fault.Message) is { Success: true } unknown)
        {
            return $"has no setting \"{unknown.Groups[1].Value}\"{line}: look for a typing error, or take it out.";
        }

        if (Missing().Match(fault.Message) is { Success: true } missing)
        {
            return $"lacks {missing.Groups[1].Value.Replace('\'', '"')}.";
        }

        // The reader's own exception is a kind of its own; what the serializer makes of the values is not.
        var isSyntax = fault.GetType() != typeof(JsonException) || fault.InnerException is JsonException;
        return isSyntax
            ? $"is not valid JSON{line}: {(fault.InnerException ?? fault).Message.Split(" Path:")[0].Split(" LineNumber:")[0]}"
            : $"has a value of another type than it must be at {fault.Path}{line}.";
    }

    [GeneratedRegex("^The JSON property '([^']*)' could not be mapped", RegexOptions.CultureInvariant)]
    private static partial Regex Unknown();

    [GeneratedRegex(
        @"missing required properties including: ('[A-Za-z]+'(?:, '[A-Za-z]+')*)", RegexOptions.CultureInvariant)]
    private static partial Regex Missing();
}
