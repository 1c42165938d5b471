using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// What a running node refuses: the message names the value at fault, nothing enters a log, and the node goes on.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class RefusedRequestTests(CoalitionFixture coalition)
{
    private const string Unknown = "6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c6f0c";

    public static TheoryData<int, string, string[]> Refused => new()
    {
        { 5, "category must be a code", ["publish", "keyword", "bangle", "--category", "Ivory!"] },
        { 5, "confidence must be 0 to 100", Keyword("--confidence", "101") },
        { 5, "confidence must be 0 to 100", Keyword("--confidence", "-1") },
        { 5, "language must be", Keyword("--lang", "no such") },
        { 5, "cites must be I, II, III", Keyword("--cites", "IV") },
        { 5, "taxon must be", Keyword("--taxon", "x(y)") },
        { 5, "window must be 0 to 10000", Keyword("--window", "-1") },
        { 5, "anyOf must be at most 32 terms", Keyword("--any-of", new string('t', 129)) },
        { 5, "value must have something visible", ["publish", "keyword", " ", "--category", "ivory"] },
        { 5, "too short to stand alone", ["publish", "keyword", "ab", "--category", "ivory"] },
        { 5, "at most 512 bytes", ["publish", "keyword", new string('k', 5000), "--category", "ivory"] },
        { 3, "There is no file nothing.jpg", ["publish", "image", "nothing.jpg", "--category", "ivory"] },
        { 3, "convert it to", ["publish", "image", CoalitionFixture.Sample("README.md"), "--category", "ivory"] },
        { 5, "The identifier is no tel", Seller("not a number", "tel") },
        { 2, "--type", Seller("+442071838750", "nothing") },
        { 5, "names no key of this type and epoch", [.. Seller("+442071838750", "tel"), "--epoch", "9"] },
        { 2, "--epoch", [.. Seller("+442071838750", "tel"), "--epoch", "0"] },
        { 5, "region", [.. Seller("2071838750", "tel"), "--region", "ZZZ"] },
        { 5, "indicatorId must be 64", ["withdraw", "00"] },
        { 5, "fednode: This member does not list the indicator: there is nothing", ["withdraw", Unknown] },
        { 5, "fednode: Nobody says anything about this indicator.", ["show", Unknown] },
        { 5, "reason must be a code", ["withdraw", Unknown, "--reason", "No Code"] },
        { 5, "indicatorId must be 64", ["dispute", "zz"] },
        { 5, "lister names no member", ["dispute", Unknown, "--lister", "nobody"] },
        { 5, "holds no log ewt/nobody/indicators/1", ["log", "export", "ewt/nobody/indicators/1", "DIR"] },
        { 3, "cannot be exported to", ["log", "export", "ewt/alpha/receipts/1", CoalitionFixture.Sample("README.md")] },
        { 3, "cannot be exported to", ["log", "export", "ewt/alpha/receipts/1", "/proc/nowhere"] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Verb_BadValue_IsNamedAndNothingEntersALog(int code, string says, string[] arguments)
    {
        var before = await LogsAsync();
        using var scratch = new Scratch();

        var ran = await Fednode.HereAsync(
            [.. arguments.Select(a => a == "DIR" ? scratch.In("new") : a), "--data", coalition.Alpha]);

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, await LogsAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }

    [Theory]
    [InlineData("analyst", "", 2, "--key")]
    [InlineData("nobody", "fnk_0123", 5, "The key is not one of this node's")]
    [InlineData("detector", null, 5, "The key has the role detector")]
    [InlineData("auditor", null, 5, "The key has the role auditor")]
    public async Task Publish_WithAnotherKey_IsRefused(string role, string? key, int code, string says)
    {
        var before = await LogsAsync();
        key ??= await File.ReadAllTextAsync(Path.Combine(coalition.Alpha, "api-keys", role + ".key"));

        var ran = await Fednode.HereAsync(
            "publish", "keyword", "bangle", "--category", "ivory", "--url", await UrlAsync("apiUrl"), "--key", key.Trim());

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, await LogsAsync());
    }

    [Theory]
    [InlineData("log", "list")]
    [InlineData("roster", "show")]
    [InlineData("status")]
    public async Task Verb_OfAnotherRole_IsRefused(params string[] verb)
    {
        var key = "@" + Path.Combine(coalition.Alpha, "api-keys", "detector.key");
        Refusal.AssertClear(
            await Fednode.HereAsync([.. verb, "--url", await UrlAsync("apiUrl"), "--key", key]), 5, "role detector");
    }

    [Fact]
    public async Task Verb_AtAnAddressThatIsNoLocalApi_SaysSo()
    {
        var (api, peers) = (await UrlAsync("apiUrl"), await UrlAsync("peerUrl"));
        foreach (var url in new[] { peers, "http" + peers[5..], "https" + api[4..] })
        {
            var ran = await Fednode.HereAsync("log", "list", "--url", url, "--key", "k");
            Refusal.AssertClear(ran, 4, url);
        }
    }

    [Fact]
    public async Task Run_OnAFolderWhereANodeRuns_IsRefused()
    {
        var before = await LogsAsync();
        var ran = await Fednode.HereAsync("run", "--data", coalition.Alpha);
        Refusal.AssertClear(ran, 3, $"A node runs on {coalition.Alpha} already");
        Assert.Equal(before, await LogsAsync());
    }

    /// <summary>An idempotency key that was used for something else publishes nothing.</summary>
    [Fact]
    public async Task Publish_KeyReusedForAnotherListing_IsRefused()
    {
        string[] publish = ["--category", "ivory", "--idempotency-key", "once", "--data", coalition.Alpha];
        var first = await Fednode.DoAsync(["publish", "keyword", "ivory comb", .. publish, "--json"]);
        var before = await LogsAsync();

        var other = await Fednode.HereAsync(["publish", "keyword", "ivory flute", .. publish]);
        var again = await Fednode.DoAsync(["publish", "keyword", "ivory comb", .. publish, "--json"]);

        Refusal.AssertClear(other, 5, "idempotency key was used for another request");
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(first.Json.GetProperty("index").GetInt64(), again.Json.GetProperty("index").GetInt64());
        Assert.Equal(before, await LogsAsync());
    }

    /// <summary>The logs that alpha writes by request; receipts come by themselves.</summary>
    private async Task<string> LogsAsync()
    {
        var listed = await Fednode.DoAsync("log", "list", "--data", coalition.Alpha, "--json");
        return listed.Json.EnumerateArray()
            .First(l => l.GetProperty("origin").GetString() == "ewt/alpha/indicators/1").GetRawText();
    }

    private async Task<string> UrlAsync(string which) =>
        JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(coalition.Alpha, "run.json")))
            .RootElement.GetProperty(which).GetString()!;

    private static string[] Keyword(string option, string value) =>
        ["publish", "keyword", "bangle", "--category", "ivory", option, value];

    private static string[] Seller(string identifier, string type) =>
        ["publish", "seller", identifier, "--type", type, "--category", "ivory"];
}
