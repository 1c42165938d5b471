using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Detector;
using FederationNode.Matching.Checking;
using FederationNode.Protocol;
using FederationNode.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>The examples of the package's readme: the same lines, compiled.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Readme_Examples_AreTheLinesBelow()
    {
        var readme = File.ReadAllLines(Path.Combine(TestFiles.Repository, "src", "Detector", "README.md"));
        var source = File.ReadAllLines(Path.Combine(TestFiles.Repository, "tests", "Node.Tests", "Detector", "ReadmeTests.cs"))
            .Select(l => l.Trim()).ToHashSet();
        var inExample = false;
        var lines = 0;
        foreach (var line in readme)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inExample = line == "```csharp";
            }
            else if (inExample)
            {
                lines++;
                Assert.Contains(line.Trim(), source);
            }
        }

        Assert.True(lines >= 25, $"Only {lines} lines of examples.");
    }

    // Compiled only: they would need a node at that address.
    internal static async Task OverHttpAsync(string tag, IAsyncEnumerable<CheckItem> listings)
    {
        using var detector = new FederationDetector(new FederationDetectorOptions
        {
            Nodes = [new Uri("http://127.0.0.1:7480")],
            KeyFile = "acme/api-keys/detector.key",
        });
        CheckVerdict one = await detector.CheckTextAsync("新到象牙手串");
        CheckResponse many = await detector.CheckAsync([new CheckItem("text", "carved tusk"), new CheckItem("seller", tag)]);
        CheckPart image = await detector.CheckImageAsync(await File.ReadAllBytesAsync("photo.jpg"));
        await foreach (CheckVerdict verdict in detector.CheckManyAsync(listings))
        {
            Console.WriteLine($"{verdict.Id}: {verdict.Verdict}");
        }

        Console.WriteLine((one, many, image));
    }

    internal static async Task FeedbackAsync(FederationDetector detector, CheckMatch match)
    {
        await detector.GiveFeedbackAsync(new FeedbackRequest([match.IndicatorId], FeedbackOutcome.Removed, ItemId: "ad-17"));
        await detector.GiveFeedbackAsync(new FeedbackRequest([match.IndicatorId], FeedbackOutcome.FalsePositive, Note: "a piano key"));
    }

    internal static async Task InProcessAsync(Hash256 sellerTag, CancellationToken stopping)
    {
        using var replica = new FederationReplica(new FederationDetectorOptions
        {
            Nodes = [new Uri("http://127.0.0.1:7480")],
            KeyFile = "acme/api-keys/detector.key",
            Replica = new ReplicaOptions { Folder = "detector-replica" },
        });
        Task following = replica.RunAsync(stopping);
        await replica.WaitReadyAsync(stopping);
        ItemVerdict text = replica.Check("carved tusk bangle");
        ItemVerdict seller = replica.CheckSeller(sellerTag);
        ImageVerdict photo = replica.CheckImage(await File.ReadAllBytesAsync("photo.jpg", stopping));
        Console.WriteLine((text, seller, photo));
        await following;
    }

    internal static void InAHost(HostApplicationBuilder builder)
    {
        builder.Services.AddFederationDetector(options =>
        {
            options.Nodes.Add(new Uri("http://127.0.0.1:7480"));
            options.KeyFile = "acme/api-keys/detector.key";
            options.Replica = new ReplicaOptions { Folder = "detector-replica", PolicyFile = "acme/policy.json" };
        });
        builder.Services.AddHealthChecks().AddFederationReplica();
    }
}
