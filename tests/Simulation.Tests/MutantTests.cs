using Xunit;

namespace FederationNode.Simulation.Tests;

/// <summary>The simulation finds mistakes that are known to be ones, within a hundred seeds.</summary>
public sealed class MutantTests
{
    [Theory]
    [InlineData(Mutant.SignBeforeDurable)]
    [InlineData(Mutant.MergeByArrival)]
    [InlineData(Mutant.NoCreditLimit)]
    [InlineData(Mutant.UnprovenFork)]
    [InlineData(Mutant.HeadBeforeContent)]
    [InlineData(Mutant.ReadBlindly)]
    [InlineData(Mutant.NoGateways)]
    [InlineData(Mutant.TrustOutlines)]
    public void Mutant_WithinAHundredSeeds_IsFound(Mutant mutant)
    {
        string[] expected = mutant switch
        {
            Mutant.SignBeforeDurable =>
            [
                "every stored leaf is the origin's", "an honest origin never signs two roots",
                "an honest origin only signs what extends what it signed",
            ],
            Mutant.MergeByArrival => ["equal heads give equal views"],
            Mutant.NoCreditLimit =>
            [
                "fetches are bounded", "fetched ranges are bounded", "waiting bytes are bounded",
                "no request is repeated without new information",
            ],
            Mutant.HeadBeforeContent => ["a head on the disk names only rows that are there"],
            Mutant.ReadBlindly => ["nothing damaged is visible", "an honest peer is never blamed for an honest log"],
            Mutant.TrustOutlines => ["who is caught up by an outline lacks nothing that is live"],
            Mutant.NoGateways => ["bulk crosses a border about once for each gateway"],
            _ => ["an honest origin is never frozen"],
        };

        for (ulong seed = 1; seed <= 100; seed++)
        {
            if (Runner.Run(seed, mutant).Broken is { } broken)
            {
                Assert.Contains(broken, expected);
                return;
            }
        }

        Assert.Fail("Not found.");
    }
}
