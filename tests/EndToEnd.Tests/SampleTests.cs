using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using FederationNode.Detector;
using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>The samples, and a replica, against real nodes.</summary>
[Collection(CoalitionGroup.Name)]
public sealed class SampleTests(CoalitionFixture coalition) : IDisposable
{
    private const string Listed = "Antique carved tusk bangle, private sale";
    private const string Harmless = "a used bicycle";

    private readonly Scratch _scratch = new();

    private string[] Access => ["--node", ApiOf(coalition.Alpha), "--key-file", KeyOf(coalition.Alpha)];

    public void Dispose() => _scratch.Dispose();

    [PythonFact]
    public Task Python_TextsImagesAndFaults_SaysWhatTheNodeSays() =>
        CheckProgramAsync("python3", "-B", Path.Combine(TestFiles.Repository, "samples", "python", "check.py"));

    [JavaScriptFact]
    public Task JavaScript_TextsImagesAndFaults_SaysWhatTheNodeSays() =>
        CheckProgramAsync("node", Path.Combine(TestFiles.Repository, "samples", "javascript", "check.mjs"));

    [Fact]
    public async Task Worker_Csv_ShowsWhatMatchesOverHttpAndInProcess()
    {
        var file = Path.Combine(TestFiles.Repository, "samples", "Worker", "listings.csv");
        foreach (var replica in (string[][])[[], ["--replica", _scratch.In("replica")], ["--replica", _scratch.In("replica")]])
        {
            var ran = await Sample.RunAsync([.. Sample.Built("Worker"), file, .. Access, .. replica]);

            Assert.True(ran.Code == 1, ran.ToString());
            Assert.Contains("ivory", ran.Output, StringComparison.Ordinal);
            Assert.Contains("pangolin", ran.Output, StringComparison.Ordinal);
            Assert.Contains("4 texts and sellers checked", ran.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Worker_WithAPolicy_JudgesByItOrSaysWhatIsWrongWithIt()
    {
        var file = Path.Combine(TestFiles.Repository, "samples", "Worker", "listings.csv");
        var policy = _scratch.In("policy.json");
        string[] line = [.. Sample.Built("Worker"), file, .. Access, "--policy", policy];
        await File.WriteAllTextAsync(policy, """{"kinds":{"keyword":{"reviewAt":0}}}""");

        var mild = await Sample.RunAsync([.. line, "--replica", _scratch.In("replica")]);
        Assert.True(mild.Code == 0, mild.ToString());
        Assert.Contains("kind keyword only signals", Regex.Replace(mild.Output, "[ │\r\n]+", " "), StringComparison.Ordinal);

        var alone = await Sample.RunAsync(line);
        Assert.True(alone.Code != 0, alone.ToString());
        Assert.Contains("--policy is for --replica", alone.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(policy, """{"kinds":{"keyword":{"reviewAt":-1}}}""");
        var wrong = await Sample.RunAsync([.. line, "--replica", _scratch.In("replica")]);
        Assert.True(wrong.Code == 2, wrong.ToString());
        Assert.Contains(
            $"{policy}, line 1: \"kinds.keyword.reviewAt\" must be 0 to 1000.", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_CleanWrongOrUnanswered_SaysSoByItsExitCode()
    {
        var clean = _scratch.In("clean.csv");
        await File.WriteAllTextAsync(clean, $"id,text,seller\n1,{Harmless},\n", new UTF8Encoding(false));
        var odd = _scratch.In("odd.csv");
        await File.WriteAllTextAsync(odd, "a,b\n1,2\n", new UTF8Encoding(false));

        var none = await Sample.RunAsync([.. Sample.Built("Worker"), clean, .. Access]);
        Assert.True(none.Code == 0, none.ToString());
        Assert.Equal(2, (await Sample.RunAsync([.. Sample.Built("Worker"), clean, "--node", "nowhere", "--key-file", "k"])).Code);
        Assert.Equal(2, (await Sample.RunAsync([.. Sample.Built("Worker"), odd, .. Access])).Code);
        Assert.Equal(2, (await Sample.RunAsync([.. Sample.Built("Worker"), _scratch.In("none.csv"), .. Access])).Code);
        var away = await Sample.RunAsync(
            [.. Sample.Built("Worker"), clean, "--node", "http://127.0.0.1:1", "--key-file", KeyOf(coalition.Alpha)]);
        Assert.True(away.Code == 3, away.ToString());
    }

    [Fact]
    public async Task Shop_Listings_AreSoldOrHeld()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Take(1)[0]}");
        using var shop = Sample.Start(
        [
            .. Sample.Built("Shop"), "--urls", address, $"--Federation:Nodes:0={ApiOf(coalition.Alpha)}",
            $"--Federation:KeyFile={KeyOf(coalition.Alpha)}",
        ]);
        try
        {
            var (output, error) = (shop.StandardOutput.ReadToEndAsync(), shop.StandardError.ReadToEndAsync());
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!await IsHealthyAsync(client, patience.Token))
            {
                Assert.False(shop.HasExited, shop.HasExited ? await output + await error : "");
                await Task.Delay(50, patience.Token);
            }

            Assert.Equal(HttpStatusCode.Created, await OfferAsync(client, Harmless));
            Assert.Equal(HttpStatusCode.Accepted, await OfferAsync(client, Listed));
        }
        finally
        {
            shop.Kill(entireProcessTree: true);
            await shop.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Replica_NodeStoppedAndStartedAnew_GoesOnByItself()
    {
        var folder = _scratch.In("secretariat");
        await Fednode.FoundAsync(folder, "solo", _scratch.In("member"));
        var node = await NodeProcess.StartAsync(folder);
        using var replica = new FederationReplica(new FederationDetectorOptions
        {
            Nodes = [new Uri(ApiOf(folder))],
            KeyFile = KeyOf(folder),
            Replica = new ReplicaOptions { Folder = _scratch.In("replica"), ReconnectDelay = TimeSpan.FromMilliseconds(50) },
        });
        using var stop = new CancellationTokenSource();
        var following = replica.RunAsync(stop.Token);
        try
        {
            await CoalitionFixture.UntilReadyAsync(folder);
            await Fednode.DoAsync("publish", "keyword", "tusk tip", "--category", "ivory", "--data", folder);
            await replica.WaitReadyAsync().WaitAsync(TimeSpan.FromSeconds(60));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            await UntilFoundAsync(replica, "a tusk tip", patience.Token);
            await node.StopAsync();
            Assert.Equal(Verdict.Review, replica.Check("a tusk tip").Verdict);

            node = await NodeProcess.StartAsync(folder);
            await CoalitionFixture.UntilReadyAsync(folder);
            await Fednode.DoAsync("publish", "keyword", "rhino horn cup", "--category", "rhino-horn", "--data", folder);
            await UntilFoundAsync(replica, "a rhino horn cup", patience.Token);

            Assert.False(replica.Status.IsStale);
            Assert.Null(replica.Status.FileError);
        }
        finally
        {
            await stop.CancelAsync();
            await following;
            await node.DisposeAsync();
        }
    }

    private async Task CheckProgramAsync(params string[] program)
    {
        var image = CoalitionFixture.Sample("images", "bridge-2-rotate-90.jpg");
        var odd = _scratch.In("odd.jpg");
        await File.WriteAllTextAsync(odd, "no image");

        await ExpectAsync(1, "review ivory: ", [.. Access, Harmless, Listed]);
        await ExpectAsync(0, "none", [.. Access, Harmless, "二手自行车"]);
        await ExpectAsync(1, "other: ", [.. Access, "--image", image]);
        await ExpectAsync(1, "none", [.. Access, "--image", odd]);
        await ExpectAsync(2, "", [.. Access]);
        await ExpectAsync(2, "", ["--node", ApiOf(coalition.Alpha), "--key-file", _scratch.In("no.key"), "a"]);
        var refused = await ExpectAsync(
            3, "", ["--node", ApiOf(coalition.Alpha), "--key-file", Path.Combine(coalition.Alpha, "api-keys", "auditor.key"), "a"]);
        Assert.Contains("detector", refused.Error, StringComparison.Ordinal);
        await ExpectAsync(3, "", ["--node", "http://127.0.0.1:1", "--key-file", KeyOf(coalition.Alpha), "a"]);

        async Task<Ran> ExpectAsync(int code, string output, string[] arguments)
        {
            var ran = await Sample.RunAsync([.. program, .. arguments]);
            Assert.True(ran.Code == code, ran.ToString());
            Assert.Contains(output, ran.Output, StringComparison.Ordinal);
            return ran;
        }
    }

    private static async Task UntilFoundAsync(FederationReplica replica, string text, CancellationToken cancellationToken)
    {
        while (replica.Check(text).Verdict == Verdict.None)
        {
            await Task.Delay(20, cancellationToken);
        }
    }

    private static async Task<bool> IsHealthyAsync(HttpClient shop, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await shop.GetAsync("/health", cancellationToken);
            return answer.IsSuccessStatusCode && await answer.Content.ReadAsStringAsync(cancellationToken) == "Healthy";
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static async Task<HttpStatusCode> OfferAsync(HttpClient shop, string title)
    {
        using var answer = await shop.PostAsJsonAsync("/listings", new { id = "7", title, description = "" });
        return answer.StatusCode;
    }

    private static string ApiOf(string folder) => RunFile.TryRead(new NodeFolder(folder))!.ApiUrl;

    private static string KeyOf(string folder) => Path.Combine(folder, "api-keys", "detector.key");
}
