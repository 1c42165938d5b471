using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Http;
using FederationNode.Detector.Telemetry;

namespace FederationNode.Detector;

/// <content>
/// Any number of items, as lines. HTTP/1.1 answers only when the request is sent, and a node that is not read from does
/// not read on; so the items go in several requests, each small enough to lie in the node's buffer as a whole.
/// </content>
public sealed partial class FederationDetector
{
    private const string LinesType = "application/x-ndjson";

    /// <summary>Bytes of lines in one request, if it has more than one line.</summary>
    private const int WindowBytes = 256 * 1024;

    private const int WindowItems = 4096;

    /// <summary>Bytes of a line of an answer: 1,000 matches with the members that list them.</summary>
    private const int MaxAnswerLine = 64 * 1024 * 1024;

    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(60);

    /// <summary>Checks items one after the other as they come; the verdicts come in their order.</summary>
    /// <param name="items">Any number of items. What is there is sent at once: a slow source waits for nothing.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="DetectorException">
    /// The node refused an item or the request, or its answer was broken off: verdicts that came before hold, the others are
    /// not known.
    /// </exception>
    /// <exception cref="HttpRequestException">The node was not reached.</exception>
    /// <exception cref="TimeoutException">The node did not begin to answer in time, or fell silent.</exception>
    public async IAsyncEnumerable<CheckVerdict> CheckManyAsync(
        IAsyncEnumerable<CheckItem> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var line in CheckLinesAsync(items, cancellationToken))
        {
            yield return line is { Error: null, Verdict: { } verdict }
                ? new CheckVerdict(line.Id, verdict, line.Matches)
                : throw new DetectorException(
                    line.Error?.Status ?? 200, $"Item {line.Line}: {line.Error?.Detail ?? "the node gave no verdict."}");
        }
    }

    /// <summary>
    /// As <see cref="CheckManyAsync"/>, but an item that is wrong has a line with its error, and disturbs no other.
    /// </summary>
    public async IAsyncEnumerable<CheckLine> CheckLinesAsync(
        IAsyncEnumerable<CheckItem> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var source = items.GetAsyncEnumerator(left.Token);
        var window = new ArrayBufferWriter<byte>();
        var (answered, waiting) = (0L, default(byte[]));
        var next = source.MoveNextAsync().AsTask();
        try
        {
            while (waiting is not null || await next)
            {
                window.ResetWrittenCount();
                var count = 0;
                while (count < WindowItems && (waiting is not null || (next.IsCompletedSuccessfully && next.Result)))
                {
                    var line = waiting ?? LineOf(source.Current);
                    next = waiting is null ? source.MoveNextAsync().AsTask() : next;
                    waiting = count > 0 && window.WrittenCount + line.Length > WindowBytes ? line : null;
                    if (waiting is not null)
                    {
                        break;
                    }

                    window.Write(line);
                    count++;
                }

                await foreach (var line in AskLinesAsync(window.WrittenMemory, count, cancellationToken))
                {
                    yield return line with { Line = answered + line.Line };
                }

                answered += count;
            }
        }
        finally
        {
            // A source that is asked for its next item cannot be closed; who leaves early does not care how that ends.
            await left.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static byte[] LineOf(CheckItem item)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(item, WireJson.Options);
        return line.Length <= Limits.MaxCheckLine
            ? [.. line, (byte)'\n']
            : throw new ArgumentException($"An item takes at most {Limits.MaxCheckLine} bytes as JSON, not {line.Length}.", nameof(item));
    }

    private async IAsyncEnumerable<CheckLine> AskLinesAsync(
        ReadOnlyMemory<byte> body, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await _client.OpenAsync(
            node => Post(node, ApiRoutes.Check, body, LinesType), cancellationToken);
        await using var stream = new HeardStream(
            await answer.Content.ReadAsStreamAsync(cancellationToken), s_silence, long.MaxValue, () => { }, TimeProvider.System);
        var lines = new BoundedLines(stream, MaxAnswerLine);
        for (var done = 0; ; done++)
        {
            var bytes = await ReadLineAsync(lines, done, count, cancellationToken);
            if (WireJson.IsEnd(bytes.Span))
            {
                var end = WireJson.Read<CheckLinesEnd>(bytes.Span, "the last line");
                if (!end.End || end.Count != count || done != count)
                {
                    throw new DetectorException(
                        end.Error?.Status ?? 200, end.Error?.Detail ?? BrokenOff(done, count));
                }

                yield break;
            }

            var line = WireJson.Read<CheckLine>(bytes.Span, "a line");
            if (line.Line != done + 1 || done == count)
            {
                throw new DetectorException(200, $"The node answered line {line.Line} where {done + 1} of {count} was due.");
            }

            DetectorMetrics.CheckedOverHttp(line.Verdict ?? "none");
            yield return line;
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(
        BoundedLines lines, int done, int count, CancellationToken cancellationToken)
    {
        try
        {
            return await lines.ReadAsync(cancellationToken) ?? throw new DetectorException(200, BrokenOff(done, count));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw new DetectorException(200, BrokenOff(done, count), e);
        }
    }

    private static string BrokenOff(int done, int count) =>
        $"The answer was broken off after {done} of {count} lines: send the others again.";
}
