using System.Reflection;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Contracts.Indicators;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Checking;
using FederationNode.Node.Api.Feedback;
using FederationNode.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>Counts become durable by the node's clock, and by no other.</summary>
public sealed class RecorderClockTests
{
    private static readonly LocalApiOptions s_options = new()
    {
        Keys = new Dictionary<string, string>(),
        Policy = new() { Self = TestCoalition.Acme },
        HitsInterval = TimeSpan.FromHours(1),
        TallyInterval = TimeSpan.FromHours(1),
    };

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task HitRecorder_AnHourOfItsClock_TellsTheIndicators()
    {
        var told = new Calls();
        using var recorder = new HitRecorder(told.Grains, s_options, _clock, NullLogger<HitRecorder>.Instance);
        recorder.Record([Hash256.Of([1])]);

        Assert.Equal(nameof(IIndicatorGrain.RecordHitsAsync), await FirstCallAsync(recorder, told));
    }

    [Fact]
    public async Task HitRecorder_VeryManyIndicators_ToldSomeAtATimeAndEachOnce()
    {
        var told = new Calls();
        using var recorder = new HitRecorder(told.Grains, s_options, _clock, NullLogger<HitRecorder>.Instance);
        recorder.Record([.. Enumerable.Range(0, 2_500).Select(i => Hash256.Of(BitConverter.GetBytes(i)))]);

        var counts = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var before = told.Count;
            await recorder.FlushAsync(default);
            counts.Add(told.Count - before);
        }

        Assert.Equal([1_000, 1_000, 500, 0], counts);
        recorder.Record([Hash256.Of([1])]);
        await recorder.FlushAsync(default);
        Assert.Equal(2_501, told.Count);
    }

    [Fact]
    public async Task TallyRecorder_AnHourOfItsClock_StoresTheCounts()
    {
        var told = new Calls();
        var coalition = new TestCoalition(_clock.GetUtcNow().ToUnixTimeSeconds());
        using var recorder = new TallyRecorder(
            told.Grains, coalition.Identity(TestCoalition.Acme), s_options, _clock, NullLogger<TallyRecorder>.Instance);
        recorder.Count(new CheckVerdict(
            null, "review", [new CheckMatch(new string('0', 64), "keyword", "ivory", "review", "", [], [], 80)]));

        Assert.Equal(nameof(IFeedbackGrain.CountAsync), await FirstCallAsync(recorder, told));
    }

    /// <summary>Whether the recorder has begun to wait is not to be seen: time goes on until it has worked.</summary>
    private async Task<string> FirstCallAsync(BackgroundService recorder, Calls told)
    {
        await recorder.StartAsync(default);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!told.First.IsCompleted)
        {
            Assert.False(patience.IsCancellationRequested, "Nothing was told, however far the clock went on.");
            _clock.Advance(s_options.HitsInterval);
            await Task.Yield();
        }

        await recorder.StopAsync(default);
        return await told.First;
    }

    /// <summary>Grains of every kind that remember the first call.</summary>
    private sealed class Calls
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public Calls()
        {
            Grains = DispatchProxy.Create<IGrainFactory, Proxy>();
            ((Proxy)Grains).Owner = this;
        }

        public IGrainFactory Grains { get; }

        public Task<string> First => _first.Task;

        public int Count => Volatile.Read(ref _count);

        public object? Call(MethodInfo method)
        {
            if (method.Name == nameof(IGrainFactory.GetGrain))
            {
                var grain = (Proxy)typeof(DispatchProxy).GetMethod(nameof(DispatchProxy.Create), 2, [])!
                    .MakeGenericMethod(method.GetGenericArguments()[0], typeof(Proxy)).Invoke(null, null)!;
                grain.Owner = this;
                return grain;
            }

            Interlocked.Increment(ref _count);
            _first.TrySetResult(method.Name);
            return method.ReturnType == typeof(Task) ? Task.CompletedTask : Task.FromResult(0);
        }
    }

    /// <summary>Passes calls on. Public, since it is derived from at run time.</summary>
    public class Proxy : DispatchProxy
    {
        internal object? Owner { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => ((Calls)Owner!).Call(targetMethod!);
    }
}
