using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// The text of a note that carries JSON: a header line that says what it is and in which version, then one JSON
/// object. A reader verifies the signature over these bytes and then parses these same bytes, so JSON needs no
/// canonical form here.
/// </summary>
internal static class SignedJson
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
        // People read what they sign: a key's '+' stays a '+'. The text is never put into HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonDocumentOptions Strict = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = 16,
    };

    public static string Write(string header, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        return $"{header}\n{Encoding.UTF8.GetString(buffer.WrittenSpan)}\n";
    }

    public static bool TryRead<T>(
        string text,
        string header,
        Func<JsonElement, T> read,
        [NotNullWhen(true)] out T? value,
        [NotNullWhen(false)] out string? error)
        where T : class
    {
        value = null;
        if (!text.StartsWith(header + "\n", StringComparison.Ordinal))
        {
            error = $"The first line must be \"{header}\": this is another kind of document, or a newer version of it.";
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text[(header.Length + 1)..]), Strict);
            value = read(document.RootElement);
            error = null;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonElement throws the second kind for an escaped surrogate that stands alone.
            error = $"The document is not the JSON expected here: {e.Message}";
            return false;
        }
    }

    public static string Text(this JsonElement parent, string name) =>
        parent.Member(name) is { ValueKind: JsonValueKind.String } element
            ? element.GetString()!
            : throw new JsonException($"\"{name}\" must be a string.");

    public static string Text(this JsonElement element) =>
        element.ValueKind == JsonValueKind.String
            ? element.GetString()!
            : throw new JsonException("A string was expected in an array.");

    public static long Number(this JsonElement parent, string name, long min, long max) =>
        parent.Member(name) is { ValueKind: JsonValueKind.Number } element
        && element.TryGetInt64(out var number) && number >= min && number <= max
            ? number
            : throw new JsonException($"\"{name}\" must be a whole number from {min} to {max}.");

    public static Hash256 Hash(this JsonElement parent, string name) =>
        Hash256.TryParseLowerHex(parent.Text(name), out var hash)
            ? hash
            : throw new JsonException($"\"{name}\" must be 64 lower-case hexadecimal digits.");

    public static Hash256 Hash(this JsonElement element) =>
        Hash256.TryParseHex(element.Text(), out var hash) && hash.ToString() == element.Text()
            ? hash
            : throw new JsonException("64 lower-case hexadecimal digits were expected in an array.");

    public static IEnumerable<JsonElement> List(this JsonElement parent, string name, int max) =>
        parent.Member(name) is { ValueKind: JsonValueKind.Array } element && element.GetArrayLength() <= max
            ? element.EnumerateArray()
            : throw new JsonException($"\"{name}\" must be an array of at most {max} items.");

    public static JsonElement? Member(this JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("An object was expected.");
        }

        return parent.TryGetProperty(name, out var element) ? element : null;
    }
}
