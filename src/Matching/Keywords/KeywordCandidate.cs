namespace FederationNode.Matching.Keywords;

/// <summary>A key that the filter knows, and where the text has it. Written field by field: it is made far more often than kept.</summary>
internal struct KeywordCandidate
{
    private const uint NowhereBit = 1U << 31;

    private uint _last;

    /// <summary>The key.</summary>
    public ulong Key { get; private set; }

    /// <summary>Where it starts; -1: it is none.</summary>
    public int Start { get; private set; }

    /// <summary>Where it ends.</summary>
    public int End { get; private set; }

    /// <summary>The last class that the key was made of.</summary>
    public readonly uint Last => _last & ~NowhereBit;

    /// <summary>Whether no longer keyword goes on behind it, as far as is known.</summary>
    public readonly bool LeadsNowhere => (_last & NowhereBit) != 0;

    /// <summary>Takes a key.</summary>
    public void Set(ulong key, uint last, int start, int end)
    {
        Key = key;
        _last = last;
        Start = start;
        End = end;
    }

    /// <summary>Takes note that no longer keyword goes on.</summary>
    public void EndHere() => _last |= NowhereBit;
}
