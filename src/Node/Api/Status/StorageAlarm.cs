namespace FederationNode.Node.Api.Status;

/// <summary>Remembers that the storage failed, until it works again. Safe from any thread.</summary>
internal sealed class StorageAlarm
{
    private string? _fault;

    /// <summary>What the storage said last, or null while it works.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    public void Raise(string fault) => Volatile.Write(ref _fault, fault);

    public void Clear() => Volatile.Write(ref _fault, null);
}
