using FederationNode.Grains.Storage;
using MessagePack;

namespace FederationNode.Grains.Webhooks;

/// <summary>How far a webhook has been told, and what it would not take. Key: the webhook's name.</summary>
[MessagePackObject]
public sealed class WebhookRow
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "webhook";

    /// <summary>Most batches that are kept as given up; of later ones only the number.</summary>
    public const int MaxDead = 100;

    /// <summary>The cursor after the last batch that was taken or given up.</summary>
    [Key(0)]
    public string Cursor { get; set; } = "";

    /// <summary>Batches that were given up, the oldest first.</summary>
    [Key(1)]
    public List<DeadBatch> Dead { get; set; } = [];

    /// <summary>Batches given up beyond those.</summary>
    [Key(2)]
    public long MoreDead { get; set; }

    /// <summary>When a batch was taken last, in unix seconds; 0: never.</summary>
    [Key(3)]
    public long LastDelivered { get; set; }

    /// <summary>What is wrong with a row, or null.</summary>
    public static string? FaultOf(WebhookRow row) =>
        row is { Cursor: not null, Dead: not null, MoreDead: >= 0 } && row.Dead.All(d => d is { After: not null, Error: not null })
            ? null
            : "a part of it is missing or out of range";

    /// <summary>Reads the row of a webhook, or an empty one.</summary>
    public static Task<(WebhookRow Value, string? ETag, CorruptStateException? Damage)> ReadAsync(RowStore rows, string name) =>
        rows.ReadDisposableAsync<WebhookRow>(RowKind, name, FaultOf);
}

/// <summary>A batch that a webhook did not take for too long.</summary>
[MessagePackObject]
public sealed class DeadBatch
{
    /// <summary>The cursor before it.</summary>
    [Key(0)]
    public string After { get; set; } = "";

    /// <summary>Changes in it.</summary>
    [Key(1)]
    public int Count { get; set; }

    /// <summary>When it was given up, in unix seconds.</summary>
    [Key(2)]
    public long At { get; set; }

    /// <summary>What went wrong the last time.</summary>
    [Key(3)]
    public string Error { get; set; } = "";
}
