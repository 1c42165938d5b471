namespace FederationNode.Matching.Images;

/// <summary>
/// The newest hashes, to which the writer appends: an entry is written before the length that includes it. Full, it
/// is replaced by a longer copy.
/// </summary>
internal sealed class PdqTail(int capacity) : PdqSegment(new PdqHash[capacity], new int[capacity])
{
    private int _length;

    /// <inheritdoc/>
    public override int Length => Volatile.Read(ref _length);

    /// <summary>Whether there is no room left.</summary>
    public bool IsFull => _length == Hashes.Length;

    /// <summary>A tail of <paramref name="capacity"/> with the live entries of <paramref name="source"/>.</summary>
    public static PdqTail Copy(PdqSegment source, int capacity)
    {
        var copy = new PdqTail(capacity);
        source.CopyLiveTo(copy.Hashes, copy.Ids);
        copy._length = source.LiveCount;
        return copy;
    }

    /// <summary>Adds an entry; there is room. Writer only.</summary>
    public void Append(in PdqHash hash, int id)
    {
        Hashes[_length] = hash;
        Ids[_length] = id;
        Volatile.Write(ref _length, _length + 1);
    }
}
