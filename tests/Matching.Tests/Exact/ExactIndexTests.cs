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
        Gen.Select(Gen.Enum<Step>(), AlikeKey).Array[0, 500]).Sample(
        (seed, capacity, steps) =>
        {
            var model = new Dictionary<Hash256, int>();
            var rows = new Rows();
            var index = new ExactIndex(seed, rows, capacity);
            foreach (var (step, key) in steps)
            {
                switch (step)
                {
                    case Step.Set:
                        var row = rows.Add(key);
                        Assert.Equal(!model.ContainsKey(key), index.Set(key, row));
                        model[key] = row;
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

            Hash256[] asked = [.. steps.Select(step => step.Item2)];
            var many = new int[asked.Length];
            Assert.Equal(asked.Count(model.ContainsKey), index.TryGetMany(asked, many));
            Assert.Equal(asked.Select(key => model.GetValueOrDefault(key, -1)), many);
        },
        iter: 500);

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public void Set_ManyKeys_FindsAllAndNoOthersInFewBytes(int capacity)
    {
        const int Count = 100_000;
        Hash256[] keys = [.. Enumerable.Range(0, 2 * Count).Select(Key)];
        var rows = new Rows();
        var index = new ExactIndex(77, rows, capacity);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(index.Set(keys[i], rows.Add(keys[i])));
        }

        Assert.Equal(Count, index.Count);
        Assert.InRange((double)index.Bytes / Count, 12, 30);
        var many = new int[keys.Length];
        Assert.Equal(Count, index.TryGetMany(keys, many));
        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal(i < Count, index.TryGet(keys[i], out var row));
            Assert.Equal(i < Count ? i : -1, row);
            Assert.Equal(row, many[i]);
        }
    }

    /// <summary>
    /// With this table the fingerprint is all that tells keys apart, so what is found for one key is what was stored for
    /// another: the index must not take the fingerprint's word for it.
    /// </summary>
    [Fact]
    public void TryGet_RowHoldsAnotherKey_IsNotFound()
    {
        var rows = new Rows();
        var index = new ExactIndex(3, rows);
        Assert.True(index.Set(Key(1), rows.Add(Key(2))));
        Assert.False(index.TryGet(Key(1), out var row));
        Assert.Equal(-1, row);
        Assert.False(index.TryGet(Key(2), out _));
        var many = new int[2];
        Assert.Equal(0, index.TryGetMany([Key(1), Key(2)], many));
        Assert.Equal([-1, -1], many);

        // Another key of the same fingerprint goes beside it, and both keep their rows.
        Assert.True(index.Set(Key(1), rows.Add(Key(1))));
        Assert.Equal(2, index.Count);
        Assert.True(index.TryGet(Key(1), out row));
        Assert.Equal(1, row);
        Assert.Equal(1, index.TryGetMany([Key(1)], many));
        Assert.Equal(1, many[0]);
    }

    /// <summary>Without growth that drops the dead, the table would fill up with removed entries and never answer.</summary>
    [Fact]
    public void SetRemove_EndlessChange_KeepsAnswering()
    {
        var rows = new Rows();
        var index = new ExactIndex(5, rows);
        for (var i = 0; i < 50_000; i++)
        {
            Assert.True(index.Set(Key(i), rows.Add(Key(i))));
            Assert.False(index.Set(Key(i), rows.Add(Key(i))));
            Assert.True(i < 10 || index.Remove(Key(i - 10)));
        }

        Assert.Equal(10, index.Count);
        Assert.InRange(index.Bytes, 1, 4096);
        Assert.False(index.TryGet(Key(0), out _));
        Assert.True(index.TryGet(Key(49_999), out var row));
        Assert.Equal(99_999, row);
    }

    [Fact]
    public void TryGet_WhileAnotherThreadWrites_AlwaysSeesWhatStays()
    {
        const int Staying = 500, Passing = 40_000;
        Hash256[] keys = [.. Enumerable.Range(0, Staying + Passing).Select(Key)];
        var rows = new Rows([.. keys, .. keys]);
        var index = new ExactIndex(9, rows);
        for (var i = 0; i < Staying; i++)
        {
            Assert.True(index.Set(keys[i], i));
        }

        var done = 0;
        var writer = new Thread(() =>
        {
            for (var i = Staying; i < keys.Length; i++)
            {
                _ = index.Set(keys[i], i);
                _ = index.Set(keys[i % Staying], i % Staying + (i / Staying % 2 * keys.Length));
                _ = i >= 3 * Staying && index.Remove(keys[i - 2 * Staying]);
            }

            Volatile.Write(ref done, 1);
        });
        writer.Start();
        var (wrong, many) = (0, new int[Staying]);
        do
        {
            for (var i = 0; i < Staying; i++)
            {
                wrong += index.TryGet(keys[i], out var row) && row % keys.Length == i ? 0 : 1;
            }

            wrong += Staying - index.TryGetMany(keys.AsSpan(0, Staying), many);
            wrong += many.Where((row, i) => row % keys.Length != i).Count();
        }
        while (Volatile.Read(ref done) == 0);

        writer.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Misuse_Throws()
    {
        var rows = new Rows([Key(1)]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, rows, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, rows, ExactIndex.MaxCount + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, rows).Set(Key(1), -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndex(1, rows).Set(Key(1), int.MaxValue - 1));
        Assert.Throws<ArgumentException>(() => new ExactIndex(1, rows).TryGetMany([Key(1)], []));
        Assert.Throws<ArgumentNullException>(() => new ExactIndex(1, null!));
    }

    private static Hash256 Key(int number) => Hash256.Of(BitConverter.GetBytes(number));

    /// <summary>A table of keys that only grows.</summary>
    private sealed class Rows(params Hash256[] keys) : IKeyRows
    {
        private Hash256[] _keys = keys;
        private int _count = keys.Length;

        public int Add(Hash256 key)
        {
            if (_count == _keys.Length)
            {
                Array.Resize(ref _keys, Math.Max(2 * _count, 16));
            }

            _keys[_count] = key;
            return _count++;
        }

        public ref readonly Hash256 KeyOf(int row) => ref _keys[row];
    }
}
