using MessagePack;

namespace FederationNode.Grains.Feedback;

/// <summary>What a member counts, and what its queue consists of. One row a node.</summary>
[MessagePackObject]
public sealed class FeedbackRow
{
    /// <summary>Counts of days that are not in the log yet: matches, blocks, removals by category, by day.</summary>
    [Key(0)]
    public SortedDictionary<long, Dictionary<string, long[]>> Days { get; set; } = [];

    /// <summary>The newest idempotency keys with what they were for, as SHA-256, the oldest first.</summary>
    [Key(1)]
    public List<KeyedFeedback> Keys { get; set; } = [];

    /// <summary>The numbers of the items in the queue with their states, in their order.</summary>
    [Key(2)]
    public SortedDictionary<long, string> Queue { get; set; } = [];

    /// <summary>The number of the next item.</summary>
    [Key(3)]
    public long Next { get; set; } = 1;
}

/// <summary>Feedback that was taken with an idempotency key.</summary>
[MessagePackObject]
public sealed class KeyedFeedback
{
    /// <summary>SHA-256 of the key.</summary>
    [Key(0)]
    public byte[] Key { get; set; } = [];

    /// <summary>SHA-256 of what it said.</summary>
    [Key(1)]
    public byte[] Said { get; set; } = [];

    /// <summary>The number in the queue; 0: none.</summary>
    [Key(2)]
    public long Number { get; set; }
}

/// <summary>One item of the queue.</summary>
[MessagePackObject]
public sealed class QueueRow
{
    /// <summary>What became of the item.</summary>
    [Key(0)]
    public string Outcome { get; set; } = "";

    /// <summary>The indicators.</summary>
    [Key(1)]
    public List<string> IndicatorIds { get; set; } = [];

    /// <summary>The caller's name for it.</summary>
    [Key(2)]
    public string? ItemId { get; set; }

    /// <summary>A person's words.</summary>
    [Key(3)]
    public string Note { get; set; } = "";

    /// <summary>When it came, in unix seconds.</summary>
    [Key(4)]
    public long At { get; set; }
}
