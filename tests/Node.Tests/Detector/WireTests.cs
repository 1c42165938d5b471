using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Detector.Http;
using FederationNode.Detector.Telemetry;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>The small parts below the client: streams with bounds, latencies, metrics.</summary>
public sealed class WireTests
{
    [Fact]
    public async Task BoundedLines_LinesOfAnyLength_AreReadWholeWhereverReadsEnd()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] lines = [.. Enumerable.Range(0, 300).Select(i => new string((char)('a' + (i % 26)), random.Next(i % 50 == 0 ? 200_000 : 300)))];
        var reader = new BoundedLines(
            new Drip(Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n"), random), 200_000);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = await reader.ReadAsync(default);
            Assert.True(lines[i] == Encoding.ASCII.GetString(line!.Value.Span), $"seed {seed}, line {i}");
        }

        Assert.Null(await reader.ReadAsync(default));
    }

    [Theory]
    [InlineData("no end", "The answer ends within a line.")]
    [InlineData("01234567890123456789\n", "A line of the answer has more than 10 bytes.")]
    public async Task BoundedLines_NoLine_Throws(string text, string fault)
    {
        var reader = new BoundedLines(new Drip(Encoding.ASCII.GetBytes(text), new Random(1), most: 11), 10);

        Assert.Equal(fault, (await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(default).AsTask())).Message);
    }

    [Fact]
    public async Task HeardStream_Silence_IsATimeout()
    {
        await using var stream = new HeardStream(new Mute(), TimeSpan.FromSeconds(45), 10, () => { }, new HastyClock(TimeSpan.FromMinutes(1)));

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => stream.ReadAsync(new byte[1]).AsTask());

        Assert.Equal("Nothing came from the node for 45 s.", fault.Message);
    }

    [Fact]
    public async Task HeardStream_MoreThanItsBudget_IsRefusedUnlessRenewed()
    {
        var heard = 0;
        await using var stream = new HeardStream(
            new MemoryStream(new byte[100]), TimeSpan.FromSeconds(45), 10, () => heard++, TimeProvider.System);
        var buffer = new byte[8];

        Assert.Equal(8, await stream.ReadAsync(buffer));
        stream.Renew();
        Assert.Equal(8, await stream.ReadAsync(buffer));
        await Assert.ThrowsAsync<InvalidDataException>(() => stream.ReadAsync(buffer).AsTask());
        Assert.Equal(3, heard);
    }

    [Fact]
    public void LatencyWindow_Quantile_IsOfTheLatestOnly()
    {
        var window = new LatencyWindow();
        for (var i = 1; i < 20; i++)
        {
            window.Add(TimeSpan.FromHours(i));
        }

        Assert.Null(window.Quantile(0.5));
        for (var i = 1; i <= 256; i++)
        {
            window.Add(TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(256), window.Quantile(1));
        Assert.Equal(TimeSpan.FromMilliseconds(128), window.Quantile(0.5));
    }

    [Fact]
    public async Task Metrics_Check_AreCountedByVerdict()
    {
        const string Answer =
            "{\"items\":[{\"id\":null,\"verdict\":\"review\",\"matches\":[]}],\"listVersion\":\"\",\"listSize\":0,\"ageSeconds\":0,\"stale\":false}";
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == DetectorMetrics.MeterName)
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, 1, tags));
        listener.Start();
        using var detector = new FederationDetector(
            new Uri("http://127.0.0.1:1"), "key", new ScriptedNode((_, _) => ScriptedNode.Answer(200, "application/json", Answer)));
        await detector.CheckAsync([new CheckItem("text", "a")]);

        // Other tests count in the same process.
        lock (seen)
        {
            Assert.Contains("fednode.detector.checks 1 by=http verdict=review", seen);
            Assert.Contains("fednode.detector.request.duration 1", seen);
        }

        void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{instrument.Name} {value}");
            foreach (var (name, tag) in tags)
            {
                text += $" {name}={tag}";
            }

            lock (seen)
            {
                seen.Add(text);
            }
        }
    }

    /// <summary>Gives a few bytes a time.</summary>
    private sealed class Drip(byte[] bytes, Random random, int most = 70_000) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, most + 1))], cancellationToken);
    }

    /// <summary>Never gives anything.</summary>
    private sealed class Mute : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
