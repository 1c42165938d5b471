using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>The demo is the whole product at once: four processes, real TLS, real databases, the public verbs.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task Demo_Once_AllStepsAsExpected()
    {
        var (code, output, error) = await Fednode.RunAsync("demo", "--once", "--json");

        Assert.True(code == 0, $"exit code {code}: {output} {error}");
        var report = JsonDocument.Parse(output).RootElement;
        Assert.True(report.GetProperty("ok").GetBoolean(), output);
        Assert.Equal(11, report.GetProperty("steps").GetArrayLength());
        foreach (var node in report.GetProperty("nodes").EnumerateArray())
        {
            // The folders were temporary, and nothing runs on them any more.
            Assert.False(Directory.Exists(node.GetProperty("folder").GetString()));
        }
    }
}
