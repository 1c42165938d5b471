using System.Globalization;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>Where a running node can be reached: grains must not be among it.</summary>
public sealed class ListeningTests : IDisposable
{
    private readonly Scratch _root = new();

    public void Dispose() => _root.Dispose();

    [LinuxFact]
    public async Task Run_Node_ListensWhereItsConfigurationSaysAndNowhereElse()
    {
        var secretariat = _root.In("secretariat");
        var ports = await Fednode.FoundAsync(secretariat, "listening", _root.In("beta"));
        await using var node = await NodeProcess.StartAsync(secretariat);

        Assert.Equal(ports[..2].Order(), ListeningPorts(node.Id).Order());
    }

    /// <summary>TCP ports on which the process listens, of IPv4 and IPv6.</summary>
    private static IEnumerable<int> ListeningPorts(int process)
    {
        const string Listening = "0A";
        var own = Directory.GetFiles($"/proc/{process}/fd")
            .Select(f => new FileInfo(f).LinkTarget)
            .Where(t => t is not null && t.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(t => t!["socket:[".Length..^1])
            .ToHashSet();
        return new[] { "tcp", "tcp6" }
            .SelectMany(table => File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns[3] == Listening && own.Contains(columns[9]))
            .Select(columns => int.Parse(
                columns[1].AsSpan(columns[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
