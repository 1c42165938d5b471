using Orleans.TestingHost;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// Names for silos that talk to each other in memory: nothing listens on these ports. The allocator that comes with the
/// cluster reads all connections of the machine for each silo.
/// </summary>
internal sealed class SiloPorts : ITestClusterPortAllocator
{
    private static int s_used;

    public static SiloPorts Shared { get; } = new();

    public (int, int) AllocateConsecutivePortPairs(int numPorts)
    {
        var first = 10_000 + ((Interlocked.Add(ref s_used, numPorts) - numPorts) % 20_000);
        return (first, first + 30_000);
    }

    public void Dispose()
    {
    }
}
