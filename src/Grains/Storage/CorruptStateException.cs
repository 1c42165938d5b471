namespace FederationNode.Grains.Storage;

/// <summary>
/// A stored row is damaged: its bytes are not those that were written, they contradict themselves, or a row that
/// another one refers to is gone. Nothing was changed; the row must come back from a copy or, for replicated logs, from
/// a peer.
/// </summary>
public sealed class CorruptStateException : StorageException
{
    private const string NotThere = "it is not there";

    /// <summary>Creates the exception for a row whose place is not known yet.</summary>
    /// <param name="stateType">The name of the type that the row should hold.</param>
    /// <param name="reason">What is wrong with the bytes, without a full stop.</param>
    /// <param name="inner">The decoder's exception, if there is one.</param>
    public CorruptStateException(string stateType, string reason, Exception? inner = null)
        : base(StorageFault.Corrupt, $"A stored {stateType} is damaged: {reason}.", inner)
    {
        StateType = stateType;
        Reason = reason;
    }

    /// <summary>Creates the exception for the row at (<paramref name="kind"/>, <paramref name="key"/>).</summary>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="reason">What is wrong with it, without a full stop.</param>
    /// <param name="inner">The exception that tells the damage, if there is one.</param>
    /// <param name="etag">The row's version, with which it can be overwritten; null if that cannot be read.</param>
    public CorruptStateException(string kind, string key, string reason, Exception? inner = null, string? etag = null)
        : base(StorageFault.Corrupt, $"The stored row '{kind}' of '{key}' is damaged: {reason}.", inner)
    {
        Reason = reason;
        Kind = kind;
        Key = key;
        ETag = etag;
    }

    /// <summary>The name of the type that the row should hold, where its place is not known.</summary>
    public string? StateType { get; }

    /// <summary>What is wrong with the bytes.</summary>
    public string Reason { get; }

    /// <summary>The row's kind, where known.</summary>
    public string? Kind { get; }

    /// <summary>The row's key, where known.</summary>
    public string? Key { get; }

    /// <summary>The row's version, with which it can be overwritten, where known.</summary>
    public string? ETag { get; }

    /// <summary>Whether a row is not there that another one refers to.</summary>
    public bool IsMissing => Reason == NotThere;

    /// <summary>A row that another one refers to, and that is not there.</summary>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    public static CorruptStateException Missing(string kind, string key) => new(kind, key, NotThere);
}
