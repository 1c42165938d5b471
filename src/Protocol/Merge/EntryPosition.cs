namespace FederationNode.Protocol.Merge;

/// <summary>
/// Where an entry stands among all entries that one member wrote to one kind of log: first by epoch, then by index.
/// The one total order that merging uses; no clock takes part.
/// </summary>
/// <param name="Epoch">Epoch of the log, from 1.</param>
/// <param name="Index">Index in the log, from 0.</param>
public readonly record struct EntryPosition(int Epoch, long Index) : IComparable<EntryPosition>
{
    /// <inheritdoc/>
    public int CompareTo(EntryPosition other) =>
        Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Index.CompareTo(other.Index);

    /// <summary>Whether <paramref name="left"/> was written before <paramref name="right"/>.</summary>
    public static bool operator <(EntryPosition left, EntryPosition right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> was written after <paramref name="right"/>.</summary>
    public static bool operator >(EntryPosition left, EntryPosition right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> was not written after <paramref name="right"/>.</summary>
    public static bool operator <=(EntryPosition left, EntryPosition right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> was not written before <paramref name="right"/>.</summary>
    public static bool operator >=(EntryPosition left, EntryPosition right) => left.CompareTo(right) >= 0;
}
