using System.Reflection;
using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

/// <summary>The list beside grains that the test plays, so that things happen exactly between two steps.</summary>
public sealed class ReceiptRaceTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    [Fact]
    public async Task Follow_LogGrowsWhileItIsRead_TheNewHeadIsReceipted()
    {
        var writer = WriterLog.WithListings(s_log, 5);
        var heads = new HeadBoard();
        heads.Put(StatusOf(writer, 3));
        var receipted = new TaskCompletionSource<HeldStatement>();
        var grains = PlayedGrains.Create((type, method, args) => (type.Name, method) switch
        {
            (nameof(IMemberLogGrain), nameof(IMemberLogGrain.ReadAsync)) => Read((long)args[0]!),
            (nameof(IReceiptsGrain), nameof(IReceiptsGrain.HeldAsync)) =>
                Held((IReadOnlyList<HeldStatement>)args[0]!),
            _ => throw new NotSupportedException(method),
        });
        var identity = TestCoalition.IdentityOf("a");
        using var list = new ListFollower(
            new MergedList(),
            grains,
            identity,
            new RosterBoard(identity),
            heads,
            new DamageBoard(NullLogger<DamageBoard>.Instance, identity),
            new FakeTimeProvider(),
            NullLogger<ListFollower>.Instance);

        await list.StartAsync(CancellationToken.None);
        var statement = await receipted.Task.WaitAsync(TestNode.Patience());
        await list.StopAsync(CancellationToken.None);

        Assert.Equal((s_log, 5L, writer.Root(5)), (statement.Origin, statement.Size, statement.Root));

        Task<LogRange> Read(long from)
        {
            // The log's grain commits and shows the next head just before it serves the reader.
            heads.Put(StatusOf(writer, 5));
            return Task.FromResult(writer.Range((int)from, 5));
        }

        Task Held(IReadOnlyList<HeldStatement> held)
        {
            receipted.TrySetResult(Assert.Single(held));
            return Task.CompletedTask;
        }
    }

    private static LogStatus StatusOf(WriterLog log, int size) =>
        new(log.Origin, size, log.Root(size), size, log.Root(size), log.Checkpoint(size), size, log.Root(size));

    /// <summary>A grain factory whose grains do what a function says.</summary>
    public class PlayedGrains : DispatchProxy
    {
        private Func<Type, string, object?[], object?> _play = null!;
        private Type? _grain;

        internal static IGrainFactory Create(Func<Type, string, object?[], object?> play)
        {
            var factory = Create<IGrainFactory, PlayedGrains>();
            ((PlayedGrains)(object)factory)._play = play;
            return factory;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (_grain is not null)
            {
                return _play(_grain, targetMethod!.Name, args ?? []);
            }

            var type = targetMethod!.GetGenericArguments()[0];
            var grain = (PlayedGrains)DispatchProxy.Create(type, typeof(PlayedGrains));
            (grain._play, grain._grain) = (_play, type);
            return grain;
        }
    }
}
