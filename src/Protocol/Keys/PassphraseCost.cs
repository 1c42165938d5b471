namespace FederationNode.Protocol.Keys;

/// <summary>What one guess of a passphrase costs: the parameters of Argon2id, with one lane.</summary>
public sealed record PassphraseCost
{
    /// <summary>Least memory: 8 MiB, in KiB.</summary>
    public const int MinMemory = 8 * 1024;

    /// <summary>Most memory, so that a hostile file cannot take more: 1 GiB, in KiB.</summary>
    public const int MaxMemory = 1024 * 1024;

    /// <summary>Most passes.</summary>
    public const int MaxPasses = 16;

    /// <summary>Makes a cost.</summary>
    /// <param name="memoryKibibytes">From <see cref="MinMemory"/> to <see cref="MaxMemory"/>.</param>
    /// <param name="passes">From 1 to <see cref="MaxPasses"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is out of its range.</exception>
    public PassphraseCost(int memoryKibibytes, int passes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryKibibytes, MinMemory);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memoryKibibytes, MaxMemory);
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(passes, MaxPasses);
        MemoryKibibytes = memoryKibibytes;
        Passes = passes;
    }

    /// <summary>64 MiB and 3 passes, the second choice of RFC 9106 section 4: a few tenths of a second.</summary>
    public static PassphraseCost Default { get; } = new(64 * 1024, 3);

    /// <summary>Memory, in KiB.</summary>
    public int MemoryKibibytes { get; }

    /// <summary>Passes over the memory.</summary>
    public int Passes { get; }
}
