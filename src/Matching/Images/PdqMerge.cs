namespace FederationNode.Matching.Images;

/// <summary>
/// Makes one segment of all live hashes of others, in steps: one copies the hashes, one counts them, and each of 16
/// builds a table. Meanwhile searches go on in the others. What is removed from them after it was copied is noted, and
/// removed from the result before it is published. Writer only.
/// </summary>
internal sealed class PdqMerge(PdqSegment[] sources)
{
    private readonly PdqTable[] _tables = new PdqTable[PdqWords.Count];
    private readonly List<(PdqHash Hash, int Id)> _removed = [];
    private PdqHash[]? _hashes;
    private int[]? _ids;
    private PdqTableBuilder? _builder;
    private int _built;

    /// <summary>How many hashes a step goes over.</summary>
    public int Size { get; } = sources.Sum(source => source.LiveCount);

    /// <summary>Whether all is done.</summary>
    private bool IsDone => _built == _tables.Length || _hashes is { Length: 0 };

    /// <summary>Merges at once.</summary>
    /// <returns>The segment, or null if nothing is alive.</returns>
    public static PdqBuckets? Now(params PdqSegment[] sources)
    {
        var merge = new PdqMerge(sources);
        while (!merge.Step())
        {
        }

        return merge.Finish();
    }

    /// <summary>A segment of these hashes and ids, which it takes over; at least one.</summary>
    public static PdqBuckets Build(PdqHash[] hashes, int[] ids)
    {
        var builder = new PdqTableBuilder(hashes);
        return new PdqBuckets(hashes, ids, [.. Enumerable.Range(0, PdqWords.Count).Select(builder.Build)]);
    }

    /// <summary>Whether a segment is one of those that are merged.</summary>
    public bool Merges(PdqSegment segment) => sources.Contains(segment);

    /// <summary>Notes that a hash was removed from one of the merged segments.</summary>
    public void Note(in PdqHash hash, int id)
    {
        if (_hashes is not null)
        {
            _removed.Add((hash, id));
        }
    }

    /// <summary>Does the next step.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool Step()
    {
        if (_hashes is null)
        {
            Copy();
        }
        else if (_builder is null)
        {
            _builder = new PdqTableBuilder(_hashes);
        }
        else
        {
            _tables[_built] = _builder.Build(_built);
            _built++;
        }

        return IsDone;
    }

    /// <summary>After the last step: the segment, or null if nothing is alive.</summary>
    public PdqBuckets? Finish()
    {
        if (_hashes!.Length == 0)
        {
            return null;
        }

        var merged = new PdqBuckets(_hashes, _ids!, _tables);
        foreach (var (hash, id) in _removed)
        {
            merged.Kill(merged.PositionOf(hash, id));
        }

        return merged.LiveCount == 0 ? null : merged;
    }

    private void Copy()
    {
        var size = sources.Sum(source => source.LiveCount);
        _hashes = GC.AllocateUninitializedArray<PdqHash>(size);
        _ids = GC.AllocateUninitializedArray<int>(size);
        var start = 0;
        foreach (var source in sources)
        {
            source.CopyLiveTo(_hashes.AsSpan(start), _ids.AsSpan(start));
            start += source.LiveCount;
        }
    }
}
