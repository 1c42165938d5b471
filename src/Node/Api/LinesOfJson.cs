namespace FederationNode.Node.Api;

/// <summary>Bodies of many lines, each a JSON value of its own and ended by a line feed.</summary>
internal static class LinesOfJson
{
    public const string ContentType = "application/x-ndjson";
}
