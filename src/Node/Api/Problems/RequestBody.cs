using System.Buffers;
using System.Text.Json;
using FederationNode.Contracts;

namespace FederationNode.Node.Api.Problems;

/// <summary>A value, or why there is none.</summary>
internal readonly record struct Parsed<T>(T? Value, ProblemResult? Problem)
    where T : class
{
    public static implicit operator Parsed<T>(T value) => new(value, null);

    public static implicit operator Parsed<T>(ProblemResult problem) => new(null, problem);
}

/// <summary>Reads JSON bodies, bounded before anything is decoded.</summary>
internal static class RequestBody
{
    internal delegate Parsed<T> Decoder<T>(in ReadOnlySequence<byte> body)
        where T : class;

    /// <summary>Reads a body of one shape.</summary>
    public static ValueTask<Parsed<T>> ReadAsync<T>(HttpContext context)
        where T : class => ReadAsync(context, Decode<T>, null);

    /// <summary>Reads a body that is a batch if it has the property <paramref name="marker"/>, else a single.</summary>
    public static ValueTask<Parsed<TBatch>> ReadOneOrManyAsync<TBatch, TOne>(
        HttpContext context, byte[] marker, Func<TOne, TBatch> wrap)
        where TBatch : class
        where TOne : class =>
        ReadAsync(context, (in ReadOnlySequence<byte> body) =>
        {
            if (HasProperty(body, marker))
            {
                return Decode<TBatch>(body);
            }

            var one = Decode<TOne>(body);
            return one.Value is { } value ? wrap(value) : one.Problem!;
        },
        null);

    /// <summary>Reads a body with a decoder of its own.</summary>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client left.</exception>
    internal static async ValueTask<Parsed<T>> ReadAsync<T>(HttpContext context, Decoder<T> decode, Deadline? deadline)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            return Fault.MediaType.Because("Send the body as application/json in UTF-8.");
        }

        if (context.Request.ContentLength > Limits.MaxApiBody)
        {
            return TooLarge();
        }

        var body = context.Request.BodyReader;
        while (true)
        {
            if (!body.TryRead(out var read))
            {
                read = await body.ReadAsync(deadline?.Token ?? context.RequestAborted);
            }

            if (read.Buffer.Length > Limits.MaxApiBody)
            {
                body.AdvanceTo(read.Buffer.End);
                return TooLarge();
            }

            if (read.IsCompleted)
            {
                var parsed = decode(read.Buffer);
                body.AdvanceTo(read.Buffer.End);
                return parsed;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ProblemResult TooLarge() =>
        Fault.TooLarge.Because($"A body has at most {Limits.MaxApiBody} bytes: send it in parts.");

    internal static Parsed<T> Decode<T>(in ReadOnlySequence<byte> body)
        where T : class
    {
        try
        {
            var reader = MakeReader(body);
            if (JsonSerializer.Deserialize<T>(ref reader, ApiJson.Options) is not { } value)
            {
                return Fault.MalformedJson.Because("The body is null where an object was expected.");
            }

            // Throws when anything but white space follows.
            _ = reader.Read();
            return value;
        }
        catch (JsonException fault)
        {
            return JsonFault.Describe(fault);
        }
    }

    private static bool HasProperty(in ReadOnlySequence<byte> body, byte[] name)
    {
        try
        {
            var reader = MakeReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(name))
                {
                    return true;
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Decoding meets the same fault again, and says where it is.
        }

        return false;
    }

    internal static Utf8JsonReader MakeReader(in ReadOnlySequence<byte> body) =>
        body.IsSingleSegment
            ? new(body.FirstSpan, new JsonReaderOptions { MaxDepth = ApiJson.MaxDepth })
            : new(body, new JsonReaderOptions { MaxDepth = ApiJson.MaxDepth });
}
