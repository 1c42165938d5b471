using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A member loses its database and still has its folder with the keys: it fetches its own log back from the others before
/// it signs anything, and goes on where it was.
/// </summary>
public sealed class LostDatabaseTests : IDisposable
{
    private const string Log = "ewt/alpha/indicators/1";

    private readonly Scratch _scratch = new();

    private string Secretariat => _scratch.In("secretariat");

    private string Alpha => _scratch.In("alpha");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Start_WithoutTheDatabase_FetchesTheOwnLogBackAndGoesOn()
    {
        await Fednode.FoundAsync(Secretariat, "ewt", Alpha);
        await using var secretariat = await NodeProcess.StartAsync(Secretariat);
        await using (await NodeProcess.StartAsync(Alpha))
        {
            await CoalitionFixture.UntilReadyAsync(Alpha);
            await PublishAsync("carved tusk", 0);
            await PublishAsync("pangolin scale", 1);
            await UntilSizeAsync(Secretariat, 2);
        }

        foreach (var file in Directory.GetFiles(Alpha, "node.db*"))
        {
            File.Delete(file);
        }

        await using (await NodeProcess.StartAsync(Alpha))
        {
            await CoalitionFixture.UntilReadyAsync(Alpha);
            await UntilSizeAsync(Alpha, 2);
            await PublishAsync("tiger bone wine", 2);
            await UntilSizeAsync(Secretariat, 3);
            var here = (await Fednode.DoAsync("status", "--data", Alpha, "--json")).Json.GetProperty("viewDigest").GetString();
            var there = (await Fednode.DoAsync("status", "--data", Secretariat, "--json")).Json.GetProperty("viewDigest").GetString();
            Assert.Equal(there, here);
        }

        await secretariat.StopAsync();
        var audit = await Fednode.HereAsync("audit", Secretariat, Alpha, "--json");
        Assert.DoesNotContain(
            audit.Json.GetProperty("findings").EnumerateArray(), f => f.GetProperty("severity").GetString() == "fault");
    }

    private async Task PublishAsync(string keyword, long index)
    {
        var published = await Fednode.DoAsync("publish", "keyword", keyword, "--category", "ivory", "--data", Alpha, "--json");
        Assert.Equal(index, published.Json.GetProperty("index").GetInt64());
    }

    private static async Task UntilSizeAsync(string folder, long size)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Fednode.HereAsync("log", "list", "--data", folder, "--json") is var list
            && (list.Code != 0 || !list.Json.EnumerateArray().Any(l =>
                l.GetProperty("origin").GetString() == Log && l.GetProperty("size").GetInt64() == size)))
        {
            Assert.False(patience.IsCancellationRequested, list.ToString());
        }
    }
}
