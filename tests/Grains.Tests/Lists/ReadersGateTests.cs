using FederationNode.Grains.Lists;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

public sealed class ReadersGateTests
{
    private readonly ReadersGate _gate = new();
    private long _one;
    private long _other;

    [Fact]
    public void Write_BesideReadersAndWriters_NobodySeesHalfOfAChange()
    {
        const int Writers = 3;
        const int Changes = 20_000;
        var torn = 0;
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 6).Select(_ => Started(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                using (_gate.Read())
                {
                    torn += _one == _other ? 0 : 1;
                }
            }
        })).ToList();
        var writers = Enumerable.Range(0, Writers).Select(_ => Started(() =>
        {
            for (var i = 0; i < Changes; i++)
            {
                using (_gate.Write())
                {
                    _one++;
                    Thread.SpinWait(3);
                    _other++;
                }
            }
        })).ToList();

        writers.ForEach(w => w.Join());
        stop.Cancel();
        readers.ForEach(r => r.Join());

        Assert.Equal((Writers * (long)Changes, Writers * (long)Changes, 0), (_one, _other, torn));
    }

    [Fact]
    public void Read_SomebodyReads_OthersEnterToo()
    {
        using var both = new ManualResetEventSlim();
        var within = 0;

        // Two threads may have a lock in common; of many, some have not.
        var readers = Enumerable.Range(0, 64).Select(_ => Started(() =>
        {
            using (_gate.Read())
            {
                if (Interlocked.Increment(ref within) == 2)
                {
                    both.Set();
                }

                both.Wait(TimeSpan.FromSeconds(60));
            }
        })).ToList();

        readers.ForEach(r => r.Join());
        Assert.True(both.IsSet);
    }

    private static Thread Started(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
