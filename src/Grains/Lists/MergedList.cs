using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Contracts.Logs;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Lists;

/// <summary>
/// The list in memory: the view merged from the entries of all indicators logs, and the matcher over it. One caller
/// at a time applies entries; any thread reads.
/// </summary>
public sealed class MergedList
{
    private const int SecondsBetweenCounts = 60;

    private readonly ConcurrentDictionary<string, long> _applied = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Hash256, IndicatorState> _states = new();
    private readonly HashSet<Hash256> _inForce = [];
    private readonly SortedSet<Hash256> _ids = [];
    private readonly Lock _idsLock = new();
    private readonly View _view = new();
    private readonly UrgentEntries _urgent = new();
    private long _countedAt;
    private Snapshot _snapshot = new(default, 0, 0);

    /// <summary>Digest and size of the list, as of the last change.</summary>
    public Snapshot Current => Volatile.Read(ref _snapshot);

    /// <summary>The matcher; safe from any thread.</summary>
    public IndicatorMatcher Matcher { get; } = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    /// <summary>Entries of each indicators log that are applied, by origin.</summary>
    public IReadOnlyDictionary<string, long> Applied => _applied;

    /// <summary>Entries of a log that are applied.</summary>
    public long AppliedOf(string origin) => _applied.GetValueOrDefault(origin);

    /// <summary>What everybody says of an indicator, or false if nobody says anything.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state) => _states.TryGetValue(id, out state);

    /// <summary>Up to <paramref name="count"/> indicators in the order of their ids, after <paramref name="after"/>.</summary>
    public IReadOnlyList<IndicatorState> Page(Hash256? after, int count)
    {
        List<Hash256> ids;
        lock (_idsLock)
        {
            if (_ids.Count == 0)
            {
                return [];
            }

            var from = after ?? default;
            ids = [.. _ids.GetViewBetween(from < _ids.Max ? from : _ids.Max, _ids.Max).Where(i => after is null || i > from).Take(count)];
        }

        return [.. ids.Select(i => _states.GetValueOrDefault(i)).OfType<IndicatorState>()];
    }

    /// <summary>Applies entries of one log, which follow those applied before.</summary>
    /// <param name="origin">The indicators log.</param>
    /// <param name="from">Index of the first entry.</param>
    /// <param name="entries">Verified entries.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <returns>The entries that do nothing, each with the reason.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The entries do not follow those applied before.</exception>
    public IReadOnlyList<(long Index, string Reason)> Apply(
        Origin origin, long from, IReadOnlyList<StoredEntry> entries, long now, Func<string, bool> counts)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from, AppliedOf(origin.Text));
        var touched = new HashSet<Hash256>();
        var without = new List<(long, string)>();
        for (var i = 0; i < entries.Count; i++)
        {
            var stored = entries[i];
            if (LogEntry.TryInterpret(
                    origin, from + i, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out var reason))
            {
                if (_view.Apply(entry) is { } id)
                {
                    touched.Add(id);
                }
            }
            else
            {
                without.Add((from + i, reason));
            }
        }

        touched.UnionWith(_urgent.Drop(origin.Text, from + entries.Count));
        Publish(touched, now, counts);
        _applied[origin.Text] = from + entries.Count;
        return without;
    }

    /// <summary>
    /// Lets urgent entries count, which came before those below them. They are not in the digest, which speaks of what is
    /// held without a gap; they give way to the same entries when these are applied.
    /// </summary>
    public void Overlie(
        Origin origin, long from, IReadOnlyList<StoredEntry> entries, long now, Func<string, bool> counts)
    {
        var touched = new HashSet<Hash256>();
        for (var i = 0; i < entries.Count; i++)
        {
            var stored = entries[i];
            if (from + i >= AppliedOf(origin.Text) && LogEntry.TryInterpret(
                    origin, from + i, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out _)
                && _urgent.Add(entry) is { } id)
            {
                touched.Add(id);
            }
        }

        Publish(touched, now, counts);
    }

    /// <summary>Takes the entries of a log from an index on out of the list: they do not count any more.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="size">Entries of it that count.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <returns>Indexes of entries below that count again, to be given to <see cref="Restore"/>.</returns>
    public IReadOnlyList<long> Truncate(Origin origin, long size, long now, Func<string, bool> counts)
    {
        var touched = new HashSet<Hash256>(_view.Truncate(origin, size, out var restored));
        touched.UnionWith(_urgent.Drop(origin.Text, long.MaxValue));
        Publish(touched, now, counts);
        _applied[origin.Text] = Math.Min(AppliedOf(origin.Text), size);
        return restored;
    }

    /// <summary>Applies an entry again that had been erased by one that does not count any more.</summary>
    public void Restore(Origin origin, long index, StoredEntry stored, long now, Func<string, bool> counts)
    {
        if (LogEntry.TryInterpret(
                origin, index, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out _)
            && _view.Apply(entry) is { } id)
        {
            Publish([id], now, counts);
        }
    }

    private void Publish(HashSet<Hash256> touched, long now, Func<string, bool> counts)
    {
        foreach (var id in touched)
        {
            if ((_view.TryGet(id, out var state) ? _urgent.Over(state) : _urgent.Over(id)) is { } merged)
            {
                state = merged;
                _states[id] = state;
                Matcher.Put(state);
            }
            else
            {
                _states.TryRemove(id, out _);
            }

            lock (_idsLock)
            {
                _ = state is null ? _ids.Remove(id) : _ids.Add(id);
            }
        }

        Matcher.Publish();
        Volatile.Write(ref _snapshot, new Snapshot(_view.Digest(), _states.Count, CountInForce(touched, now, counts)));
    }

    /// <summary>
    /// Looks at what changed; at everything only once a minute, because listings expire and members come and go
    /// without a change. A publication must not cost time in proportion to the list.
    /// </summary>
    private int CountInForce(HashSet<Hash256> touched, long now, Func<string, bool> counts)
    {
        var all = now - _countedAt >= SecondsBetweenCounts;
        foreach (var id in all ? _states.Keys : (IEnumerable<Hash256>)touched)
        {
            if (_states.TryGetValue(id, out var state) && state.Active(now, counts).Any())
            {
                _inForce.Add(id);
            }
            else
            {
                _inForce.Remove(id);
            }
        }

        _countedAt = all ? now : _countedAt;
        return _inForce.Count;
    }

    /// <summary>The list at one moment.</summary>
    /// <param name="Digest">Digest of the merged view.</param>
    /// <param name="Indicators">Indicators that anybody says something about.</param>
    /// <param name="InForce">Those with a listing in force at the time of the last change.</param>
    public sealed record Snapshot(Hash256 Digest, long Indicators, long InForce);
}
