using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FederationNode.Node.Api.Problems;

/// <summary>
/// Says what is wrong with a JSON body, and where, in words that hold nothing of its values: the decoder's own message
/// may quote the text, and a path may hold a property name that the client made up.
/// </summary>
internal static partial class JsonFault
{
    public static ProblemResult Describe(JsonException fault)
    {
        var place = Place(fault);
        var what = IsSyntax(fault) ? "is not valid JSON"
            : Missing().Match(fault.Message) is { Success: true } missing
                ? $"lacks {missing.Groups[1].Value.Replace('\'', '"')}"
            : fault.Message.StartsWith("Duplicate", StringComparison.Ordinal) ? "holds a property twice"
            : fault.Message.StartsWith("The JSON property", StringComparison.Ordinal)
                ? "holds a property that is not known here"
            : "has another type than the route takes";
        return Fault.MalformedJson.Because($"The body {what}: {place}.");
    }

    // The reader's own exception is a kind of its own; what the serializer makes of the values is not.
    private static bool IsSyntax(JsonException fault) =>
        fault.GetType() != typeof(JsonException) || fault.InnerException is JsonException;

    private static string Place(JsonException fault)
    {
        var path = SafePath().Match(fault.Path ?? "$").Value;
        var line = fault.LineNumber is { } l && fault.BytePositionInLine is { } b
            ? string.Create(CultureInfo.InvariantCulture, $", line {l + 1}, byte {b + 1}")
            : "";
        return $"at {(path.Length == 0 ? "$" : path)}{line}";
    }

    // Our own property names are letters only; whatever else a path holds, a client wrote it.
    [GeneratedRegex(@"^\$(\.[A-Za-z]{1,32}(?![^.\[])|\[[0-9]{1,9}\])*", RegexOptions.CultureInvariant)]
    private static partial Regex SafePath();

    [GeneratedRegex(
        @"missing required properties including: ('[A-Za-z]+'(?:, '[A-Za-z]+')*)", RegexOptions.CultureInvariant)]
    private static partial Regex Missing();
}
