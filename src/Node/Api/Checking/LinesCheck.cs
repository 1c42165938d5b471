using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Matching.Checking;
using FederationNode.Node.Api.Feedback;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// A check as a stream of lines: each is answered by a line, in their order, and none is kept. A client that does not
/// read is not read from, so memory is bounded by one line.
/// </summary>
internal sealed class LinesCheck(
    ItemChecker checker,
    ListWatch watch,
    HitRecorder recorder,
    TallyRecorder tallies,
    LocalApiOptions options,
    CheckStreamPlaces places,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    private const int FlushBytes = 32 * 1024;

    /// <summary>A stream keeps no buffer that is longer.</summary>
    private const int MaxKept = 256 * 1024;

    private readonly ItemChecker _checker = checker;
    private readonly ListWatch _watch = watch;
    private readonly HitRecorder _recorder = recorder;
    private readonly TallyRecorder _tallies = tallies;
    private readonly LocalApiOptions _options = options;
    private readonly TimeProvider _clock = clock;

    /// <summary>Answers, or says why not before anything was answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="time">How long it may take in all; null: as long as lines come.</param>
    public async ValueTask<ProblemResult?> AnswerAsync(HttpContext context, TimeSpan? time)
    {
        if (!places.TryTake(context))
        {
            return Fault.TooMany.Because($"{Limits.MaxCheckStreams} checks as streams are open already.");
        }

        // A pause is no fault here: the time without a byte is bounded below, and so is the whole, if asked for.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        context.Response.ContentType = LinesOfJson.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        using var deadline = new Deadline(time ?? Timeout.InfiniteTimeSpan, _clock, context.RequestAborted);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token, lifetime.ApplicationStopping);
        await using var json = new Utf8JsonWriter(
            Stream.Null, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        var run = new Run(this, context, json);
        try
        {
            var problem = await run.AnswerAllAsync(ended);
            await run.EndAsync(problem, context.RequestAborted);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            var problem = lifetime.ApplicationStopping.IsCancellationRequested
                ? Fault.NotReady.Because("The node stops: send the lines that were not answered again, later.")
                : Deadline.Missed();
            await run.EndAsync(problem, context.RequestAborted);
        }

        return null;
    }

    /// <summary>One request.</summary>
    private sealed class Run(LinesCheck owner, HttpContext context, Utf8JsonWriter json)
    {
        private readonly PipeReader _input = context.Request.BodyReader;
        private readonly PipeWriter _output = context.Response.BodyWriter;
        private readonly List<Hash256> _hits = [];

        // Gathered here, since the server takes a lock for each piece that it is given.
        private ArrayBufferWriter<byte> _answers = new();
        private long _lines;
        private long _errors;

        // The rest of a line that is too long, which has been answered already.
        private bool _skips;

        /// <summary>Answers all lines; the problem for which it was given up, or null.</summary>
        public async Task<ProblemResult?> AnswerAllAsync(CancellationTokenSource ended)
        {
            for (var isFirst = true; ; isFirst = false)
            {
                // A client that sends without a pause is never waited for.
                ended.Token.ThrowIfCancellationRequested();
                if (!_input.TryRead(out var read))
                {
                    if (!isFirst)
                    {
                        // What is answered is sent before more is waited for.
                        await FlushAsync(ended.Token);
                    }

                    if (await WaitAsync(ended.Token) is not { } came)
                    {
                        return Fault.Deadline.Because(
                            $"Nothing came for {owner._options.CheckStreamIdle.TotalSeconds} s. Send the next lines in a new request.");
                    }

                    read = came;
                }

                // Lines that came together are checked at once, as of one time and one policy.
                var opened = owner._checker.Open(owner._clock.GetUtcNow().ToUnixTimeSeconds(), owner._watch.IsStale);
                var buffer = read.Buffer;
                while (TryTakeLine(ref buffer, read.IsCompleted, out var line))
                {
                    AnswerLine(line, opened);
                    if (_answers.WrittenCount >= FlushBytes)
                    {
                        await FlushAsync(ended.Token);
                    }
                }

                if (buffer.Length > Limits.MaxCheckLine)
                {
                    if (!_skips)
                    {
                        WriteError(Fault.TooLarge.Because($"A line has at most {Limits.MaxCheckLine} bytes."));
                    }

                    (_skips, buffer) = (true, buffer.Slice(buffer.End));
                }

                _input.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    return null;
                }
            }
        }

        /// <summary>Writes the last line.</summary>
        public async Task EndAsync(ProblemResult? problem, CancellationToken aborted)
        {
            var list = owner._watch.Describe(owner._watch.Current);
            Write(new CheckLinesEnd(
                problem is null, _lines, _errors, problem?.ToProblem(), list.Version, list.Size, list.AgeSeconds, list.Stale));
            await FlushAsync(aborted);
        }

        /// <summary>What came, or null if nothing did for long.</summary>
        private async ValueTask<ReadResult?> WaitAsync(CancellationToken ended)
        {
            using var idle = new CancellationTokenSource(owner._options.CheckStreamIdle, owner._clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, ended);
            try
            {
                return await _input.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (idle.IsCancellationRequested && !ended.IsCancellationRequested)
            {
                return null;
            }
        }

        private bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
        {
            while (true)
            {
                if (buffer.PositionOf((byte)'\n') is { } end)
                {
                    line = buffer.Slice(0, end);
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }
                else if (isLast && !buffer.IsEmpty)
                {
                    (line, buffer) = (buffer, buffer.Slice(buffer.End));
                }
                else
                {
                    line = default;
                    return false;
                }

                if (!_skips)
                {
                    return true;
                }

                _skips = false;
            }
        }

        private void AnswerLine(in ReadOnlySequence<byte> line, ListChecker opened)
        {
            if (line.Length > Limits.MaxCheckLine)
            {
                WriteError(Fault.TooLarge.Because($"A line has at most {Limits.MaxCheckLine} bytes."));
                return;
            }

            if (CheckReader.ReadLine(line, out var item) is { } problem)
            {
                WriteError(problem);
                return;
            }

            _lines++;
            var found = ItemChecker.Check(opened, item);
            if (CheckWriter.TryWriteNothing(_answers, _lines, item.Id, found))
            {
                return;
            }

            var verdict = ItemChecker.Answer(found, item.Kind, item.Id, _hits);
            owner._tallies.Count(verdict);
            json.Reset(_answers);
            CheckWriter.WriteLine(json, _lines, verdict);
            EndLine();
        }

        private void WriteError(ProblemResult problem)
        {
            _lines++;
            _errors++;
            Write(new CheckLine(_lines, null, null, [], null, problem.ToProblem()));
        }

        private void Write<T>(T line)
        {
            json.Reset(_answers);
            JsonSerializer.Serialize(json, line, ApiJson.Options);
            EndLine();
        }

        private void EndLine()
        {
            json.Flush();
            _answers.Write("\n"u8);
        }

        private async ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            owner._recorder.Record(_hits);
            _hits.Clear();
            _output.Write(_answers.WrittenSpan);
            _answers.ResetWrittenCount();
            if (_answers.Capacity > MaxKept)
            {
                _answers = new ArrayBufferWriter<byte>();
            }

            await _output.FlushAsync(cancellationToken);
        }
    }
}
