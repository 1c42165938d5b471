using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>A text of the suite and what must be found in it: a line of cases.jsonl.</summary>
internal sealed record EvasionCase
{
    /// <summary>The language and a number, for example <c>zh-Hant-017</c>.</summary>
    [JsonRequired]
    public string Id { get; init; } = "";

    /// <summary>BCP 47.</summary>
    [JsonRequired]
    public string Language { get; init; } = "";

    /// <summary>How the text hides a keyword, or what makes it a near-miss; README.md lists them.</summary>
    [JsonRequired]
    public string Technique { get; init; } = "";

    [JsonRequired]
    public string Text { get; init; } = "";

    /// <summary>The ids of all keywords that hold; empty for a near-miss.</summary>
    [JsonRequired]
    public ImmutableArray<string> Expect { get; init; } = [];

    /// <summary>
    /// The ways of matching, out of <see cref="EvasionSuite.Evasions"/>, without which an expected keyword would be
    /// missed; empty if normalising the text is enough.
    /// </summary>
    [JsonRequired]
    public ImmutableArray<string> Evasions { get; init; } = [];

    [JsonRequired]
    public string Why { get; init; } = "";

    /// <summary>Nothing holds in the text.</summary>
    [JsonIgnore]
    public bool IsNearMiss => Expect.IsEmpty;

    /// <summary>The text hides a keyword, if only from a search that does not normalise.</summary>
    [JsonIgnore]
    public bool IsEvasion => !Expect.IsEmpty && Technique is not (EvasionSuite.Plain or EvasionSuite.AllowPhrase);

    /// <summary>What a failed test shows.</summary>
    public override string ToString() => $"{Id} ({Technique}: {Why}) \"{Text}\"";
}
