namespace FederationNode.Grains.Lists;

/// <summary>
/// Lets readers on different threads in at the same time, and a writer alone. Readers are many and short: each takes one
/// of some locks, by its thread, so that two rarely meet; a writer takes all, in their order. Not to be entered twice by
/// one thread.
/// </summary>
internal sealed class ReadersGate
{
    private const int LocksPerProcessor = 4;

    // At least so many, for a number of threads that shares none has to be a little lucky.
    private const int FewestLocks = 8;

    private readonly Lock[] _locks = [.. Enumerable.Range(
        0, Math.Max(FewestLocks, LocksPerProcessor * Environment.ProcessorCount)).Select(_ => new Lock())];

    /// <summary>Enters to read; the answer leaves when it is disposed of.</summary>
    public Lock.Scope Read() => _locks[Environment.CurrentManagedThreadId % _locks.Length].EnterScope();

    /// <summary>Enters to write; the answer leaves when it is disposed of.</summary>
    public WriterScope Write()
    {
        foreach (var gate in _locks)
        {
            gate.Enter();
        }

        return new WriterScope(_locks);
    }

    /// <summary>A writer within the gate.</summary>
    public readonly ref struct WriterScope(Lock[] locks)
    {
        /// <summary>Leaves.</summary>
        public void Dispose()
        {
            foreach (var gate in locks)
            {
                gate.Exit();
            }
        }
    }
}
