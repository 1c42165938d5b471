using System.Buffers;
using System.Text.Json;
using FederationNode.Grains;
using FederationNode.Node.Api.Feedback;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

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
        if (body.Value is not { } items)
        {
            return body.Problem;
        }

        var isWritten = TryWrite(context.Response, items, deadline);
        items.Return();
        if (!isWritten)
        {
            return Deadline.Missed();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return null;
    }

    /// <summary>Puts the whole answer into the server's buffer; false if the time is over.</summary>
    private bool TryWrite(HttpResponse response, AskedItems items, Deadline deadline)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        var json = t_json ??= new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        try
        {
            json.Reset(buffer);
            if (!TryWrite(json, items, deadline))
            {
                return false;
            }

            json.Flush();
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

    private bool TryWrite(Utf8JsonWriter json, AskedItems items, Deadline deadline)
    {
        var list = watch.Describe(watch.Current);
        var opened = checker.Open(clock.GetUtcNow().ToUnixTimeSeconds(), list.Stale);
        List<Hash256>? hits = null;
        CheckWriter.BeginResponse(json);
        for (var start = 0; start < items.Count; start += AskedItems.GroupSize)
        {
            var group = items.All.Slice(start, Math.Min(AskedItems.GroupSize, items.Count - start));
            var verdicts = items.LookUp(opened, group);
            for (var i = 0; i < group.Length; i++)
            {
                if (i % Stride == Stride - 1 && deadline.IsPassed)
                {
                    return false;
                }

                ref readonly var item = ref group[i];
                var verdict = item.Kind is IndicatorKind.Seller or IndicatorKind.ImageSha256
                    ? verdicts[i]
                    : ItemChecker.Check(opened, item);
                if (verdict.Matches.IsEmpty)
                {
                    CheckWriter.WriteNoMatch(json, item.Id, verdict);
                    continue;
                }

                var answer = ItemChecker.Answer(verdict, item.Kind, item.Id, hits ??= []);
                tallies.Count(answer);
                CheckWriter.WriteVerdict(json, answer);
            }
        }

        CheckWriter.EndResponse(json, list);
        if (hits is not null)
        {
            recorder.Record(hits);
        }

        return true;
    }
}
