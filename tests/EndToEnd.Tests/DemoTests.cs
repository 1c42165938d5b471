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

    private static async Task AssertNothingListensAsync(string url)
    {
        var address = new Uri(url);
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(address.Host, address.Port));
    }
}
