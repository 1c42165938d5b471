using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Matching.Keywords;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>The words for <see cref="KeywordMatch"/> that listings use.</summary>
internal sealed class EvasionMatchConverter : JsonConverter<KeywordMatch>
{
    public override KeywordMatch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() switch
        {
            "auto" => KeywordMatch.ByScript,
            "word" => KeywordMatch.Word,
            "prefix" => KeywordMatch.Prefix,
            "substring" => KeywordMatch.Substring,
            var other => throw new JsonException($"'{other}' is none of auto, word, prefix, substring."),
        };

    public override void Write(Utf8JsonWriter writer, KeywordMatch value, JsonSerializerOptions options) =>
        throw new NotSupportedException("The suite is only read.");
}
