using System.Buffers;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// Reads what is to be checked. The plain way knows the shape by heart; whatever it does not know is read again by the
/// serializer, which takes it or says what is wrong and where.
/// </summary>
internal static class CheckReader
{
    public static Parsed<CheckRequest> ReadRequest(in ReadOnlySequence<byte> body)
    {
        try
        {
            if (TryReadRequest(body) is { } request)
            {
                return request;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is not well-formed: said below.
        }

        return RequestBody.Decode<CheckRequest>(body);
    }

    public static Parsed<CheckItem> ReadItem(in ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = RequestBody.MakeReader(line);
            if (reader.Read() && TryReadItem(ref reader) is { } item && !reader.Read())
            {
                return item;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Likewise.
        }

        return RequestBody.Decode<CheckItem>(line);
    }

    private static CheckRequest? TryReadRequest(in ReadOnlySequence<byte> body)
    {
        var reader = RequestBody.MakeReader(body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject
            || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("items"u8)
            || !reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var items = new List<CheckItem>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (TryReadItem(ref reader) is not { } item)
            {
                return null;
            }

            items.Add(item);
        }

        return reader.Read() && reader.TokenType == JsonTokenType.EndObject && !reader.Read()
            ? new CheckRequest(items)
            : null;
    }

    /// <summary>Reads an item of which the reader stands at the beginning, or null.</summary>
    private static CheckItem? TryReadItem(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        string? id = null, kind = null, value = null;
        var hasId = false;
        bool? longest = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (kind is null && reader.ValueTextEquals("kind"u8) && IsString(ref reader))
            {
                kind = ReadKind(ref reader);
            }
            else if (value is null && reader.ValueTextEquals("value"u8) && IsString(ref reader))
            {
                value = reader.GetString();
            }
            else if (!hasId && reader.ValueTextEquals("id"u8) && IsString(ref reader))
            {
                (id, hasId) = (reader.GetString(), true);
            }
            else if (longest is null && reader.ValueTextEquals("longest"u8) && reader.Read()
                && reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            {
                longest = reader.GetBoolean();
            }
            else
            {
                return null;
            }
        }

        return kind is not null && value is not null && reader.TokenType == JsonTokenType.EndObject
            ? new CheckItem(kind, value, id, longest ?? false)
            : null;
    }

    private static bool IsString(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.String;

    private static string ReadKind(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("text"u8) ? ItemChecker.Text
        : reader.ValueTextEquals("image-pdq"u8) ? IndicatorKind.ImagePdq
        : reader.ValueTextEquals("image-sha256"u8) ? IndicatorKind.ImageSha256
        : reader.ValueTextEquals("seller"u8) ? IndicatorKind.Seller
        : reader.GetString()!;
}
