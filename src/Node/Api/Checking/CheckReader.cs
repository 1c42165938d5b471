using System.Buffers;
using System.Globalization;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// Reads what is to be checked. The plain way knows the shape by heart and takes only what has no fault; whatever it does
/// not take is read again by the serializer, which takes it or says what is wrong and where.
/// </summary>
internal static class CheckReader
{
    /// <summary>A longer body is read where it lies.</summary>
    private const int MaxCopied = 256 * 1024;

    private static readonly SearchValues<byte> s_digits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Reads the items of a request, which the caller hands back.</summary>
    public static Parsed<AskedItems> ReadRequest(in ReadOnlySequence<byte> body)
    {
        var items = AskedItems.Take();
        if (TryReadPlain(body, items) || ReadAny(body, items) is not { } problem)
        {
            return items;
        }

        items.Return();
        return problem;
    }

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="item">The item, if there is no problem.</param>
    public static ProblemResult? ReadLine(in ReadOnlySequence<byte> line, out AskedItem item)
    {
        try
        {
            var reader = RequestBody.MakeReader(line);
            if (reader.Read() && TryReadItem(ref reader, out item) && !reader.Read())
            {
                return null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is not well-formed: said below.
        }

        item = default;
        var read = RequestBody.Decode<CheckItem>(line);
        if (read.Value is not { } any)
        {
            return read.Problem;
        }

        if (ItemChecker.FaultOf(any) is { } fault)
        {
            return Fault.Invalid.Because($"{fault.TrimStart('.')}.");
        }

        item = AskedItem.Of(any);
        return null;
    }

    /// <summary>The way that takes everything which the API takes; the problem, if this is none of it.</summary>
    private static ProblemResult? ReadAny(in ReadOnlySequence<byte> body, AskedItems items)
    {
        items.Clear();
        var read = RequestBody.Decode<CheckRequest>(body);
        if (read.Value is not { } request)
        {
            return read.Problem;
        }

        if (request.Items.Count is 0 or > Limits.MaxCheckItems)
        {
            return Fault.Invalid.Because($"items must have 1 to {Limits.MaxCheckItems} items.");
        }

        for (var i = 0; i < request.Items.Count; i++)
        {
            if (ItemChecker.FaultOf(request.Items[i]) is { } fault)
            {
                return Fault.Invalid.Because(string.Create(
                    CultureInfo.InvariantCulture, $"items[{i}]{(fault[0] == '.' ? "" : " ")}{fault}."));
            }

            items.Add(AskedItem.Of(request.Items[i]));
        }

        return null;
    }

    private static bool TryReadPlain(in ReadOnlySequence<byte> body, AskedItems items)
    {
        // A reader is slower where what it reads lies in pieces than a copy is.
        var copy = body.IsSingleSegment || body.Length > MaxCopied ? null : ArrayPool<byte>.Shared.Rent((int)body.Length);
        try
        {
            if (copy is null)
            {
                return TryReadItems(RequestBody.MakeReader(body), items);
            }

            body.CopyTo(copy);
            return TryReadItems(RequestBody.MakeReader(new ReadOnlySequence<byte>(copy, 0, (int)body.Length)), items);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Likewise.
            return false;
        }
        finally
        {
            if (copy is not null)
            {
                ArrayPool<byte>.Shared.Return(copy);
            }
        }
    }

    private static bool TryReadItems(Utf8JsonReader reader, AskedItems items)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject
            || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("items"u8)
            || !reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (items.Count == Limits.MaxCheckItems || !TryReadItem(ref reader, out var item))
            {
                return false;
            }

            items.Add(item);
        }

        return items.Count > 0 && reader.Read() && reader.TokenType == JsonTokenType.EndObject && !reader.Read();
    }

    /// <summary>Reads an item of which the reader stands at the beginning.</summary>
    private static bool TryReadItem(ref Utf8JsonReader reader, out AskedItem item)
    {
        item = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        string? id = null, kind = null, text = null;
        Hash256 value = default;
        bool hasId = false, hasValue = false;
        bool? longest = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (kind is null && reader.ValueTextEquals("kind"u8))
            {
                if (!reader.Read() || (kind = KindOf(ref reader)) is null)
                {
                    return false;
                }
            }
            else if (!hasValue && reader.ValueTextEquals("value"u8) && reader.Read())
            {
                hasValue = true;
                if (reader.TokenType != JsonTokenType.String)
                {
                    return false;
                }

                if (kind is null or ItemChecker.Text || !TryReadHash(ref reader, out value))
                {
                    text = reader.GetString();
                }
            }
            else if (!hasId && reader.ValueTextEquals("id"u8) && reader.Read())
            {
                hasId = true;
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                {
                    return false;
                }

                id = reader.GetString();
            }
            else if (longest is null && reader.ValueTextEquals("longest"u8) && reader.Read()
                && reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            {
                longest = reader.GetBoolean();
            }
            else
            {
                return false;
            }
        }

        if (kind is null || !hasValue || reader.TokenType != JsonTokenType.EndObject || id is { Length: > Limits.MaxItemId }
            || (longest == true && kind != ItemChecker.Text))
        {
            return false;
        }

        if (kind == ItemChecker.Text)
        {
            item = new AskedItem(kind, default, text, id, longest ?? false);
            return text!.Length is > 0 and <= Limits.MaxCheckText;
        }

        // Before its kind, or written with escapes, it was read as a text.
        if (text is not null && !Hash256.TryParseLowerHex(text, out value))
        {
            return false;
        }

        item = new AskedItem(kind, value, null, id);
        return true;
    }

    private static bool TryReadHash(ref Utf8JsonReader reader, out Hash256 hash)
    {
        hash = default;
        if (reader.HasValueSequence || reader.ValueSpan.Length != 2 * Hash256.Size || reader.ValueSpan.ContainsAnyExcept(s_digits))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Hash256.Size];
        Convert.FromHexString(reader.ValueSpan, bytes, out _, out _);
        hash = new Hash256(bytes);
        return true;
    }

    private static string? KindOf(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.String ? null
        : reader.ValueTextEquals("seller"u8) ? IndicatorKind.Seller
        : reader.ValueTextEquals("text"u8) ? ItemChecker.Text
        : reader.ValueTextEquals("image-pdq"u8) ? IndicatorKind.ImagePdq
        : reader.ValueTextEquals("image-sha256"u8) ? IndicatorKind.ImageSha256
        : null;
}
