using System.Buffers;
using System.Globalization;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Node.Api.Feedback;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Checking;

/// <summary>A check as one JSON body. This is the node's hottest path.</summary>
internal sealed class BatchCheck(
    ItemChecker checker,
    ListWatch watch,
    HitRecorder recorder,
    TallyRecorder tallies,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    /// <summary>Items checked between two looks at the clock.</summary>
    private const int Stride = 16;

    /// <summary>A thread keeps no buffer that is longer.</summary>
    private const int MaxKept = 256 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_json;

    public async ValueTask<ProblemResult?> AnswerAsync(HttpContext context, Deadline deadline)
    {
        var body = await RequestBody.ReadAsync(context, CheckReader.ReadRequest, deadline);
        if (body.Value is not { } request)
        {
            return body.Problem;
        }

        if (FirstFault(request) is { } fault)
        {
            return fault;
        }

        if (!TryWrite(context.Response, request, deadline))
        {
            return Deadline.Missed();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return null;
    }

    /// <summary>Puts the whole answer into the server's buffer; false if the time is over.</summary>
    private bool TryWrite(HttpResponse response, CheckRequest request, Deadline deadline)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        var json = t_json ??= new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        try
        {
            json.Reset(buffer);
            var current = watch.Current;
            var opened = checker.Open(clock.GetUtcNow().ToUnixTimeSeconds(), watch.IsStale);
            var hits = new List<Hash256>();
            CheckWriter.BeginResponse(json);
            for (var i = 0; i < request.Items.Count; i++)
            {
                if (i % Stride == Stride - 1 && deadline.IsPassed)
                {
                    return false;
                }

                var verdict = ItemChecker.Check(opened, request.Items[i], hits);
                tallies.Count(verdict);
                CheckWriter.WriteVerdict(json, verdict);
            }

            CheckWriter.EndResponse(json, watch.Describe(current));
            json.Flush();
            recorder.Record(hits);
            response.ContentType = ApiJson.ContentType;
            response.ContentLength = buffer.WrittenCount;
            response.BodyWriter.Write(buffer.WrittenSpan);
            return true;
        }
        finally
        {
            buffer.ResetWrittenCount();
            if (buffer.Capacity > MaxKept)
            {
                (t_buffer, t_json) = (null, null);
            }
        }
    }

    private static ProblemResult? FirstFault(CheckRequest request)
    {
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
        }

        return null;
    }
}
