using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Node.Cli.Tagging;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Node.Tests.Cli.Tagging;

/// <summary>A tagging that fails or is stopped leaves whole batches, and says where to go on.</summary>
public sealed class TagRunTests : IDisposable
{
    private readonly VoprfSecretKey _key = VoprfSecretKey.DeriveFromSeed(SHA256.HashData("key"u8), "voprf/tel/1"u8);
    private readonly MemoryStream _tags = new();
    private readonly MemoryStream _rejects = new();
    private readonly WaitClock _clock = new();
    private int _asked;
    private int _points;

    public void Dispose()
    {
        _key.Dispose();
        _tags.Dispose();
        _rejects.Dispose();
    }

    [Fact]
    public async Task Run_HolderFailsInTheThirdBatch_KeepsTheOthersAndSaysWhereToGoOn()
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(
            Numbers(25), 10, r => IsThird(r) ? throw new CliException(ExitCode.Unreachable, "Out of reach.") : null));

        Assert.Equal(ExitCode.Unreachable, refused.ExitCode);
        Assert.Equal("Out of reach. All rows up to line 20 are done: go on with --after-line 20.", refused.Message);
        Assert.Equal(Enumerable.Range(1, 20), LinesOf(_tags));
        var before = Text(_tags);

        _tags.SetLength(0);
        Assert.Equal(ExitCode.Done, await RunAsync(Numbers(25), 10, _ => null, afterLine: 20));
        Assert.Equal(Enumerable.Range(21, 5), LinesOf(_tags));
        var rest = Text(_tags);
        _tags.SetLength(0);
        await RunAsync(Numbers(25), 4_000, _ => null);
        Assert.Equal(Text(_tags), before + rest[(rest.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
    }

    [Fact]
    public async Task Run_QuotaOfTheMinuteIsUsedUp_WaitsAndGoesOn()
    {
        var refused = 0;
        Assert.Equal(ExitCode.Done, await RunAsync(
            Numbers(25), 10, r => IsThird(r) && ++refused <= 2 ? throw new TryLaterException(TimeSpan.FromSeconds(10 + (10 * refused)), "Used up.") : null));

        Assert.Equal(Enumerable.Range(1, 25), LinesOf(_tags));
        Assert.Equal([TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30)], _clock.Waits);
        Assert.Equal(5, _asked);
    }

    [Theory]
    [InlineData(61, 3)]
    [InlineData(1, 13)]
    public async Task Run_QuotaOfTheDayIsUsedUpOrWaitingIsOfNoUse_Ends(int seconds, int asked)
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(
            Numbers(25), 10, r => IsThird(r) ? throw new TryLaterException(TimeSpan.FromSeconds(seconds), "Used up.") : null));

        Assert.Equal((ExitCode.Refused, "Used up. All rows up to line 20 are done: go on with --after-line 20."), (refused.ExitCode, refused.Message));
        Assert.Equal(asked, _asked);
    }

    [Fact]
    public async Task Run_HolderFailsAtOnce_SaysThatNothingIsDone()
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(
            Numbers(5), 10, _ => throw new SellerAnswerException("It does not hold.")));

        Assert.Equal((ExitCode.Refused, "It does not hold. Nothing was tagged."), (refused.ExitCode, refused.Message));
        Assert.Empty(LinesOf(_tags));
    }

    /// <summary>The file is hardly read ahead: of a stream without end every batch is answered when it is there.</summary>
    [Fact]
    public async Task Run_StreamWithoutEnd_IsAnsweredBatchByBatchUntilItIsStopped()
    {
        using var stop = new CancellationTokenSource();
        using var endless = new Endless();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(
            endless,
            50,
            _ =>
            {
                if (Volatile.Read(ref _asked) >= 40)
                {
                    stop.Cancel();
                    stop.Token.ThrowIfCancellationRequested();
                }

                return null;
            },
            cancel: stop.Token));

        // What is not under way any more was written, in order.
        var lines = LinesOf(_tags).ToList();
        Assert.Equal(Enumerable.Range(1, lines.Count), lines);
        Assert.InRange(lines.Count, 50 * (40 - SellerTagger.MaxAtOnce), 50 * 40);
        Assert.InRange(endless.Given, 50 * 40, 100_000);
    }

    [Fact]
    public async Task Run_NumberGivenTwice_IsAskedForOnceABatch()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(new StringReader("+8613800138000\n+86 138 0013 8000\n+8613800138001\n"), 10, _ => null));

        Assert.Equal((1, 2), (_asked, _points));
        Assert.Equal(2, Text(_tags).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Split(',')[2]).Distinct().Count());
    }

    [Fact]
    public async Task Run_NoKeyForTheOnlyType_EndsIt()
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(
            Numbers(5), 10, _ => throw new UnknownSellerKeyException("No such key.")));

        Assert.Equal((ExitCode.Refused, "No such key. Nothing was tagged."), (refused.ExitCode, refused.Message));
        Assert.Equal("line,id,reason,identifier\n", Text(_rejects));
    }

    [Fact]
    public async Task Run_OnlyBadRows_AsksNobody()
    {
        Assert.Equal(ExitCode.Incomplete, await RunAsync(new StringReader("fax\n110\n"), 10, _ => null));

        Assert.Equal(0, _asked);
        Assert.Equal([1, 2], LinesOf(_rejects));
        Assert.EndsWith(",fax\n", Text(_rejects).Split("2,")[0], StringComparison.Ordinal);
    }

    /// <summary>Of 25 numbers, ten at once: batches are asked for in any order, and only the last is smaller.</summary>
    private static bool IsThird(SellerEvaluateRequest request) => request.Blinded.Count == 5;

    private static StringReader Numbers(int count) => new(string.Concat(
        Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"+{8_613_800_138_000 + i}\n"))));

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    private static IEnumerable<int> LinesOf(MemoryStream stream) => Text(stream).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Skip(1).Select(l => int.Parse(l.Split(',')[0], CultureInfo.InvariantCulture));

    private async Task<int> RunAsync(
        TextReader text, int batch, Func<SellerEvaluateRequest, object?> before, long afterLine = 0, CancellationToken cancel = default)
    {
        _asked = 0;
        using var rows = new SellerRows(
            new RecordReader(new PhysicalLines(text, RecordReader.MaxLength), delimiter: null),
            new ColumnChoice(null, null, null, null),
            hasHeader: false,
            SellerIdentifierType.Telephone,
            region: null);
        await rows.BeginAsync(cancel);
        await using var tags = new TagWriter(new StreamWriter(_tags, leaveOpen: true), json: false, withIds: false);
        await using var rejects = new Rejects(new StreamWriter(_rejects, leaveOpen: true));
        var run = new TagRun(
            rows,
            (request, _) =>
            {
                Interlocked.Increment(ref _asked);
                before(request);
                return Task.FromResult(Evaluate(request));
            },
            SellerKeyEpochs.Only(1),
            batch,
            oneType: true,
            tags,
            rejects,
            json: false,
            _clock);
        try
        {
            return await run.RunAsync(afterLine, cancel);
        }
        finally
        {
            await rejects.FlushAsync();
        }
    }

    private SellerEvaluateResponse Evaluate(SellerEvaluateRequest request)
    {
        _points += request.Blinded.Count;
        Assert.True(
            VoprfServer.TryEvaluate(
                _key,
                [.. request.Blinded.Select(Convert.FromBase64String)],
                RandomNumberGenerator.GetBytes(DleqProof.RandomSize),
                out var evaluation,
                out var error),
            error);
        return new SellerEvaluateResponse(
            [.. evaluation.Elements.Select(e => Convert.ToBase64String(e.ToArray()))], _key.PublicKey.ToString(), ["secretariat"]);
    }

    /// <summary>Nobody waits; what would have been waited is kept.</summary>
    private sealed class WaitClock : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    /// <summary>Numbers without end; counts how many were taken.</summary>
    private sealed class Endless : TextReader
    {
        public int Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"+{8_613_800_138_000 + Given++}\n");
            line.CopyTo(buffer.Span);
            return ValueTask.FromResult(line.Length);
        }
    }
}
