using System.Collections.Immutable;
using System.Text.Json.Serialization;
using FederationNode.Matching.Keywords;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>A keyword of the suite, as keywords.json has it.</summary>
internal sealed record EvasionKeyword
{
    [JsonRequired]
    public string Id { get; init; } = "";

    /// <summary>BCP 47.</summary>
    [JsonRequired]
    public string Language { get; init; } = "";

    /// <summary>In the normal form of <c>wlnorm/1</c>, like every term below.</summary>
    [JsonRequired]
    public string Text { get; init; } = "";

    [JsonRequired]
    public string Category { get; init; } = "";

    [JsonRequired]
    [JsonConverter(typeof(EvasionMatchConverter))]
    public KeywordMatch Match { get; init; }

    [JsonRequired]
    public ImmutableArray<string> AnyOf { get; init; } = [];

    [JsonRequired]
    public ImmutableArray<string> AllOf { get; init; } = [];

    [JsonRequired]
    public ImmutableArray<string> NoneOf { get; init; } = [];

    /// <summary>UTF-16 units around the keyword; 0 is the whole text.</summary>
    [JsonRequired]
    public int Window { get; init; }
}
