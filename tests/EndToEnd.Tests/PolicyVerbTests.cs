using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary><c>fednode policy</c>, and <c>publish keyword --dry-run-against</c>.</summary>
[Collection(CoalitionGroup.Name)]
public sealed class PolicyVerbTests(CoalitionFixture coalition) : IDisposable
{
    private readonly Scratch _scratch = new();

    private static string Ads => CoalitionFixture.Sample("ads", "text_w_labels.csv");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Check_GoodFile_Done()
    {
        var ran = await Fednode.DoAsync("policy", "check", Write("""{"trusted":["ifaw"]}"""));

        Assert.Equal($"{_scratch.In("policy.json")} can be used.\n", ran.Output);
    }

    [Fact]
    public async Task Check_BadFile_NamesLineAndSetting()
    {
        var ran = await Fednode.HereAsync("policy", "check", Write("{\n  \"whenStale\": \"ajar\"\n}"));

        Refusal.AssertClear(ran, 3, "policy.json, line 2: \"whenStale\" must be open or closed.");
    }

    [Fact]
    public async Task Check_NoFile_SaysThatItIsNotThere()
    {
        Refusal.AssertClear(await Fednode.HereAsync("policy", "check", _scratch.In("none.json")), 3, "none.json cannot be read");
        Refusal.AssertClear(await Fednode.HereAsync("policy", "check"), 2, "Say which policy: FILE, or --data DIR.");

        var folder = await Fednode.DoAsync("policy", "check", "--data", coalition.Stopped);
        Assert.EndsWith("policy.json: the defaults hold.\n", folder.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_Defaults_AreAFileThatMeansTheSame()
    {
        var shown = await Fednode.DoAsync("policy", "show", "--data", coalition.Stopped);

        Assert.Equal(2, shown.Json.GetProperty("kinds").GetProperty("seller").GetProperty("blockAt").GetInt32());
        Assert.Equal("open", shown.Json.GetProperty("whenStale").GetString());
        Write(shown.Output);
        Scratch.Copy(coalition.Stopped, _scratch.In("node"));
        File.Move(_scratch.In("policy.json"), _scratch.In("node", "policy.json"));
        Assert.Equal(shown.Output, (await Fednode.DoAsync("policy", "show", "--data", _scratch.In("node"))).Output);
    }

    [Fact]
    public async Task Try_RealAds_SaysWhatHitsThemUnderEachPolicy()
    {
        string[] texts = ["--texts", Ads, "--column", "text_stop_stem", "--data", coalition.Stopped, "--json"];
        var before = (await Fednode.DoAsync(["policy", "try", .. texts])).Json;

        Assert.Equal(16_509, before.GetProperty("texts").GetInt32());
        Assert.Equal((0, 0), (Number(before, "block"), Number(before, "review")));
        Assert.True(Number(before, "signal") > 1000, before.ToString());
        Assert.Equal(16_509, Number(before, "signal") + Number(before, "none"));
        var top = before.GetProperty("hits")[0];
        Assert.Equal("parrot", top.GetProperty("value").GetString());
        Assert.Contains("[parrot]", top.GetProperty("snippet").GetString(), StringComparison.Ordinal);

        // As sure as nobody is, everything only signals; with a phrase allowed and less sureness asked, more is reviewed.
        var policy = Write("""{"kinds":{"keyword":{"minConfidence":0}},"allow":{"phrases":["scarlet macaw"]}}""");
        var after = (await Fednode.DoAsync(["policy", "try", "--policy", policy, .. texts])).Json;
        Assert.True(Number(after, "review") > 0, after.ToString());
        Assert.Contains(
            after.GetProperty("hits").EnumerateArray(),
            h => h.GetProperty("reason").GetString() == "allowed by policy.json: scarlet macaw");
    }

    [Fact]
    public async Task Try_RunningNode_ReadsItsListBesideIt()
    {
        var texts = _scratch.In("texts.txt");
        await File.WriteAllTextAsync(texts, "a carved tusk bangle\n\nnothing\r\n");

        // As a process: the console of tables is made once, for the first writer.
        var ran = await Fednode.RunAsync("policy", "try", "--texts", texts, "--data", coalition.Alpha);

        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Contains("review", ran.Output, StringComparison.Ordinal);
        Assert.Contains("a [carved tusk bangle]", ran.Output, StringComparison.Ordinal);
        Assert.Contains("50.00 %", ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name the one with the texts, of classifieds_unique_listing_id, text_stop_stem", "text")]
    [InlineData("has several columns", "")]
    public async Task Try_WrongColumn_NamesThoseThatAreThere(string says, string column) => Refusal.AssertClear(
        await Fednode.HereAsync("policy", "try", "--texts", Ads, "--column", column, "--data", coalition.Stopped), 3, says);

    [Fact]
    public async Task PublishKeyword_DryRun_SaysWhatItHitsAndPublishesNothing()
    {
        string[] line = ["publish", "keyword", "snake", "--category", "live-reptile", "--dry-run-against", Ads, "--column", "text_stop_stem"];

        var plain = (await Fednode.DoAsync([.. line, "--json"])).Json;
        var context = (await Fednode.DoAsync([.. line, "--none-of", "proof", "--window", "10", "--json"])).Json;

        Assert.Equal(16_509, Number(plain, "texts"));
        Assert.InRange(Number(plain, "hits"), 10, 100);
        Assert.InRange(Number(context, "hits"), 1, Number(plain, "hits") - 5);
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("lint").ValueKind);
        var place = plain.GetProperty("places")[0];
        Assert.Contains("[snake]", place.GetProperty("snippet").GetString(), StringComparison.Ordinal);
        Assert.InRange(Number(place, "text"), 1, 16_509);
    }

    [Fact]
    public async Task PublishKeyword_DryRunOfACommonWord_TellsTheLintBesideTheHits()
    {
        var ran = await Fednode.RunAsync(
            "publish", "keyword", "pair", "--category", "live-bird", "--dry-run-against", Ads, "--column", "text_stop_stem");

        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Matches(@"^Hits [\d,]+ of 16,509 texts \(\d+\.\d\d %\)\. Nothing was published\.\n", ran.Output);
        Assert.Contains("The lint refuses it: value is a very common word", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishKeyword_DryRunOfWhatCannotBePublished_SaysWhy() => Refusal.AssertClear(
        await Fednode.HereAsync("publish", "keyword", " ", "--category", "ivory", "--dry-run-against", Ads, "--column", "text_stop_stem"),
        5,
        "$.value must have something visible in it");

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private string Write(string json)
    {
        var file = _scratch.In("policy.json");
        File.WriteAllText(file, json);
        return file;
    }
}
