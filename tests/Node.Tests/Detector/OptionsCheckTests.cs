using FederationNode.Detector;
using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Node.Tests.Policies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>What is wrong with options, word by word.</summary>
public sealed class OptionsCheckTests
{
    public static TheoryData<string, Action<FederationDetectorOptions>> Faults => new()
    {
        { "Nodes must name 1 to 16 addresses, such as http://127.0.0.1:7480, not 0.", o => o.Nodes.Clear() },
        { "Nodes: ftp://a/ is no address of a node: write http://HOST:PORT.", o => o.Nodes.Add(new Uri("ftp://a")) },
        { "Nodes: http://a/v1 is no address of a node: write http://HOST:PORT.", o => o.Nodes.Add(new Uri("http://a/v1")) },
        { "Give either Key or KeyFile: api-keys/detector.key in the node's folder holds the key.", o => o.Key = null },
        { "Give either Key or KeyFile: api-keys/detector.key in the node's folder holds the key.", o => o.KeyFile = "k" },
        { "Key must be 1 to 1000 visible ASCII characters.", o => o.Key = "a key" },
        { "Timeout must be 00:00:00.0100000 to 00:01:00, not 00:02:00.", o => o.Timeout = TimeSpan.FromMinutes(2) },
        { "Retries must be 0 to 10, not 11.", o => o.Retries = 11 },
        { "RetryDelay must be 00:00:00.0010000 to 00:00:10, not 00:00:00.", o => o.RetryDelay = TimeSpan.Zero },
        { "HedgeQuantile must be 0.5 to 0.999 or null, not 1.", o => o.HedgeQuantile = 1 },
        { "MinHedgeDelay must be 00:00:00.0010000 to 00:00:10, not 00:00:11.", o => o.MinHedgeDelay = TimeSpan.FromSeconds(11) },
        { "Replica.Folder must name a folder, or be null.", o => o.Replica = new ReplicaOptions { Folder = "" } },
        { "Replica.Policy.Self must name the node's member.", o => o.Replica = new ReplicaOptions { Policy = new VerdictPolicy { Self = "" } } },
        { "Replica.PolicyFile must name a file, or be null.", o => o.Replica = new ReplicaOptions { PolicyFile = "" } },
        {
            "Give either Replica.Policy or Replica.PolicyFile.",
            o => o.Replica = new ReplicaOptions { PolicyFile = "policy.json", Policy = new VerdictPolicy { Self = "acme" } }
        },
        { "Replica.MaxAge must be 00:00:20 to 1.00:00:00, not 00:00:01.", o => o.Replica = new ReplicaOptions { MaxAge = TimeSpan.FromSeconds(1) } },
        { "Replica.ReconnectDelay must be 00:00:00.0100000 to 00:01:00, not 00:00:00.", o => o.Replica = new ReplicaOptions { ReconnectDelay = TimeSpan.Zero } },
        { "Replica.Silence must be 00:00:01 to 00:10:00, not 00:00:00.", o => o.Replica = new ReplicaOptions { Silence = TimeSpan.Zero } },
        { "Replica.MaxIndicators must be 1 to 100000000, not 0.", o => o.Replica = new ReplicaOptions { MaxIndicators = 0 } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task AddFederationDetector_BadOptions_StopTheHostAtStartAndSayWhy(
        string fault, Action<FederationDetectorOptions> change)
    {
        using var host = Host(o =>
        {
            o.Nodes.Add(new Uri("http://127.0.0.1:1"));
            o.Key = "key";
            change(o);
        });

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal([fault], refusal.Failures);
    }

    [Theory]
    [MemberData(nameof(PolicyReaderTests.Wrong), MemberType = typeof(PolicyReaderTests))]
    public async Task Options_PolicyThatTheNodeRefuses_IsRefusedAtStartInTheSameWords(string json, string says)
    {
        var folder = Directory.CreateTempSubdirectory("fednode-policy-").FullName;
        try
        {
            var file = Path.Combine(folder, "policy.json");
            await File.WriteAllTextAsync(file, json);
            var node = Assert.Throws<NodeFolderException>(() => PolicyReader.ReadFile(file, "acme"));
            using var host = Host(o => Set(o, file));

            var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

            Assert.Equal([$"Replica.PolicyFile: {node.Message}"], refusal.Failures);
            Assert.StartsWith(Path.Combine(folder, says), node.Message, StringComparison.Ordinal);
            var options = new FederationDetectorOptions();
            Set(options, file);
            Assert.StartsWith(
                $"Replica.PolicyFile: {node.Message}",
                Assert.Throws<ArgumentException>(() => new FederationReplica(options)).Message,
                StringComparison.Ordinal);

            // Who only asks the node needs no policy.
            new FederationDetector(options).Dispose();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void Set(FederationDetectorOptions options, string file)
        {
            options.Nodes.Add(new Uri("http://127.0.0.1:1"));
            options.Key = "key";
            options.Replica = new ReplicaOptions { PolicyFile = file };
        }
    }

    [Fact]
    public void Options_PolicyFileThatIsNotThere_SaysWhich()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var options = new FederationDetectorOptions
        {
            Nodes = [new Uri("http://127.0.0.1:1")],
            Key = "key",
            Replica = new ReplicaOptions { PolicyFile = file },
        };

        Assert.StartsWith(
            $"Replica.PolicyFile: {file} cannot be read: ",
            Assert.Throws<ArgumentException>(() => new FederationReplica(options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Options_KeyFileThatHoldsNone_SaysWhich()
    {
        var file = Path.GetTempFileName();
        var options = new FederationDetectorOptions { Nodes = [new Uri("http://127.0.0.1:1")], KeyFile = file };

        Assert.StartsWith(
            $"KeyFile {file} does not hold a key.",
            Assert.Throws<ArgumentException>(() => new FederationDetector(options)).Message,
            StringComparison.Ordinal);
        File.WriteAllText(file, "a-key\n");
        new FederationDetector(options).Dispose();
        File.Delete(file);
        Assert.StartsWith(
            $"KeyFile {file} cannot be read: ",
            Assert.Throws<ArgumentException>(() => new FederationDetector(options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddFederationDetector_WithoutReplica_GivesADetectorAndNothingRuns()
    {
        using var host = Host(o =>
        {
            o.Nodes.Add(new Uri("http://127.0.0.1:1"));
            o.Key = "key";
        });
        await host.StartAsync();

        Assert.NotNull(host.Services.GetRequiredService<FederationDetector>());
        Assert.False(host.Services.GetRequiredService<FederationReplica>().Status.IsReady);

        await host.StopAsync();
    }

    private static IHost Host(Action<FederationDetectorOptions> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFederationDetector(configure);
        return builder.Build();
    }
}
