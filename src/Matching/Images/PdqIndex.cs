using System.Runtime.InteropServices;

namespace FederationNode.Matching.Images;

/// <summary>
/// Finds all stored PDQ hashes within a Hamming distance of a query: exactly, none is missed.
/// <para>
/// New hashes go to a tail that is scanned. At a limit (4,096) it becomes a segment with
/// <see cref="PdqBuckets">bucket tables</see>; segments of similar size are merged into one, so that there are few and
/// a hash is copied only a few times. A large merge is done in steps, some each time the tail is full, so that no
/// addition waits for long: for the longest step, some tenths of a second at ten million hashes. A removed hash is
/// marked, and dropped when its segment is merged or more than half dead.
/// </para>
/// <para>
/// Concurrency: any number of readers (<see cref="Find"/>, <see cref="FindDihedral"/>, <see cref="Count"/>) at any
/// time, without locks, beside one writer; the caller makes sure that there is only one writer at a time. A change is
/// visible to every search that starts after the changing call returned. A search that runs meanwhile may or may not
/// see it, and sees everything else.
/// </para>
/// <para>
/// Memory: 105 to 110 bytes a hash: 36 are hash and id, 68 entries of the bucket tables, and the rest says where buckets
/// start. A merge under way takes as much again for the segment that it makes, and 8 bytes a hash to sort with.
/// </para>
/// </summary>
public sealed class PdqIndex
{
    /// <summary>The largest distance that can be searched, 31 bits: what PDQ recommends as "the same".</summary>
    public const int MaxDistance = PdqWords.MaxDistance;

    /// <summary>Up to this many hashes a scan is about as fast as bucket tables and needs no memory for them.</summary>
    public const int DefaultScanLimit = 4_096;

    /// <summary>A segment is merged with the newer ones when it is not this many times larger than they are.</summary>
    private const int MergeRatio = 4;

    private const int MinTail = 64;

    /// <summary>Up to this many times the scan limit is merged at once: tens of milliseconds.</summary>
    private const int MergedAtOnce = 16;

    /// <summary>
    /// Each time the tail is full, a merge goes over as many hashes as the scan limit times this, but over each at least
    /// once: tens of milliseconds up to a million hashes.
    /// </summary>
    private const int StepWork = 16 * MergedAtOnce;

    private readonly int _scanLimit;
    private State _state;
    private int _count;

    // The writer's own.
    private PdqMerge? _merge;
    private int _removals;

    /// <summary>Makes an empty index.</summary>
    /// <param name="scanLimit">How many hashes are scanned before bucket tables are built; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scanLimit"/> is less than 1.</exception>
    public PdqIndex(int scanLimit = DefaultScanLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scanLimit, 1);
        _scanLimit = scanLimit;
        _state = new State([], new PdqTail(Math.Min(MinTail, scanLimit)));
    }

    /// <summary>The number of hashes.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What the index takes, in bytes, without a merge under way.</summary>
    public long Bytes
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return state.Tail.Bytes + state.Segments.Sum(segment => segment.Bytes);
        }
    }

    /// <summary>Makes an index of many hashes at once.</summary>
    /// <param name="hashes">The hashes.</param>
    /// <param name="ids">The id of each hash, 0 or more.</param>
    /// <param name="scanLimit">How many hashes are scanned before bucket tables are built; at least 1.</param>
    /// <exception cref="ArgumentException">There is not one id for each hash.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative, or the limit is less than 1.</exception>
    public static PdqIndex Build(
        ReadOnlySpan<PdqHash> hashes, ReadOnlySpan<int> ids, int scanLimit = DefaultScanLimit)
    {
        if (hashes.Length != ids.Length)
        {
            throw new ArgumentException($"There are {hashes.Length} hashes but {ids.Length} ids.", nameof(ids));
        }

        foreach (var id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(ids));
        }

        var index = new PdqIndex(scanLimit);
        if (hashes.Length > scanLimit)
        {
            index.Publish([PdqMerge.Build(hashes.ToArray(), ids.ToArray())], index._state.Tail);
            index._count = hashes.Length;
            return index;
        }

        for (var i = 0; i < hashes.Length; i++)
        {
            index.Add(hashes[i], ids[i]);
        }

        return index;
    }

    /// <summary>Writer only. Adds a hash; the same hash and id added twice are found, and removed, twice.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="id">Its id, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    public void Add(in PdqHash hash, int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (_state.Tail.IsFull)
        {
            MakeRoom();
        }

        _state.Tail.Append(hash, id);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Writer only. Removes a hash with this id.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(in PdqHash hash, int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        var (segments, tail) = (_state.Segments, _state.Tail);
        if (!TryKill(tail, hash, id, out var dying))
        {
            for (var i = 0; i < segments.Length && dying is null; i++)
            {
                _ = TryKill(segments[i], hash, id, out dying);
            }
        }

        if (dying is null)
        {
            return false;
        }

        Volatile.Write(ref _count, _count - 1);
        if (_merge is not null && _merge.Merges(dying))
        {
            _merge.Note(hash, id);
        }

        if (dying is PdqBuckets segment && segment.LiveCount < segment.Length / 2)
        {
            Shed(segment);
        }

        if (++_removals % _scanLimit == 0)
        {
            GoOnMerging();
        }

        return true;
    }

    /// <summary>The id that a hash was added with, one of them if there are several.</summary>
    /// <param name="hash">The hash, all bits.</param>
    /// <param name="id">Its id when true, otherwise -1.</param>
    public bool TryGet(in PdqHash hash, out int id)
    {
        var state = Volatile.Read(ref _state);
        id = state.Tail.IdOf(hash);
        for (var i = 0; i < state.Segments.Length && id < 0; i++)
        {
            id = state.Segments[i].IdOf(hash);
        }

        return id >= 0;
    }

    /// <summary>Adds all hashes within <paramref name="maxDistance"/> of a query to a list, in no order.</summary>
    /// <param name="query">The hash to look for.</param>
    /// <param name="matches">Where to add them; what it holds already stays.</param>
    /// <param name="maxDistance">The largest distance, 0 to 31 bits.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxDistance"/> is not 0 to 31.</exception>
    public void Find(in PdqHash query, List<PdqMatch> matches, int maxDistance = MaxDistance)
    {
        ArgumentNullException.ThrowIfNull(matches);
        ArgumentOutOfRangeException.ThrowIfNegative(maxDistance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxDistance, MaxDistance);
        var state = Volatile.Read(ref _state);
        foreach (var segment in state.Segments)
        {
            segment.Find(query, maxDistance, matches);
        }

        state.Tail.Find(query, maxDistance, matches);
    }

    /// <summary>
    /// Adds all hashes near any orientation of a picture to a list, in ascending order of id, each id once with its
    /// smallest distance.
    /// </summary>
    /// <param name="orientations">The hashes of the picture turned and mirrored; see <see cref="PdqResult"/>.</param>
    /// <param name="matches">Where to add them; what it holds already stays.</param>
    /// <param name="maxDistance">The largest distance, 0 to 31 bits.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxDistance"/> is not 0 to 31.</exception>
    public void FindDihedral(
        ReadOnlySpan<PdqHash> orientations, List<PdqMatch> matches, int maxDistance = MaxDistance)
    {
        ArgumentNullException.ThrowIfNull(matches);
        var first = matches.Count;
        foreach (ref readonly var orientation in orientations)
        {
            Find(orientation, matches, maxDistance);
        }

        var found = CollectionsMarshal.AsSpan(matches)[first..];
        found.Sort((a, b) => a.Id != b.Id ? a.Id.CompareTo(b.Id) : a.Distance.CompareTo(b.Distance));
        var kept = 0;
        for (var i = 0; i < found.Length; i++)
        {
            if (kept == 0 || found[i].Id != found[kept - 1].Id)
            {
                (found[kept], kept) = (found[i], kept + 1);
            }
        }

        CollectionsMarshal.SetCount(matches, first + kept);
    }

    private static bool TryKill(PdqSegment segment, in PdqHash hash, int id, out PdqSegment? dying)
    {
        var position = segment.PositionOf(hash, id);
        dying = position < 0 ? null : segment;
        if (position >= 0)
        {
            segment.Kill(position);
        }

        return position >= 0;
    }

    /// <summary>The full tail grows, sheds its dead, or becomes a segment.</summary>
    private void MakeRoom()
    {
        var (segments, tail) = (_state.Segments, _state.Tail);
        if (tail.LiveCount == 0 || tail.LiveCount < _scanLimit / 2 || tail.Length < _scanLimit)
        {
            Publish(segments, PdqTail.Copy(tail, Math.Clamp(2 * tail.LiveCount, MinTailSize(), _scanLimit)));
            return;
        }

        var fixedCount = Array.FindLastIndex(segments, segment => _merge is not null && _merge.Merges(segment)) + 1;
        var first = CountFrom(segments, tail.LiveCount, fixedCount, MergedAtOnce * (long)_scanLimit);
        Publish(
            [.. segments.Take(first), PdqMerge.Now([.. segments.Skip(first), tail])!], new PdqTail(MinTailSize()));
        if (_merge is null)
        {
            segments = _state.Segments;
            first = CountFrom(segments[..^1], segments[^1].LiveCount, 0, int.MaxValue);
            _merge = first < segments.Length - 1 ? new PdqMerge(segments[first..]) : null;
        }

        GoOnMerging();
    }

    private int MinTailSize() => Math.Min(MinTail, _scanLimit);

    /// <summary>
    /// From which segment on to merge with newer hashes: the newest ones, as long as each is not much larger than all
    /// that are newer, and all together are not more than <paramref name="most"/>.
    /// </summary>
    private static int CountFrom(PdqBuckets[] segments, long newer, int fixedCount, long most)
    {
        var first = segments.Length;
        while (first > fixedCount && segments[first - 1].LiveCount <= Math.Min(MergeRatio * newer, most - newer))
        {
            newer += segments[--first].LiveCount;
        }

        return first;
    }

    /// <summary>Does some steps of the merge under way, if there is one, and publishes what it made.</summary>
    private void GoOnMerging()
    {
        if (_merge is null)
        {
            return;
        }

        var isDone = false;
        for (var work = 0L; !isDone && work < StepWork * (long)_scanLimit; work += _merge.Size)
        {
            isDone = _merge.Step();
        }

        if (!isDone)
        {
            return;
        }

        var (segments, merge) = (_state.Segments, _merge);
        _merge = null;
        Replace(segments, Array.FindIndex(segments, merge.Merges), segments.Count(merge.Merges), merge.Finish());
    }

    /// <summary>Makes a segment smaller of which more than half is dead, unless a merge will.</summary>
    private void Shed(PdqBuckets segment)
    {
        if (segment.LiveCount <= MergedAtOnce * (long)_scanLimit)
        {
            if (_merge is null || !_merge.Merges(segment))
            {
                var segments = _state.Segments;
                Replace(segments, Array.IndexOf(segments, segment), 1, PdqMerge.Now(segment));
            }
        }
        else
        {
            _merge ??= new PdqMerge([segment]);
        }
    }

    private void Replace(PdqBuckets[] segments, int first, int count, PdqBuckets? by)
    {
        PdqBuckets[] replacement = by is null ? [] : [by];
        Publish([.. segments.Take(first), .. replacement, .. segments.Skip(first + count)], _state.Tail);
    }

    private void Publish(PdqBuckets[] segments, PdqTail tail) =>
        Volatile.Write(ref _state, new State(segments, tail));

    /// <summary>What one search sees: replaced as a whole, so that no hash is ever in two places or in none.</summary>
    private sealed record State(PdqBuckets[] Segments, PdqTail Tail);
}
