namespace FederationNode.Matching.Keywords;

/// <summary>A key that the filter knows, and where the text has it.</summary>
/// <param name="key">The key.</param>
/// <param name="last">The last class that it was made of.</param>
/// <param name="start">Where it starts; -1: it is none.</param>
/// <param name="end">Where it ends.</param>
internal struct KeywordCandidate(ulong key, uint last, int start, int end)
{
    public readonly ulong Key = key;
    public readonly uint Last = last;
    public readonly int Start = start;
    public readonly int End = end;

    /// <summary>Whether no longer keyword goes on behind it, as far as is known.</summary>
    public bool LeadsNowhere;

    /// <summary>What the table has under the key, once it was looked up.</summary>
    public ulong Node;
}
