namespace FederationNode.Grains.Storage;

/// <summary>
/// Whether the storage takes writes. After a write failed it counts as failing until one works again; who writes much
/// stops meanwhile, and <see cref="StorageProbe"/> tries. Safe from any thread.
/// </summary>
public sealed class StorageHealth
{
    private readonly Lock _lock = new();
    private string? _fault;

    /// <summary>Raised when it begins to fail, with the reason, and when it works again, with null. Must be quick.</summary>
    public event Action<string?>? Changed;

    /// <summary>Why it takes nothing, or null while it works.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    internal void Failed(string fault) => Set(fault);

    internal void Worked()
    {
        if (Fault is not null)
        {
            Set(null);
        }
    }

    private void Set(string? fault)
    {
        bool changed;
        lock (_lock)
        {
            changed = _fault is null != fault is null;
            _fault = fault;
        }

        if (changed)
        {
            Changed?.Invoke(fault);
        }
    }
}
