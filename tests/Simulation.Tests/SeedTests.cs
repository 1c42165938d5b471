using Xunit;

namespace FederationNode.Simulation.Tests;

/// <summary>
/// The first seeds, each run twice; <c>.ci/run</c> runs 300, optimised. A failure names the seed; <c>dotnet run -c Release --project tests/Simulation --
/// --from SEED --seeds 1</c> repeats it.
/// </summary>
public abstract class SeedTests(ulong remainder)
{
    private const ulong Seeds = 8;
    private const ulong Parts = 2;

    [Fact]
    public void Seeds_EachRunTwice_HoldEveryInvariant()
    {
        for (var seed = 1 + remainder; seed <= Seeds; seed += Parts)
        {
            var result = Runner.RunTwice(seed);
            Assert.True(
                result.Broken is null,
                $"seed {seed}: {result.Scenario}\n{result.Detail}\n{string.Join('\n', result.Schedule)}");
        }
    }
}

/// <summary>One half of the seeds; the two halves run at the same time.</summary>
public sealed class OddSeedTests() : SeedTests(0);

/// <summary>The other half.</summary>
public sealed class EvenSeedTests() : SeedTests(1);
