using CsCheck;
using FederationNode.Matching.Exact;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Matching.Tests.Exact;

public class ExactIndexTests
{
    /// <summary>Few different keys, alike in most bytes: they meet often and differ in one place.</summary>
    private static readonly Gen<Hash256> AlikeKey = Gen.Select(Gen.Int[0, 31], Gen.Byte[0, 6]).Select((place, value) =>
    {
        var bytes = new byte[Hash256.Size];
        bytes[place] = value;
        return new Hash256(bytes);
    });

    private enum Step
    {
        Set,
        Remove,
        Get,
    }

    [Fact]
    public void AnySequence_EqualsDictionary() => Gen.Select(
        Gen.ULong,
        Gen.Int[0, 100],
        Gen.Select(Gen.Enum<Step>(), AlikeKey, Gen.Int[0, 1000]).Array[0, 500]).Sample(
        (seed, capacity, steps) =>
        {
            var model = new Dictionary<Hash256, int>();
            var index = new ExactIndex(seed, capacity);
            foreach (var (step, key, id) in steps)
            {
                switch (step)
                {
                    case Step.Set:
                        Assert.Equal(!model.ContainsKey(key), index.Set(key, id));
                        model[key] = id;
                        break;
                    case Step.Remove:
                        Assert.Equal(model.Remove(key), index.Remove(key));
                        break;
                    default:
                        Assert.Equal(model.TryGetValue(key, out var expected), index.TryGet(key, out var found));
                        Assert.Equal(model.ContainsKey(key) ? expected : -1, found);
                        break;
                }

                Assert.Equal(model.Count, index.Count);
            }

            Assert.All(model, entry => Assert.True(index.TryGet(entry.Key, out var id) && id == entry.Value));
        },
        iter: 500);

    [Fact]
    public void Build_ManyKeys_FindsAllAndNoOthers()
    {
        const int Count = 100_000;
        Hash256[] keys = [.. Enumerable.Range(0, 2 * Count).Select(Key)];
        var index = ExactIndex.Build(77, keys.AsSpan(0, Count), [.. Enumerable.Range(0, Count)]);
        Assert.Equal(Count, index.Count);
        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal(i < Count, index.TryGet(keys[i], out var id));
            Assert.Equal(i < Count ? i : -1, id);
        }
    }

    [Fact]
    public void Build_RepeatedKey_LastIdHolds()
    {
        var index = ExactIndex.Build(1, [Key(1), Key(2), Key(1)], [10, 20, 30]);
        Assert.Equal(2, index.Count);
        Assert.True(index.TryGet(Key(1), out var id));
        Assert.Equal(30, id);
    }

    /// <summary>Without growth that drops the dead, the table would fill up with tombstones and never answer.</summary>
    [Fact]
    public void SetRemove_EndlessChange_KeepsAnswering()
    {
        var index = new ExactIndex(5);
        for (var i = 0; i < 50_000; i++)
        {
            Assert.True(index.Set(Key(i), i));
            Assert.False(index.Set(Key(i), i + 1));
            Assert.True(i < 10 || index.Remove(Key(i - 10)));
        }

        Assert.Equal(10, index.Count);
        Assert.False(index.TryGet(Key(0), out _));
        Assert.True(index.TryGet(Key(49_999), out var id));
        Assert.Equal(50_000, id);
    }

    [Fact]
    public void TryGet_WhileAnotherThreadWrites_AlwaysSeesWhatStays()
    {
        const int Staying = 500, Passing = 40_000;
        Hash256[] keys = [.. Enumerable.Range(0, Staying + Passing).Select(Key)];
        var index = ExactIndex.Build(9, keys.AsSpan(0, Staying), [.. Enumerable.Range(0, Staying)]);
        var done = 0;
        var writer = new Thread(() =>
        {
            for (var i = Staying; i < keys.Length; i++)
            {
                _ = index.Set(keys[i], i);
                _ = index.Set(keys[i % Staying], i % Staying + (i / Staying % 2 * Passing));
                _ = i >= 3 * Staying && index.Remove(keys[i - 2 * Staying]);
            }

            Volatile.Write(ref done, 1);
        });
        writer.Start();
        var wrong = 0;
        do
        {
            for (var i = 0; i < Staying; i++)
            {
                wrong += index.TryGet(keys[i], out var id) && (id == i || id == i + Passing) ? 0 : 1;
            }
        }
        while (Volatile.Read(ref done) == 0);

        writer.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Misuse_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, ExactIndex.MaxCount + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1).Set(Key(1), -1));
        Assert.Throws<ArgumentException>(() => ExactIndex.Build(1, [Key(1)], []));
    }

    private static Hash256 Key(int number) => Hash256.Of(BitConverter.GetBytes(number));
}
