using MessagePack;

namespace FederationNode.Grains.Sellers;

/// <summary>What one member has asked this holder for under one key. One row a member, type and epoch.</summary>
[MessagePackObject]
public sealed class TagQuotaRow
{
    /// <summary>The day of the count, in days of UTC since 1970.</summary>
    [Key(0)]
    public long Day { get; set; }

    /// <summary>Elements on that day.</summary>
    [Key(1)]
    public long OfDay { get; set; }

    /// <summary>The minute of the count, in minutes since 1970.</summary>
    [Key(2)]
    public long Minute { get; set; }

    /// <summary>Elements in that minute.</summary>
    [Key(3)]
    public long OfMinute { get; set; }

    /// <summary>
    /// By day, what was granted and what was refused, as far as it is not in the log; the present day among them. Null in rows
    /// of earlier versions.
    /// </summary>
    [Key(4)]
    public SortedDictionary<long, long[]>? Days { get; set; }
}
