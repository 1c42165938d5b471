using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

public sealed class DemoTests
{
    [Fact]
    public async Task Demo_Once_Json_AllAsExpected()
    {
        var ran = await Fednode.RunAsync("demo", "--once", "--json");

        Assert.True(ran.Code == 0, ran.ToString());
        Assert.True(ran.Json.GetProperty("ok").GetBoolean(), ran.Output);
        var steps = ran.Json.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(11, steps.Count);
        Assert.All(steps, s => Assert.True(s.GetProperty("ok").GetBoolean(), s.ToString()));

        var nodes = ran.Json.GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal(4, nodes.Count);
        foreach (var node in nodes)
        {
            var folder = node.GetProperty("folder").GetString()!;
            Assert.False(Directory.Exists(Path.GetDirectoryName(folder)), $"{folder} is left.");
            await AssertNothingListensAsync(node.GetProperty("api").GetString()!);
            await AssertNothingListensAsync(node.GetProperty("peers").GetString()!);
        }
    }

    [Theory]
    [InlineData("A coalition on this machine", false)]
    [InlineData("A coalition on this machine", true)]
    [InlineData("ok   Import", true)]
    public async Task Demo_CtrlC_LeavesNoProcessAndNoFolder(string after, bool nodesStarting)
    {
        // Who runs the tests may have told them to ignore Ctrl-C, and processes inherit that.
        using var demo = Process.Start(Fednode.Start(["env", "--default-signal=INT"], ["demo"]))!;
        var error = demo.StandardError.ReadToEndAsync();
        var root = "";
        for (string? line = ""; line is not null && !line.StartsWith(after, StringComparison.Ordinal);)
        {
            line = await demo.StandardOutput.ReadLineAsync();
            root = line is not null && line.Contains(", in /", StringComparison.Ordinal) && root.Length == 0
                ? line[line.IndexOf('/', StringComparison.Ordinal)..].TrimEnd('.')
                : root;
        }

        while (nodesStarting && !demo.HasExited && !File.Exists(Path.Combine(root, "alpha", "node.log")))
        {
            await Task.Delay(20);
        }

        using (var interrupt = Process.Start("kill", ["-INT", demo.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await interrupt.WaitForExitAsync();
        }

        _ = await demo.StandardOutput.ReadToEndAsync();
        await demo.WaitForExitAsync();
        Assert.True(demo.ExitCode == 130, $"exit {demo.ExitCode}: {await error}");
        Assert.StartsWith(Path.GetTempPath(), root, StringComparison.Ordinal);
        Assert.False(Directory.Exists(root), $"{root} is left.");
        Assert.DoesNotContain(Commands(), c => c.Contains(root, StringComparison.Ordinal));
    }

    /// <summary>The command lines of all processes of this machine.</summary>
    private static IEnumerable<string> Commands()
    {
        foreach (var file in Directory.GetDirectories("/proc").Select(d => Path.Combine(d, "cmdline")))
        {
            string command;
            try
            {
                command = File.ReadAllText(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not a process, or one that has just ended.
                continue;
            }

            yield return command;
        }
    }

    private static async Task AssertNothingListensAsync(string url)
    {
        var address = new Uri(url);
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(address.Host, address.Port));
    }
}
