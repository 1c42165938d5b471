using System.IO.Pipes;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Node.Cli.Tagging;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Node.Tests.Sellers;

/// <summary>Several batches are under way at once: in order, bounded, and stopped together.</summary>
public sealed class SellerTaggerTests : IDisposable
{
    private readonly VoprfSecretKey _key = VoprfSecretKey.DeriveFromSeed(new byte[VoprfSecretKey.SeedSize], "any"u8);
    private int _asked;

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Tag_BatchesAnsweredInAnotherOrder_TagsStandInTheirOrder()
    {
        var sellers = Sellers(6);
        var asked = 0;
        var all = new TaskCompletionSource();
        var most = 0;
        var inside = 0;

        var tagged = await SellerTagger.TagAsync(
            async (request, cancel) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                if (Interlocked.Increment(ref asked) == SellerTagger.MaxAtOnce)
                {
                    all.SetResult();
                }

                // The first is not answered before others are asked.
                await all.Task.WaitAsync(cancel);
                Interlocked.Decrement(ref inside);
                return Evaluate(request);
            },
            _ => [1],
            sellers,
            default);

        Assert.Equal(SellerTagger.MaxAtOnce, most);
        Assert.Equal(6, asked);
        Assert.Equal(sellers.Select(Expected), tagged.Select(t => t.Tags[0].Tag));
    }

    [Fact]
    public async Task Tag_OneBatchFails_TheOthersAreStopped()
    {
        var (stopped, waiting) = (0, 0);
        var others = new TaskCompletionSource();

        var failure = await Assert.ThrowsAsync<SellerAnswerException>(() => SellerTagger.TagAsync(
            async (request, cancel) =>
            {
                if (request.Type == "acct:platform-0")
                {
                    await others.Task.WaitAsync(cancel);
                    throw new SellerAnswerException("It is wrong.");
                }

                if (Interlocked.Increment(ref waiting) == 2)
                {
                    others.SetResult();
                }

                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
                }
                finally
                {
                    Interlocked.Increment(ref stopped);
                }

                return Evaluate(request);
            },
            _ => [1],
            Sellers(3),
            default));

        Assert.Equal("It is wrong.", failure.Message);
        Assert.Equal(2, stopped);
    }

    [Fact]
    public async Task Tag_KeyThatThereIsNot_LeavesTheOthersTagged()
    {
        var tagged = await SellerTagger.TagAsync(
            (request, _) => request.Type == "acct:platform-1"
                ? throw new UnknownSellerKeyException("No such key.")
                : Task.FromResult(Evaluate(request)),
            _ => [1],
            Sellers(3),
            default);

        Assert.Equal([false, true, false], tagged.Select(t => t.LacksKey));
        Assert.Equal("No such key.", tagged[1].Error);
    }

    /// <summary>Rows are written in their order, whichever answer comes first; no more are read than may be under way.</summary>
    [Fact]
    public async Task Run_AnswersInAnyOrder_WritesTheRowsInTheirs()
    {
        var text = string.Concat(Enumerable.Range(0, 12).Select(i => FormattableString.Invariant($"name{i}\n")));
        var (dice, inside, most) = (new Random(5), 0, 0);
        var output = await RunAsync(new StringReader(text), async (request, cancel) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref inside));
            for (var i = dice.Next(20); i > 0; i--)
            {
                await Task.Yield();
            }

            Interlocked.Decrement(ref inside);
            return Evaluate(request);
        });

        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => FormattableString.Invariant($"{i + 1},voprf/acct:platform-0/1,{Expected(Seller(0, $"name{i}"))}")),
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1));
        Assert.InRange(most, 1, SellerTagger.MaxAtOnce);
    }

    /// <summary>What was asked for is written while the next row is waited for, as in a pipe that stays open.</summary>
    [Fact]
    public async Task Run_StreamThatPauses_IsAnsweredMeanwhile()
    {
        using var write = new AnonymousPipeServerStream(PipeDirection.Out);
        using var reader = new StreamReader(new AnonymousPipeClientStream(PipeDirection.In, write.ClientSafePipeHandle));
        using var output = new MemoryStream();
        await write.WriteAsync("one\n"u8.ToArray());
        var answered = new TaskCompletionSource();
        var run = RunAsync(reader, (request, _) => Task.FromResult(Evaluate(request)), new Watched(output, answered));
        await answered.Task.WaitAsync(TimeSpan.FromSeconds(60));
        write.Dispose();

        Assert.Contains("1,voprf/acct:platform-0/1,", await run, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ThirdBatchRefused_SaysUpToWhereAllIsDone()
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(
            new StringReader("a1\na2\nb1\nb2\n"),
            (request, _) => request.Blinded.Count > 0 && Interlocked.Increment(ref _asked) == 3
                ? throw new CliException(ExitCode.Refused, "Enough.")
                : Task.FromResult(Evaluate(request))));

        Assert.Equal("Enough. All rows up to line 2 are done: go on with --after-line 2.", refused.Message);
    }

    private static async Task<string> RunAsync(TextReader text, SellerEvaluator evaluate, MemoryStream? into = null)
    {
        var output = into ?? new MemoryStream();
        using var rows = new SellerRows(
            new RecordReader(new PhysicalLines(text, RecordReader.MaxLength), null),
            new ColumnChoice(null, null, null, null),
            false,
            TypeOf(0),
            null);
        await using (var tags = new TagWriter(new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true), json: false, withIds: false))
        await using (var rejects = new Rejects(null))
        {
            await rows.BeginAsync(default);
            var run = new TagRun(rows, evaluate, _ => [1], 1, true, tags, rejects, json: true, TimeProvider.System);
            Assert.Equal(0, await run.RunAsync(0, default));
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static List<RawSeller> Sellers(int count) => [.. Enumerable.Range(0, count).Select(i => Seller(i, "somebody"))];

    private static RawSeller Seller(int platform, string name) => new(TypeOf(platform), name, null);

    private static SellerIdentifierType TypeOf(int platform) =>
        SellerIdentifierType.TryParse(FormattableString.Invariant($"acct:platform-{platform}"), out var type, out var error)
            ? type
            : throw new InvalidOperationException(error);

    private Protocol.Hash256 Expected(RawSeller seller) =>
        SellerIdentifier.TryCanonicalize(seller.Type, seller.Raw, null, out var identifier, out var error)
            ? SellerTag.EvaluateLocally(_key, identifier)
            : throw new InvalidOperationException(error);

    private SellerEvaluateResponse Evaluate(SellerEvaluateRequest request)
    {
        var points = request.Blinded.Select(b =>
            RistrettoPoint.TryDecode(Convert.FromBase64String(b), out var point, out var error) ? point : throw new InvalidOperationException(error));
        return new SellerEvaluateResponse(
            [.. VoprfServer.BlindEvaluate(_key, [.. points]).Select(p => Convert.ToBase64String(p.Span))], _key.PublicKey.ToString(), ["a"]);
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = most; now > seen; seen = most)
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }

    /// <summary>Tells when something was written behind the line of columns.</summary>
    private sealed class Watched(MemoryStream inner, TaskCompletionSource answered) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Look();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override byte[] ToArray() => inner.ToArray();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        private void Look()
        {
            if (Encoding.UTF8.GetString(inner.ToArray()).Contains("voprf/", StringComparison.Ordinal))
            {
                answered.TrySetResult();
            }
        }
    }
}
