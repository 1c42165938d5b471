using System.Text.Encodings.Web;
using System.Text.Json;

namespace FederationNode.Detector.Http;

/// <summary>How the node's JSON is read and written.</summary>
internal static class WireJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // Every property of an answer is always there (docs/protocol.md section 14): one that lacks some is no answer.
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Whether a line is the last one of a stream: an object whose first property is <c>end</c>.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.Read()
                && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("end"u8);
        }
        catch (JsonException)
        {
            // Whoever reads the line says what is wrong with it.
            return false;
        }
    }

    /// <summary>Reads an answer.</summary>
    /// <exception cref="DetectorException">It is none of this version.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options)
                ?? throw new DetectorException(200, $"What answers is no node of this version: {what} is null.");
        }
        catch (JsonException e)
        {
            throw new DetectorException(
                200, $"What answers is no node of this version: {what} is not as the API has it. Is the address right?", e);
        }
    }
}
