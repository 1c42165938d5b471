namespace FederationNode.Matching.Images;

/// <summary>
/// Hashes and their ids, side by side. Once published, only an id changes, once, to <see cref="Dead"/>.
/// Searched from the first to the last; <see cref="PdqBuckets"/> adds the way to skip most of them.
/// </summary>
internal class PdqSegment(PdqHash[] hashes, int[] ids)
{
    /// <summary>Stands in place of the id of a removed hash.</summary>
    public const int Dead = -1;

    /// <summary>Stands for any id but <see cref="Dead"/>.</summary>
    public const int AnyId = -2;

    private int _deadCount;

    /// <summary>Hashes; positions at <see cref="Length"/> and above are room for more.</summary>
    public PdqHash[] Hashes { get; } = hashes;

    /// <summary>The id of each hash, or <see cref="Dead"/>.</summary>
    public int[] Ids { get; } = ids;

    /// <summary>How many positions are in use, dead ones included.</summary>
    public virtual int Length => Hashes.Length;

    /// <summary>How many are not dead. Writer only.</summary>
    public int LiveCount => Length - _deadCount;

    /// <summary>Adds all live hashes within <paramref name="maxDistance"/> of the query.</summary>
    public virtual void Find(in PdqHash query, int maxDistance, List<PdqMatch> matches) =>
        Scan(query, maxDistance, matches);

    /// <summary>What the segment takes, in bytes.</summary>
    public virtual long Bytes => (PdqHash.Size + sizeof(int)) * (long)Hashes.Length;

    /// <summary>
    /// The position of a live entry with this hash and id, or -1. <see cref="AnyId"/> stands for any id.
    /// </summary>
    public virtual int PositionOf(in PdqHash hash, int id)
    {
        var length = Length;
        var hashes = Hashes;
        for (var i = 0; i < length; i++)
        {
            if (hashes[i] == hash && IsWanted(Volatile.Read(ref Ids[i]), id))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The id of a live entry with this hash, or <see cref="Dead"/>.</summary>
    public int IdOf(in PdqHash hash)
    {
        var position = PositionOf(hash, AnyId);
        return position < 0 ? Dead : Volatile.Read(ref Ids[position]);
    }

    /// <summary>Marks an entry as removed. Writer only.</summary>
    public void Kill(int position)
    {
        Volatile.Write(ref Ids[position], Dead);
        _deadCount++;
    }

    /// <summary>Appends the live entries. Writer only.</summary>
    public void CopyLiveTo(Span<PdqHash> hashes, Span<int> ids)
    {
        var target = 0;
        for (var i = 0; i < Length; i++)
        {
            if (Ids[i] != Dead)
            {
                hashes[target] = Hashes[i];
                ids[target++] = Ids[i];
            }
        }
    }

    /// <summary>Whether the id of an entry is the one looked for.</summary>
    protected static bool IsWanted(int there, int wanted) => wanted == AnyId ? there != Dead : there == wanted;

    /// <summary>Compares the query with every hash, in the order of memory.</summary>
    protected void Scan(in PdqHash query, int maxDistance, List<PdqMatch> matches)
    {
        var wanted = query;
        var hashes = Hashes.AsSpan(0, Length);
        for (var i = 0; i < hashes.Length; i++)
        {
            if (wanted.IsWithin(hashes[i], maxDistance, out var distance))
            {
                AddIfLive(i, distance, matches);
            }
        }
    }

    /// <summary>Adds one match unless it was removed.</summary>
    protected void AddIfLive(int position, int distance, List<PdqMatch> matches)
    {
        var id = Volatile.Read(ref Ids[position]);
        if (id != Dead)
        {
            matches.Add(new PdqMatch(id, distance));
        }
    }
}
