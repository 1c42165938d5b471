using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FederationNode.TestSupport;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A node does not start on a folder with something wrong in it: it names the file and what to do, and leaves every
/// byte as it was.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class BrokenFolderTests(CoalitionFixture coalition) : IDisposable
{
    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("alpha");

    public static TheoryData<string, string, string?> Settings => new()
    {
        { "node.json is not valid JSON", "node.json", "{" },
        { "node.json is not valid JSON", "node.json", "\u0001\u0002" },
        { "node.json is empty", "node.json", "null" },
        { "node.json has a value of another type", "node.json", "[]" },
        { "node.json lacks", "node.json", "{}" },
        { "node.json has no setting \"colour\"", "node.json", With(""" "colour":1 """) },
        { "\"member\" must be", "node.json", """{"member":null,"apiListen":null}""" },
        { "\"storage\" and \"sharePassphraseFile\" must be texts", "node.json", With(""" "peerListen":null """) },
        { "\"storage\" and \"sharePassphraseFile\" must be texts", "node.json", With(""" "storage":null """) },
        { "\"storage\" and \"sharePassphraseFile\" must be texts", "node.json", With(""" "sharePassphraseFile":null """) },
        { "\"apiListen\" must be a loopback address", "node.json", """{"member":"alpha","apiListen":"0.0.0.0:7480"}""" },
        { "\"headsSeconds\" must be", "node.json", With(""" "headsSeconds":0 """) },
        { "is another node's", "node.json", """{"member":"beta","apiListen":"127.0.0.1:1"}""" },
        { "needs the path of a file: not a URI", "node.json", With(""" "storage":"mysql://u:sesame@h/d" """) },
        { "names neither a 'Data Source' nor a 'Host'", "node.json", With(""" "storage":"Engine=none;Password=sesame" """) },
        { "PostgreSQL database 'd' on 127.0.0.1:1", "node.json", With(""" "storage":"Host=127.0.0.1;Port=1;Username=u;Password=sesame;Database=d" """) },
        { "coalition.json: The first line must be", "coalition.json", "{}" },
        { "coalition.json cannot be read", "coalition.json", null },
        { "\"apiRequestsPerSecond\" must be", "node.json", With(""" "apiRequestsPerSecond":-1 """) },
        { "webhooks.json is not valid JSON", "webhooks.json", "{" },
        { "\"url\" of a must be", "webhooks.json", """{"webhooks":[{"name":"a","url":"file:///x","secretFile":"s"}]}""" },
        { "policy.json is not valid JSON", "policy.json", "{" },
        { "policy.json has no setting \"kind\"", "policy.json", """{"kind":{}}""" },
        { "policy.json, line 1: \"kinds\" must not be null", "policy.json", """{"kinds":null}""" },
        { "\"kinds.seller\" must not be null", "policy.json", """{"kinds":{"seller":null}}""" },
        { "\"kinds.smell\" is no kind", "policy.json", """{"kinds":{"smell":{}}}""" },
        { "line 2: \"kinds.seller.blockAt\" must be 0 to 1000", "policy.json", "{\n\"kinds\":{\"seller\":{\"blockAt\":-1}}}" },
        { "\"trusted[0]\" is no member's name", "policy.json", """{"trusted":["Not A Name"]}""" },
        { "\"muted\" names beta, and so does \"trusted\"", "policy.json", """{"trusted":["beta"],"muted":["beta"]}""" },
        { "\"muted[0]\" must not be null", "policy.json", """{"muted":[null]}""" },
        { "tags.txt cannot be read", "policy.json", """{"allow":{"verifiedSellers":"tags.txt"}}""" },
        { "holds no key of the log ewt/alpha/receipts", "keys/receipts-1.key", null },
        { "indicators-1.key: A private key starts with", "keys/indicators-1.key", "nonsense" },
        { "peer.crt.pem", "tls/peer.crt.pem", null },
        { "peer.key.pem", "tls/peer.key.pem", "nonsense" },
        { "analyst.key is empty", "api-keys/analyst.key", "\n" },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Run_BadFile_NamesItAndChangesNothing(string says, string file, string? content)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var path = Path.Combine(Folder, file);
        if (content is null)
        {
            File.Delete(path);
        }
        else
        {
            await File.WriteAllTextAsync(path, content);
        }

        await AssertRefusedAsync(says);
    }

    [Theory]
    [InlineData("node.json")]
    [InlineData("coalition.json")]
    [InlineData("policy.json")]
    [InlineData("keys/indicators-1.key")]
    [InlineData("api-keys/analyst.key")]
    public async Task Run_OversizedFile_IsNotRead(string file)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        await using (var stream = new FileStream(Path.Combine(Folder, file), FileMode.OpenOrCreate))
        {
            stream.SetLength(3_000_000_000);
        }

        var ran = await Fednode.HereAsync("run", "--data", Folder, "--stop-on-eof");
        Refusal.AssertClear(ran, 3, $"{Path.GetFileName(file)} has 3000000000 bytes");
    }

    [Fact]
    public async Task Run_TwoRolesWithOneKey_NamesTheFile()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var keys = Path.Combine(Folder, "api-keys");
        File.Copy(Path.Combine(keys, "analyst.key"), Path.Combine(keys, "detector.key"), overwrite: true);
        await AssertRefusedAsync("holds the key of another role");
    }

    [Theory]
    [InlineData("header", "its header is not that of a SQLite database")]
    [InlineData("cut", "the file is damaged")]
    [InlineData("folder", "node.db")]
    [InlineData("newer", "its schema has version 99")]
    public async Task Run_BadDatabase_NamesItAndChangesNothing(string what, string says)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        Damage(Path.Combine(Folder, "node.db"), what);
        var before = Refusal.Contents(Folder);

        string[][] verbs = [["run", "--data", Folder, "--stop-on-eof"], ["audit", Folder], ["log", "list", "--data", Folder]];
        foreach (var verb in verbs)
        {
            var ran = await Fednode.HereAsync(verb);
            Refusal.AssertClear(ran, 3, "node.db");
            Assert.True(verb[0] != "run" || ran.Error.Contains(says, StringComparison.Ordinal), ran.ToString());
        }

        Assert.Equal(before, Refusal.Contents(Folder));
    }

    /// <summary>A node does not start on a database with a hole in it; an audit says which entries lie there.</summary>
    [Fact]
    public async Task Run_DatabaseWithDamagedPages_IsRefusedAndTheAuditNamesTheEntries()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        Damage(Path.Combine(Folder, "node.db"), "page");
        var before = Refusal.Contents(Folder);

        var ran = await Fednode.HereAsync("run", "--data", Folder, "--stop-on-eof");
        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Refusal.AssertClear(ran, 3, "the file is damaged");
        Assert.Equal(1, audit.Code);
        Assert.Contains(audit.Json.GetProperty("findings").EnumerateArray(), f =>
            f.GetProperty("severity").GetString() == "Fault"
            && f.GetProperty("origin").GetString()!.StartsWith("ewt/", StringComparison.Ordinal)
            && f.GetProperty("explanation").GetString()!.Contains("node.db", StringComparison.Ordinal));
        Assert.Equal(before, Refusal.Contents(Folder));
    }

    /// <summary>What the node cannot do without: the heads of its own logs, and the chain of rosters.</summary>
    [Theory]
    [InlineData("log-head", "ewt/alpha/indicators/1", "flip")]
    [InlineData("log-head", "ewt/alpha/indicators/1", "null")]
    [InlineData("log-head", "ewt/alpha/indicators/1", "delete")]
    [InlineData("log-head", "ewt/alpha/receipts/1", "flip")]
    [InlineData("log-head", "ewt/alpha/receipts/1", "delete")]
    [InlineData("roster", "ewt", "flip")]
    [InlineData("roster", "ewt", "null")]
    public async Task Run_DamagedRowThatItNeeds_NamesItOnceAndChangesNothing(string kind, string key, string how)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Damage(how, kind, key);
        var before = Refusal.Contents(Folder);

        var ran = await Fednode.RunAsync("run", "--data", Folder, "--stop-on-eof");

        Refusal.AssertClear(ran, 3, $"'{kind}' of '{key}' is damaged");
        Assert.Contains("restore its database from a copy", ran.Error, StringComparison.Ordinal);
        Assert.Single(ran.Error.TrimEnd().Split('\n'));
        Assert.Equal(before, Refusal.Contents(Folder));
    }

    [Fact]
    public async Task Run_VersionOfANeededRowThatIsNone_NamesTheRow()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Execute(
            "UPDATE OrleansStorage SET Version = 'x' WHERE GrainIdExtensionString = ':ewt/alpha/indicators/1'");
        await AssertRefusedAsync("'log-head' of 'ewt/alpha/indicators/1' is damaged: its version");
    }

    [Theory]
    [InlineData("apiListen")]
    [InlineData("peerListen")]
    public async Task Run_PortInUse_NamesItAndLosesNothing(string setting)
    {
        Scratch.Copy(coalition.Lone, Folder);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var free = FreePorts.Take(1)[0];
        var (api, peers) = setting == "apiListen" ? (port, free) : (free, port);
        await File.WriteAllTextAsync(Path.Combine(Folder, "node.json"), string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"member":"secretariat","apiListen":"127.0.0.1:{{api}}","peerListen":"127.0.0.1:{{peers}}"}"""));

        var ran = await Fednode.RunAsync("run", "--data", Folder, "--stop-on-eof");

        Assert.True(ran.Code == 3, ran.ToString());
        var message = ran.Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("fednode: ", message, StringComparison.Ordinal);
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), message, StringComparison.Ordinal);
        Assert.Contains($"\"{setting}\"", message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Folder, "node.json"), message, StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", ran.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Folder, "run.json")));
        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
    }

    [Fact]
    public async Task Run_PeerAddressOfAnotherMachine_NamesItAndSaysItOnce()
    {
        Scratch.Copy(coalition.Lone, Folder);
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "node.json"),
            """{"member":"secretariat","apiListen":"127.0.0.1:0","peerListen":"192.0.2.1:7443"}""");

        var ran = await Fednode.RunAsync("run", "--data", Folder, "--stop-on-eof");

        Assert.True(ran.Code == 3, ran.ToString());
        Assert.Contains("\"peerListen\"", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", ran.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Folder, "run.json")));
    }

    private static string With(string setting) => $$"""{"member":"alpha","apiListen":"127.0.0.1:1",{{setting}} }""";

    private async Task AssertRefusedAsync(string says)
    {
        var before = Refusal.Contents(Folder);

        var ran = await Fednode.HereAsync("run", "--data", Folder, "--stop-on-eof");

        Refusal.AssertClear(ran, 3, says);
        Assert.DoesNotContain("sesame", ran.Error, StringComparison.Ordinal);
        Assert.Equal(before, Refusal.Contents(Folder));
    }

    private static void Damage(string database, string what)
    {
        switch (what)
        {
            case "header":
                using (var file = new FileStream(database, FileMode.Open))
                {
                    file.Write("nonsense nonsense"u8);
                }

                break;
            case "cut":
                using (var file = new FileStream(database, FileMode.Open))
                {
                    file.SetLength(file.Length / 2);
                }

                break;
            case "page":
                using (var file = new FileStream(database, FileMode.Open))
                {
                    // Pages in the middle of the file, so that the header and the table of contents are sound.
                    file.Position = file.Length / 4096 / 2 * 4096;
                    file.Write(new byte[16 * 4096]);
                }

                break;
            case "folder":
                File.Delete(database);
                Directory.CreateDirectory(database);
                break;
            default:
                using (var open = new SqliteConnection($"Data Source={database};Pooling=false"))
                {
                    open.Open();
                    using var command = open.CreateCommand();
                    command.CommandText = "INSERT INTO FederationSchema VALUES (99, 'from the future', '')";
                    command.ExecuteNonQuery();
                }

                break;
        }
    }
}
