using System.Globalization;
using System.Text.Json;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A node on a file system of its own, in a mount namespace, which fills up, or takes no writes at all.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class FullDiskTests(CoalitionFixture coalition) : IDisposable
{
    private const string Listed = "lone/secretariat/indicators/1";

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [NamespaceFact]
    public async Task Publish_DiskFull_IsRefusedAndEverythingAcknowledgedIsKept()
    {
        var folder = _scratch.In("small");
        var kept = _scratch.In("kept");
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(kept);
        await PrepareAsync();
        await using var node = await NodeProcess.StartAsync(
            [
                .. NamespaceFactAttribute.Unshare, "sh", "-c",
                "mount -t tmpfs -o size=16m tmpfs \"$1\" && cp -r \"$2\"/. \"$1\" && small=$1 kept=$3 && shift 3 "
                    + "&& \"$@\" "
                    + "&& cp -r \"$small\"/. \"$kept\"", "sh",
                folder, _scratch.In("lone"), kept,
            ],
            folder);
        var inside = $"/proc/{node.Id}/root{folder}";
        var api = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(inside, "run.json")))
            .RootElement.GetProperty("apiUrl").GetString()!;
        await UntilReadyAsync(api);
        var acknowledged = new List<string> { await PublishAsync(api, "before the flood") };

        await FillAsync(Path.Combine(inside, "ballast"));
        var refused = await UntilRefusedAsync(api, acknowledged);
        Refusal.AssertClear(refused, 4, "The storage takes nothing now");
        Assert.Contains("disk is full", (await StatusAsync(api)).Output, StringComparison.Ordinal);

        File.Delete(Path.Combine(inside, "ballast"));
        acknowledged.Add(await PublishAsync(api, "after the flood"));

        Assert.Equal(0, await node.StopAsync());
        await AssertKeptAsync(kept, acknowledged);
    }

    [NamespaceFact]
    public async Task Run_ReadOnlyFolder_SaysSoAndChangesNothing()
    {
        var folder = _scratch.In("alpha");
        Scratch.Copy(coalition.Stopped, folder);
        var before = Refusal.Contents(folder);

        var ran = await Fednode.RunAsync(ReadOnly("$1", folder), "run", "--data", folder, "--stop-on-eof");

        Refusal.AssertClear(ran, 3, Path.Combine(folder, "node.lock"));
        Assert.Contains("Read-only file system", ran.Error, StringComparison.Ordinal);
        Assert.Equal(before, Refusal.Contents(folder));
    }

    [NamespaceFact]
    public async Task Run_ReadOnlyDatabase_SaysSoAndChangesNothing()
    {
        var folder = _scratch.In("alpha");
        Scratch.Copy(coalition.Stopped, folder);
        var before = Refusal.Contents(folder);

        var ran = await Fednode.RunAsync(ReadOnly("$1/node.db", folder), "run", "--data", folder, "--stop-on-eof");

        Refusal.AssertClear(ran, 3, Path.Combine(folder, "node.db"));
        Assert.Contains("may not be written", ran.Error, StringComparison.Ordinal);
        Assert.Equal(before, Refusal.Contents(folder));
    }

    [NamespaceFact]
    public async Task Init_DiskFull_SaysSo()
    {
        var folder = _scratch.In("full");
        Directory.CreateDirectory(folder);

        var ran = await Fednode.RunAsync(
            Under("mount -t tmpfs -o size=4k tmpfs \"$1\" && printf full > \"$1/ballast\"", folder),
            "member", "init", Path.Combine(folder, "alpha"), "--coalition", coalition.Anchor, "--name", "alpha");

        Refusal.AssertClear(ran, 3, folder);
        Assert.Contains("No space left on device", ran.Error, StringComparison.Ordinal);
    }

    private static string[] ReadOnly(string what, string folder) =>
        Under($"mount --bind \"{what}\" \"{what}\" && mount -o remount,bind,ro \"{what}\"", folder);

    private static string[] Under(string mounts, string folder) =>
        [.. NamespaceFactAttribute.Unshare, "sh", "-c", mounts + " && shift && exec \"$@\"", "sh", folder];

    /// <summary>The lone node on a port that is free now.</summary>
    private async Task PrepareAsync()
    {
        Scratch.Copy(coalition.Lone, _scratch.In("lone"));
        var port = FreePorts.Take(1)[0];
        await File.WriteAllTextAsync(_scratch.In("lone", "node.json"), string.Create(
            CultureInfo.InvariantCulture, $$"""{"member":"secretariat","apiListen":"127.0.0.1:{{port}}"}"""));
    }

    private static async Task FillAsync(string file)
    {
        await using var ballast = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        foreach (var size in (int[])[65_536, 4096, 256, 1])
        {
            try
            {
                while (true)
                {
                    ballast.Write(new byte[size]);
                    ballast.Flush(flushToDisk: true);
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size.
            }
        }
    }

    /// <summary>Publishes until the storage says no; what it acknowledged until then counts.</summary>
    private async Task<Ran> UntilRefusedAsync(string api, List<string> acknowledged)
    {
        for (var i = 0; i < 200; i++)
        {
            var word = string.Create(CultureInfo.InvariantCulture, $"flood number {i}");
            var ran = await Fednode.HereAsync(Publish(api, word));
            if (ran.Code != 0)
            {
                return ran;
            }

            acknowledged.Add(IdOf(ran));
        }

        throw new InvalidOperationException("The disk does not get full.");
    }

    private async Task<string> PublishAsync(string api, string word) =>
        IdOf(await Fednode.DoAsync([.. Publish(api, word), "--json"]));

    private string[] Publish(string api, string word) =>
        ["publish", "keyword", word, "--category", "ivory", "--url", api, "--key", Key("analyst")];

    private static string IdOf(Ran ran) => ran.Output.TrimStart().StartsWith('{')
        ? ran.Json.GetProperty("indicatorIds")[0].GetString()!
        : ran.Output.Split(' ')[0];

    private Task<Ran> StatusAsync(string api) =>
        Fednode.HereAsync("status", "--url", api, "--key", Key("operator"), "--json");

    private string Key(string role) => "@" + _scratch.In("lone", "api-keys", role + ".key");

    private async Task UntilReadyAsync(string api)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(api) is var status && (status.Code != 0 || !status.Json.GetProperty("ready").GetBoolean()))
        {
            Assert.False(patience.IsCancellationRequested, status.ToString());
        }
    }

    /// <summary>The log verifies, and every entry that a publisher was told of is in it.</summary>
    private async Task AssertKeptAsync(string folder, List<string> acknowledged)
    {
        var audit = await Fednode.HereAsync("audit", folder, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
        var log = audit.Json.GetProperty("logs").EnumerateArray().First(l => l.GetProperty("origin").GetString() == Listed);
        Assert.True(log.GetProperty("size").GetInt64() >= 1 + acknowledged.Count);

        await using var again = await NodeProcess.StartAsync(folder);
        var api = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "run.json")))
            .RootElement.GetProperty("apiUrl").GetString()!;
        await UntilReadyAsync(api);
        foreach (var id in acknowledged)
        {
            var shown = await Fednode.HereAsync("show", id, "--url", api, "--key", Key("analyst"), "--json");
            Assert.True(shown.Code == 0, shown.ToString());
        }

        await PublishAsync(api, "after the restart");
    }
}
