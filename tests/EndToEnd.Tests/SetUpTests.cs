using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>What cannot be set up or admitted is refused, and nothing is made or changed.</summary>
public sealed class SetUpTests : IAsyncLifetime, IDisposable
{
    private readonly Scratch _scratch = new();

    private string Secretariat => _scratch.In("secretariat");

    private string Anchor => Path.Combine(Secretariat, "coalition.json");

    private string Alpha => _scratch.In("alpha");

    private string Enrolment => Path.Combine(Alpha, "enrolment.note");

    public async Task InitializeAsync()
    {
        await FoundAsync("ewt", Secretariat);
        await InitAsync(Anchor, "alpha", Alpha);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Create_OverANode_ChangesNothing()
    {
        var before = Refusal.Contents(_scratch.Path);

        Refusal.AssertClear(
            await Fednode.HereAsync("coalition", "create", Secretariat, "--name", "ewt", "--endpoint", "https://127.0.0.1:1"),
            3,
            $"{Secretariat} holds a node already");
        Refusal.AssertClear(
            await Fednode.HereAsync("coalition", "create", Alpha, "--name", "ewt", "--endpoint", "https://127.0.0.1:1"),
            3,
            $"{Alpha} holds a node already");
        Refusal.AssertClear(
            await Fednode.HereAsync("member", "init", Secretariat, "--coalition", Anchor, "--name", "beta"),
            3,
            $"{Secretariat} holds a node already");
        Assert.Equal(before, Refusal.Contents(_scratch.Path));
    }

    [Theory]
    [InlineData(null, "tel email wechat qq pay:alipay pay:iban pay:evm pay:bech32 pay:base58 url")]
    [InlineData("tel,acct:example-shop", "tel acct:example-shop")]
    [InlineData("email, tel,email", "email tel")]
    [InlineData("acct:a.b-1,all,tel", "acct:a.b-1 tel email wechat qq pay:alipay pay:iban pay:evm pay:bech32 pay:base58 url")]
    public async Task Create_SellerTypes_GetAKeyEach(string? types, string keys)
    {
        var folder = _scratch.In("typed");
        await Fednode.DoAsync(
            [
                "coalition", "create", folder, "--name", "typed", "--endpoint", "https://127.0.0.1:7443",
                .. types is null ? (string[])[] : ["--seller-types", types],
            ]);

        var files = Directory.GetFiles(Path.Combine(folder, "seller-keys"))
            .Select(f => Path.GetFileName(f) is var name ? name[..name.LastIndexOf('-')] + name[^6..] : "");
        var expected = keys.Split(' ');
        Assert.Equal(expected.Select(t => t.Replace(':', '_') + "-1.share").Order(), files.Order());
        Assert.StartsWith("fnp_", await File.ReadAllTextAsync(Path.Combine(folder, "share.passphrase")), StringComparison.Ordinal);
        var roster = await File.ReadAllTextAsync(Path.Combine(folder, "roster", "0001.note"));
        Assert.All(expected, t => Assert.Contains($"\"type\": \"{t}\"", roster, StringComparison.Ordinal));
        Assert.Equal(expected.Length, roster.Split("\"type\": ").Length - 1);
    }

    /// <summary>Auditors compare these files with one another, byte for byte.</summary>
    [Fact]
    public async Task Init_TrustAnchor_IsKeptAsItIs()
    {
        var anchor = _scratch.In("coalition.json");
        await File.WriteAllTextAsync(anchor, await File.ReadAllTextAsync(Anchor) + " \n");

        await InitAsync(anchor, "beta", _scratch.In("beta"));

        var kept = await File.ReadAllBytesAsync(_scratch.In("beta", "coalition.json"));
        Assert.Equal(await File.ReadAllBytesAsync(anchor), kept);
    }

    [Theory]
    [InlineData(2, "--name must be", "--name", "Beta")]
    [InlineData(2, "--name must be", "--name", "secretariat")]
    [InlineData(2, "--endpoint must be https://host:port", "--endpoint", "http://127.0.0.1:1")]
    [InlineData(2, "--endpoint must be https://host:port", "--endpoint", "nonsense")]
    [InlineData(2, "--endpoint must be https://host:port", "--endpoint", "https://127.0.0.1:1/path")]
    [InlineData(2, "--listen must be", "--listen", "everywhere")]
    [InlineData(2, "--api must be a loopback address", "--api", "192.0.2.1:7480")]
    [InlineData(3, "/nowhere cannot be read", "--coalition", "DIR/nowhere")]
    [InlineData(3, "node.json: The first line must be", "--coalition", "DIR/secretariat/node.json")]
    [InlineData(3, "huge has 5000000 bytes", "--coalition", "DIR/huge")]
    public async Task Init_WhatCannotBe_MakesNothing(int code, string says, string option, string value)
    {
        await File.WriteAllBytesAsync(_scratch.In("huge"), new byte[5_000_000]);
        var before = Refusal.Contents(_scratch.Path);
        var options = new Dictionary<string, string> { ["--coalition"] = Anchor, ["--name"] = "beta" };
        options[option] = value.Replace("DIR", _scratch.Path, StringComparison.Ordinal);

        var ran = await Fednode.HereAsync(
            ["member", "init", _scratch.In("beta"), .. options.SelectMany(o => new[] { o.Key, o.Value })]);

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, Refusal.Contents(_scratch.Path));
    }

    [Fact]
    public async Task Init_IntoAPlaceThatCannotBeAFolder_NamesIt()
    {
        var ran = await Fednode.HereAsync("member", "init", Anchor, "--coalition", Anchor, "--name", "beta");
        Refusal.AssertClear(ran, 3, $"{Anchor} cannot be made");
    }

    [Theory]
    [InlineData(3, "cannot be read", "missing")]
    [InlineData(3, "is bad: the note was changed", "tampered")]
    [InlineData(3, "signatures", "cut")]
    [InlineData(3, "note", "garbled")]
    [InlineData(3, "huge has 5000000 bytes", "huge")]
    [InlineData(5, "asks to join other, but this is ewt", "foreign")]
    public async Task Admit_BadRequest_SignsNothing(int code, string says, string kind)
    {
        var note = _scratch.In(kind);
        await WriteBadAsync(kind, note);
        var before = Refusal.Contents(Secretariat);

        Refusal.AssertClear(await Fednode.HereAsync("roster", "admit", note, "--data", Secretariat), code, says);

        Assert.Equal(before, Refusal.Contents(Secretariat));
        Assert.Equal(0, (await Fednode.HereAsync("roster", "admit", Enrolment, "--data", Secretariat)).Code);
    }

    [Fact]
    public async Task Admit_Twice_OrElsewhere_SignsNothing()
    {
        Assert.Equal(0, (await Fednode.HereAsync("roster", "admit", Enrolment, "--data", Secretariat)).Code);
        var before = Refusal.Contents(_scratch.Path);

        Refusal.AssertClear(
            await Fednode.HereAsync("roster", "admit", Enrolment, "--data", Secretariat), 5, "alpha is in the roster already");
        Refusal.AssertClear(
            await Fednode.HereAsync("roster", "admit", Enrolment, "--data", Alpha),
            3,
            $"{Alpha} is not the secretariat's node but that of alpha");
        Refusal.AssertClear(
            await Fednode.HereAsync("roster", "admit", Enrolment, "--data", _scratch.In("nowhere")), 3, "nowhere");
        Assert.Equal(before, Refusal.Contents(_scratch.Path));
    }

    [Theory]
    [InlineData(3, "key-1.key", "garble")]
    [InlineData(5, "1 of the 2 signatures", "delete")]
    [InlineData(3, "secretariat-keys holds no keys", "delete-all")]
    public async Task Admit_WithoutTheKeys_SignsNothing(int code, string says, string what)
    {
        var keys = Path.Combine(Secretariat, "secretariat-keys");
        foreach (var key in Directory.GetFiles(keys).Order(StringComparer.Ordinal).Take(what == "delete-all" ? 3 : 2))
        {
            if (what == "garble")
            {
                await File.WriteAllTextAsync(key, "PRIVATE+KEY+nonsense\n");
            }
            else
            {
                File.Delete(key);
            }
        }

        var before = Refusal.Contents(Secretariat);
        Refusal.AssertClear(await Fednode.HereAsync("roster", "admit", Enrolment, "--data", Secretariat), code, says);
        Assert.Equal(before, Refusal.Contents(Secretariat));
    }

    private async Task WriteBadAsync(string kind, string note)
    {
        var good = await File.ReadAllTextAsync(Enrolment);
        switch (kind)
        {
            case "tampered":
                await File.WriteAllTextAsync(note, good.Replace(":7543", ":7544", StringComparison.Ordinal));
                break;
            case "cut":
                await File.WriteAllTextAsync(note, good[..300]);
                break;
            case "garbled":
                await File.WriteAllBytesAsync(note, [0xff, 0xfe, 0x00, 0x0a, 0x0a]);
                break;
            case "huge":
                await File.WriteAllBytesAsync(note, new byte[5_000_000]);
                break;
            case "foreign":
                await FoundAsync("other", _scratch.In("others"));
                await InitAsync(_scratch.In("others", "coalition.json"), "alpha", _scratch.In("foreign-alpha"));
                File.Copy(_scratch.In("foreign-alpha", "enrolment.note"), note);
                break;
        }
    }

    private static Task<Ran> FoundAsync(string name, string folder) => Fednode.DoAsync(
        "coalition", "create", folder, "--name", name, "--endpoint", "https://127.0.0.1:7443");

    private static Task<Ran> InitAsync(string anchor, string name, string folder) => Fednode.DoAsync(
        "member", "init", folder, "--coalition", anchor, "--name", name, "--endpoint", "https://127.0.0.1:7543");
}
