namespace FederationNode.Grains.Storage;

/// <summary>
/// A stored row is damaged: its bytes are not those that were written. Nothing was changed; the row must come back
/// from a copy or, for replicated logs, from a peer.
/// </summary>
public sealed class CorruptStateException : StorageException
{
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
    /// <param name="cause">The exception that tells the damage.</param>
    public CorruptStateException(string kind, string key, CorruptStateException cause)
        : base(
            StorageFault.Corrupt,
            $"The stored row '{kind}' of '{key}' ({cause?.StateType}) is damaged: {cause?.Reason}.",
            cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        StateType = cause.StateType;
        Reason = cause.Reason;
        Kind = kind;
        Key = key;
    }

    /// <summary>The name of the type that the row should hold.</summary>
    public string StateType { get; }

    /// <summary>What is wrong with the bytes.</summary>
    public string Reason { get; }

    /// <summary>The row's kind, where known.</summary>
    public string? Kind { get; }

    /// <summary>The row's key, where known.</summary>
    public string? Key { get; }
}
