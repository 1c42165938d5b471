using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Detector.Replica;

/// <summary>
/// The list in memory: the same matcher as the node's, and what everybody says as bytes. One thread puts, any number ask
/// at the same time without a lock: what was put is found at once, what was taken away is found no more.
/// </summary>
internal sealed class ReplicaList
{
    /// <summary>Values without a row that stay in the matcher whatever its size.</summary>
    private const int FewDead = 10_000;

    private readonly ConcurrentDictionary<Hash256, byte[]> _rows = new();
    private int _dead;
    private int _count;

    /// <summary>Finds what items match.</summary>
    public IndicatorMatcher Matcher { get; } = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    /// <summary>Indicators held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether so much was taken away that the matcher should be made anew: see <see cref="Rebuild"/>.</summary>
    public bool IsWorn => _dead > FewDead && _dead > Count;

    /// <summary>The rows, while they may change.</summary>
    public IEnumerable<KeyValuePair<Hash256, byte[]>> Rows => _rows;

    /// <summary>What everybody says of an indicator, or false if nobody lists it.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state)
    {
        state = _rows.TryGetValue(id, out var row) ? ReplicaRow.Decode(id, row) : null;
        return state is not null;
    }

    /// <summary>Writer only. Replaces what is said of an indicator; null: nobody lists it.</summary>
    public void Put(Hash256 id, byte[]? row)
    {
        if (row is null)
        {
            if (_rows.TryRemove(id, out _))
            {
                _dead++;
                Volatile.Write(ref _count, _count - 1);
            }

            return;
        }

        // First to be found, then to be judged: who finds it too early is told that nobody lists it.
        foreach (var entry in ReplicaRow.Decode(id, row).Listings)
        {
            Matcher.Put((ListingPayload)entry.Payload);
        }

        if (!_rows.ContainsKey(id))
        {
            Volatile.Write(ref _count, _count + 1);
        }

        _rows[id] = row;
    }

    /// <summary>Writer only. A list with the same rows and a matcher that knows nothing else.</summary>
    public ReplicaList Rebuild()
    {
        var fresh = new ReplicaList();
        foreach (var (id, row) in _rows)
        {
            fresh.Put(id, row);
        }

        return fresh;
    }
}
