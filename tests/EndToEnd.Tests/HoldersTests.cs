using FederationNode.Grains.Sellers;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>Five holders as processes, of whom three make a tag.</summary>
public sealed partial class HoldersTests(HoldersFixture coalition) : IClassFixture<HoldersFixture>
{
    [Fact]
    public async Task Tags_HoldersKilledAndBack_AreTheSameOrNone()
    {
        Assert.Equal(coalition.TagBefore, await coalition.TagAsync(HoldersFixture.Client));
        Assert.Equal(coalition.TagBefore, await coalition.TagAsync("alpha"));

        await coalition.KillAsync("secretariat");
        await coalition.KillAsync("gamma");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(coalition.TagBefore, await coalition.TagAsync(HoldersFixture.Client));
        }

        await coalition.KillAsync("beta");
        var refused = await coalition.TryTagAsync(HoldersFixture.Client, HoldersFixture.Number);
        Assert.True(refused.Code == 4, refused.ToString());
        Assert.Matches("[0-2] of the 3 holders that a tag voprf/tel/1 takes answered", refused.Error);
        Assert.Contains("out of reach", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("138", refused.Error, StringComparison.Ordinal);

        await coalition.StartAsync("gamma");
        await CoalitionFixture.UntilReadyAsync(coalition.Folder("gamma"));
        Assert.Equal(coalition.TagBefore, await coalition.TagAsync(HoldersFixture.Client));
        var rows = (await Fednode.DoAsync("status", "--data", coalition.Folder(HoldersFixture.Client), "--json")).Json.GetProperty("holders");
        Assert.Contains(rows.EnumerateArray(), r => r.GetProperty("holder").GetString() == "beta" && r.GetProperty("failed").GetInt64() > 0);

        await coalition.StartAsync("beta");
        await coalition.StartAsync("secretariat");
        foreach (var member in HoldersFixture.Holders)
        {
            await CoalitionFixture.UntilReadyAsync(coalition.Folder(member));
        }
    }

    [Fact]
    public async Task Roster_OfEveryMember_NamesTheHolders()
    {
        var roster = (await Fednode.DoAsync("roster", "show", "--data", coalition.Folder(HoldersFixture.Client), "--json")).Json;

        var dealt = roster.GetProperty("sellerKeys").EnumerateArray()
            .Where(k => k.GetProperty("type").GetString() != "qq" && k.GetProperty("epoch").GetInt32() == 1).ToList();
        Assert.Equal(2, dealt.Count);
        Assert.All(dealt, key =>
        {
            Assert.Equal(3, key.GetProperty("threshold").GetInt32());
            Assert.Equal(HoldersFixture.Holders, key.GetProperty("holders").EnumerateArray().Select(h => h.GetString()));
        });
        Assert.DoesNotContain(
            (await Fednode.DoAsync("status", "--data", coalition.Folder("alpha"), "--json")).Json.GetProperty("alarms").EnumerateArray(),
            a => a.GetString()!.Contains("seller tags", StringComparison.Ordinal));
    }

    [Fact]
    public void Folders_AfterADealing_HoldNoWholeKeyAndNoOpenShare()
    {
        foreach (var holder in HoldersFixture.Holders)
        {
            var files = Directory.GetFiles(Path.Combine(coalition.Folder(holder), "seller-keys"));
            Assert.Equal(
                ["email-1", "tel-1"], files.Select(f => Path.GetFileName(f)[..^15]).Where(n => n is not ("qq-1" or "tel-2" or "tel-3" or "email-2")).Order());
        }

        Assert.Empty(Directory.GetFileSystemEntries(coalition.Shares, "secretariat*"));
    }

    public static TheoryData<int, string, string[]> Refused => new()
    {
        { 5, "nobody is no active member", ["--holders", "alpha,nobody"] },
        { 2, "--threshold must be 1 to the number of holders, 2, not 3", ["--holders", "alpha,beta", "--threshold", "3"] },
        { 2, "--threshold must be 1", ["--holders", "alpha,beta", "--threshold", "0"] },
        { 2, "A member holds two shares", ["--holders", "alpha,alpha", "--epoch", "2"] },
        { 5, "is held by secretariat, alpha, beta, gamma, delta, 3 of 5, and nobody has it whole", ["--holders", "alpha,beta"] },
        { 2, "--epoch", ["--holders", "alpha", "--epoch", "0"] },
        { 2, "fax", ["--holders", "alpha", "--seller-types", "fax"] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Deal_WhatCannotBe_ChangesNothing(int code, string says, string[] options)
    {
        var folder = coalition.Folder("secretariat");
        var before = RosterFiles(folder);
        var shares = coalition.Root.In("no-shares");
        string[] types = options.Contains("--seller-types") ? [] : ["--seller-types", "tel"];

        var ran = await Fednode.HereAsync(["seller-keys", "deal", "--data", folder, "--out", shares, .. types, .. options]);

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, RosterFiles(folder));
        Assert.False(Directory.Exists(shares));
    }

    [Fact]
    public async Task Deal_IntoAFolderWithSomethingInIt_OrByAMember_IsRefused()
    {
        Refusal.AssertClear(
            await Fednode.HereAsync(
                "seller-keys", "deal", "--data", coalition.Folder("secretariat"), "--holders", "alpha", "--epoch", "2", "--out", coalition.Shares),
            3,
            "is not empty");
        Refusal.AssertClear(
            await Fednode.HereAsync(
                "seller-keys", "deal", "--data", coalition.Folder("alpha"), "--holders", "alpha", "--out", coalition.Root.In("no-shares")),
            3,
            "only the secretariat deals keys");
    }

    [Theory]
    [InlineData("beta", "alpha", "alpha", 3, "is the share of beta, and this is the node of alpha")]
    [InlineData("alpha", "alpha", "beta", 3, "The passphrase is not the one")]
    [InlineData("nobody", "alpha", "alpha", 3, "holds no shares (*.share)")]
    public async Task Install_WhatIsNotThisMembers_ChangesNothing(string shares, string member, string passphrase, int code, string says)
    {
        var folder = Path.Combine(coalition.Folder(member), "seller-keys");
        var before = Refusal.Contents(folder);

        var ran = await Fednode.HereAsync(
            "seller-keys", "install", Path.Combine(coalition.Shares, shares), "--data", coalition.Folder(member),
            "--passphrase", Path.Combine(coalition.Shares, (shares == "beta" ? "beta" : passphrase) + ".passphrase"));

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, Refusal.Contents(folder));
    }

    /// <summary>Each of alpha, beta and gamma counts: after restarts, over several connections, and for the whole member.</summary>
    [Fact]
    public async Task Quota_UsedUp_StaysSoAfterRestartsAndOverManyConnections()
    {
        var shares = coalition.Root.In("metered-shares");
        await Fednode.DoAsync(
            "seller-keys", "deal", "--json", "--data", coalition.Folder("secretariat"), "--holders", "alpha,beta,gamma", "--threshold", "3",
            "--seller-types", "tel", "--epoch", "2", "--out", shares);
        await Fednode.DoAsync(
            "seller-keys", "quota", "--data", coalition.Folder("secretariat"), "--day", "10", "--minute", "10", "--seller-types", "tel", "--epoch", "2");
        foreach (var holder in (string[])["alpha", "beta", "gamma"])
        {
            await Fednode.DoAsync(
                "seller-keys", "install", "--json", Path.Combine(shares, holder), "--data", coalition.Folder(holder),
                "--passphrase", Path.Combine(shares, holder + ".passphrase"));
        }

        var version = (await Fednode.DoAsync("roster", "show", "--data", coalition.Folder("secretariat"), "--json")).Json.GetProperty("version").GetInt32();
        foreach (var member in (string[])["alpha", "beta", "gamma", "client"])
        {
            await UntilRosterAsync(member, version);
        }

        // Of a stopped node every process dials the holders itself, beside the node: 10 of 18 numbers are granted at most.
        var copy = coalition.Root.In("client-copy");
        await coalition.KillAsync("client");
        Scratch.Copy(coalition.Folder("client"), copy);
        File.Delete(Path.Combine(copy, "run.json"));
        await coalition.StartAsync("client");
        await CoalitionFixture.UntilReadyAsync(coalition.Folder("client"));
        var many = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Fednode.RunAsync(
            [],
            [
                "tag", Numbers($"many-{i}", 3 * i, 3), "--lines", "--type", "tel", "--epoch", "2",
                "--data", i % 2 == 0 ? copy : coalition.Folder("client"),
            ])));
        Assert.InRange(many.Count(r => r.Code == 0), 1, 3);
        Assert.All(many.Where(r => r.Code != 0), r => Assert.Equal(5, r.Code));

        await UseUpAsync();
        foreach (var holder in (string[])["alpha", "beta", "gamma"])
        {
            await coalition.KillAsync(holder);
            await coalition.StartAsync(holder);
            await CoalitionFixture.UntilReadyAsync(coalition.Folder(holder));
        }

        // All numbers of a region: few of the first are tagged on each day.
        var refused = await TagAsync("all", 1_000, 100_000);
        Assert.Equal(5, refused.Code);
        Assert.Contains("Nothing was tagged.", refused.Error, StringComparison.Ordinal);
        Assert.Matches(@"takes no more from this member before \d{4}-\d\d-\d\d 00:00:00 UTC", refused.Error);
        Assert.DoesNotContain("138", refused.Error, StringComparison.Ordinal);
        var alarms = (await Fednode.DoAsync("status", "--data", coalition.Folder("alpha"), "--json")).Json.GetProperty("alarms");
        Assert.Contains(alarms.EnumerateArray(), a => a.GetString()!.StartsWith(
            "client asked for more tags voprf/tel/2 than the 10 a day that it may have", StringComparison.Ordinal));

        // Another member has its own count, and the member itself one for each key.
        Assert.Equal(0, (await Fednode.HereAsync(
            "tag", Numbers("of-delta", 0, 3), "--lines", "--type", "tel", "--epoch", "2", "--out", coalition.Root.In("delta-tags"), "--data",
            coalition.Folder("delta"))).Code);
        Assert.Equal(coalition.TagBefore, await coalition.TagAsync(HoldersFixture.Client));
    }

    /// <summary>Asks until every holder refuses even one; the middle of the night gives everything anew, once.</summary>
    private async Task UseUpAsync()
    {
        for (var i = 0; i < 40; i++)
        {
            if ((await TagAsync($"use-{i}", 20 + i, 1)).Code != 0)
            {
                return;
            }
        }

        Assert.Fail("40 numbers were tagged, and 10 a day are allowed.");
    }

    private Task<Ran> TagAsync(string name, int first, int count) => Fednode.HereAsync(
        "tag", Numbers(name, first, count), "--lines", "--type", "tel", "--epoch", "2", "--batch", "5", "--out", coalition.Root.In(name + "-tags"), "--data",
        coalition.Folder("client"));

    private string Numbers(string name, int first, int count)
    {
        var file = coalition.Root.In(name);
        File.WriteAllLines(file, Enumerable.Range(first, count).Select(i => FormattableString.Invariant($"+{8_613_800_138_000 + i}")));
        return file;
    }

    private async Task UntilRosterAsync(string member, int version)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await Fednode.DoAsync("status", "--data", coalition.Folder(member), "--json")).Json.GetProperty("rosterVersion").GetInt32() < version)
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A key that nobody ever had whole; then others hold it, tags stay, and what the former holders had is gone.</summary>
    [Fact]
    public async Task Ceremony_NewKeyThenHandedOverToOthers_TagsStay()
    {
        await HoldAsync("alpha,beta,gamma,delta,secretariat", 3, HoldersFixture.Holders);
        var tag = await TagOfThirdEpochAsync("client");
        var former = SharesOf("alpha", "tel-3");

        await HoldAsync("gamma,delta,client", 2, [.. HoldersFixture.Holders, "client"]);

        Assert.Equal(tag, await TagOfThirdEpochAsync("alpha"));
        Assert.Equal(tag, await TagOfThirdEpochAsync("client"));
        var key = (await Fednode.DoAsync("roster", "show", "--data", coalition.Folder("beta"), "--json")).Json.GetProperty("sellerKeys")
            .EnumerateArray().Single(k => k.GetProperty("epoch").GetInt32() == 3);
        Assert.Equal(["gamma", "delta", "client"], key.GetProperty("holders").EnumerateArray().Select(h => h.GetString()));
        Assert.Single(former);
        await UntilAsync(() => Task.FromResult(
            SharesOf("alpha", "tel-3").Length + SharesOf("beta", "tel-3").Length + SharesOf("secretariat", "tel-3").Length == 0
            && SharesOf("gamma", "tel-3").Length == 1 && SharesOf("client", "tel-3").Length == 1
            && !Directory.EnumerateFiles(Path.Combine(coalition.Folder("gamma"), "ceremonies")).Any()));
    }

    /// <summary>Yesterday's counts of a holder that was down at midnight: every member reads them in its log.</summary>
    [Fact]
    public async Task Evaluations_DayThatIsOver_AreSeenByAnotherMember()
    {
        await coalition.TagAsync("delta");
        await coalition.KillAsync("delta");
        var rows = StoredRows.OfFolder(coalition.Folder("delta"), write: true);
        var row = rows.Read<TagQuotaRow>(TagQuotaGrain.RowKind, "delta/tel/1");
        var yesterday = row.Day - 1;
        rows.Write(TagQuotaGrain.RowKind, "delta/tel/1", new TagQuotaRow
        {
            Day = yesterday,
            OfDay = row.OfDay,
            Days = new() { [yesterday] = [row.OfDay, 5] },
        });
        await coalition.StartAsync("delta");
        await CoalitionFixture.UntilReadyAsync(coalition.Folder("delta"));

        var day = DateTime.UnixEpoch.AddDays(yesterday).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        await UntilAsync(async () =>
            (await Fednode.DoAsync("seller-keys", "evaluations", "--data", coalition.Folder("client"), "--json")).Json.EnumerateArray()
                .Any(e => e.GetProperty("day").GetString() == day && e.GetProperty("holder").GetString() == "delta"
                    && e.GetProperty("member").GetString() == "delta" && e.GetProperty("evaluated").GetInt64() == row.OfDay
                    && e.GetProperty("refused").GetInt64() == 5));
        Assert.Contains(
            "| delta", (await Fednode.DoAsync("seller-keys", "evaluations", "--data", coalition.Folder("client"))).Output.Replace("  ", " | ", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    public static TheoryData<int, string, string[]> RefusedCeremonies => new()
    {
        { 5, "nobody is no active member", ["start", "--holders", "alpha,nobody"] },
        { 5, "The threshold is from 2 to the number of holders, 2, not 1", ["start", "--holders", "alpha,beta", "--threshold", "1"] },
        { 5, "cannot hand the key over: it takes 3", ["start", "--holders", "alpha,beta", "--without", "alpha,beta,gamma"] },
        { 5, "No ceremony 0123456789abcdef waits for this member", ["join", "0123456789abcdef"] },
        { 5, "No ceremony all is done", ["publish", "all", "all"] },
    };

    [Theory]
    [MemberData(nameof(RefusedCeremonies))]
    public async Task Ceremony_WhatCannotBe_ChangesNothing(int code, string says, string[] options)
    {
        var folder = coalition.Folder("secretariat");
        var before = RosterFiles(folder);
        string[] types = options[0] == "start" ? ["--seller-types", "email"] : [];

        var ran = await Fednode.HereAsync(["seller-keys", "ceremony", .. options, "--data", folder, .. types]);

        Refusal.AssertClear(ran, code, says);
        Assert.Equal(before, RosterFiles(folder));
        Assert.DoesNotContain(await CeremoniesAsync("secretariat"), c => c.GetProperty("type").GetString() == "email");
    }

    /// <summary>Plans a ceremony for the third epoch, has everybody agree, and puts its outcome into force everywhere.</summary>
    private async Task HoldAsync(string holders, int threshold, IReadOnlyList<string> participants)
    {
        var planned = (await Fednode.DoAsync(
            "seller-keys", "ceremony", "start", "--data", coalition.Folder("secretariat"), "--holders", holders, "--threshold",
            threshold.ToString(System.Globalization.CultureInfo.InvariantCulture), "--seller-types", "tel", "--epoch", "3", "--json")).Json;
        var id = planned[0].GetProperty("id").GetString()!;
        foreach (var member in participants)
        {
            await UntilAsync(async () => (await CeremoniesAsync(member)).Any(c => c.GetProperty("id").GetString() == id));
            await Fednode.DoAsync("seller-keys", "ceremony", "join", id[..16], "--data", coalition.Folder(member), "--json");
        }

        await UntilAsync(async () => (await CeremoniesAsync("secretariat"))
            .Any(c => c.GetProperty("id").GetString() == id && c.GetProperty("step").GetString() == "done"));
        var version = (await Fednode.DoAsync("seller-keys", "ceremony", "publish", id[..16], "--data", coalition.Folder("secretariat"), "--json"))
            .Json.GetProperty("version").GetInt32();
        foreach (var member in participants)
        {
            await UntilRosterAsync(member, version);
        }
    }

    private async Task<List<System.Text.Json.JsonElement>> CeremoniesAsync(string member) =>
        [.. (await Fednode.DoAsync("seller-keys", "ceremony", "status", "--data", coalition.Folder(member), "--json")).Json.EnumerateArray()];

    private async Task<string> TagOfThirdEpochAsync(string member)
    {
        var (list, tags) = (Numbers(Guid.NewGuid().ToString("N"), 0, 1), coalition.Root.In(Guid.NewGuid().ToString("N")));
        await Fednode.DoAsync("tag", list, "--lines", "--type", "tel", "--epoch", "3", "--out", tags, "--data", coalition.Folder(member));
        return (await File.ReadAllTextAsync(tags)).Split(',')[^1].Trim();
    }

    private string[] SharesOf(string member, string key) =>
        Directory.GetFiles(Path.Combine(coalition.Folder(member), "seller-keys"), key + "-*.share");

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    public static TheoryData<int, string, string[]> RefusedQuotas => new()
    {
        { 2, "--day must be 1 to 1099511627776", ["--day", "0", "--minute", "1"] },
        { 2, "--minute must be 1 to 1099511627776", ["--day", "1", "--minute", "-1"] },
        { 5, "nobody is no member", ["--day", "1", "--minute", "1", "--member", "nobody"] },
        { 2, "leave out --seller-types", ["--day", "1", "--minute", "1", "--member", "alpha", "--seller-types", "tel"] },
        { 5, "the roster names no key voprf/url/1", ["--day", "1", "--minute", "1", "--seller-types", "url"] },
    };

    [Theory]
    [MemberData(nameof(RefusedQuotas))]
    public async Task Quota_WhatCannotBe_ChangesNothing(int code, string says, string[] options)
    {
        var folder = coalition.Folder("secretariat");
        var before = RosterFiles(folder);

        Refusal.AssertClear(await Fednode.HereAsync(["seller-keys", "quota", "--data", folder, .. options]), code, says);

        Assert.Equal(before, RosterFiles(folder));
    }

    /// <summary>A type more, dealt while all run: nobody is started again.</summary>
    [Fact]
    public async Task Deal_AnotherTypeWhileAllRun_ServesOnceEnoughHaveInstalled()
    {
        var shares = coalition.Root.In("more-shares");
        await Fednode.DoAsync(
            "seller-keys", "deal", "--json", "--data", coalition.Folder("secretariat"), "--holders", "alpha,beta,gamma", "--seller-types", "qq",
            "--out", shares);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!(await Fednode.DoAsync("roster", "show", "--data", coalition.Folder("client"), "--json")).Json
            .GetProperty("sellerKeys").EnumerateArray().Any(k => k.GetProperty("type").GetString() == "qq"))
        {
            patience.Token.ThrowIfCancellationRequested();
        }

        var early = await CheckQqAsync();
        Assert.Equal(4, early.Code);
        Assert.Contains("0 of the 2 holders that a tag voprf/qq/1 takes answered", early.Error, StringComparison.Ordinal);
        foreach (var holder in (string[])["alpha", "gamma"])
        {
            await Fednode.DoAsync(
                "seller-keys", "install", "--json", Path.Combine(shares, holder), "--data", coalition.Folder(holder),
                "--passphrase", Path.Combine(shares, holder + ".passphrase"));
        }

        var ran = await CheckQqAsync();
        Assert.True(ran.Code == 0, ran.ToString());
    }

    /// <summary>
    /// Two members list a seller, and one each of its own. A second epoch comes in and both count; the client tags anew, alpha
    /// does not; the first epoch ends, and with it what alpha lists.
    /// </summary>
    [Fact]
    public async Task Rotation_OneMemberTagsAnew_TheOthersListingsEndWithTheEpoch()
    {
        const string Both = "both@rotation.example", Clients = "client@rotation.example", Alphas = "alpha@rotation.example";
        foreach (var (member, seller) in ((string, string)[])[("client", Both), ("client", Clients), ("alpha", Both), ("alpha", Alphas)])
        {
            await Fednode.DoAsync("publish", "seller", seller, "--type", "email", "--category", "ivory", "--data", coalition.Folder(member));
        }

        var shares = coalition.Root.In("rotation-shares");
        await Fednode.DoAsync(
            "seller-keys", "deal", "--json", "--data", coalition.Folder("secretariat"), "--holders", "alpha,beta", "--threshold", "2",
            "--seller-types", "email", "--epoch", "2", "--out", shares);
        foreach (var holder in (string[])["alpha", "beta"])
        {
            await Fednode.DoAsync(
                "seller-keys", "install", "--json", Path.Combine(shares, holder), "--data", coalition.Folder(holder),
                "--passphrase", Path.Combine(shares, holder + ".passphrase"));
        }

        await UntilRosterAsync(HoldersFixture.Client, await RosterVersionAsync());
        await UntilRosterAsync("delta", await RosterVersionAsync());
        Assert.Equal(["alpha, client"], await UntilListedAsync(Both, "alpha, client"));

        var records = coalition.Root.In("records.csv");
        await File.WriteAllLinesAsync(records, ["id,mail", "1," + Both, "2,Client@Rotation.Example", "3,nobody@rotation.example"]);
        string[] retag = ["retag", records, "--column", "mail", "--type", "email", "--from", "1", "--to", "2", "--json", "--data", coalition.Folder("client")];
        AssertCounts((await Fednode.DoAsync([.. retag, "--dry-run"])).Json, 2, 0, 1);
        Assert.Equal(["alpha, client"], await UntilListedAsync(Both, "alpha, client"));
        AssertCounts((await Fednode.DoAsync(retag)).Json, 2, 0, 1);
        AssertCounts((await Fednode.DoAsync(retag)).Json, 0, 2, 1);
        Assert.Equal(["client", "alpha, client"], await UntilListedAsync(Both, "client", "alpha, client"));
        await AssertLinkedAsync();

        await Fednode.DoAsync(
            "seller-keys", "retire", "--epoch", "1", "--seller-types", "email", "--until",
            DateTimeOffset.UtcNow.AddSeconds(3).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
            "--data", coalition.Folder("secretariat"));
        await UntilListedAsync(Both, "client");
        await UntilListedAsync(Clients, "client");
        await UntilListedAsync(Alphas);
        await UntilRosterAsync("alpha", await RosterVersionAsync());
        Refusal.AssertClear(
            await Fednode.HereAsync(
                "publish", "seller", Alphas, "--type", "email", "--epoch", "1", "--category", "ivory", "--data", coalition.Folder("alpha")),
            5,
            "count no more since");
    }

    private static void AssertCounts(System.Text.Json.JsonElement answer, int retagged, int already, int notListed) => Assert.Equal(
        (retagged, already, notListed),
        (answer.GetProperty("retagged").GetInt32(), answer.GetProperty("already").GetInt32(), answer.GetProperty("notListed").GetInt32()));

    /// <summary>Checks a seller at delta until each tag that is listed is listed by these, the newest epoch first.</summary>
    private async Task<IReadOnlyList<string>> UntilListedAsync(string seller, params string[] by)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            var answer = (await Fednode.DoAsync("check", "seller", seller, "--type", "email", "--json", "--data", coalition.Folder("delta"))).Json;
            List<string> listed =
            [
                .. answer.GetProperty("items").EnumerateArray().SelectMany(i => i.GetProperty("matches").EnumerateArray())
                    .Select(m => string.Join(", ", m.GetProperty("listedBy").EnumerateArray().Select(l => l.GetProperty("member").GetString()).Order())),
            ];
            if (listed.SequenceEqual(by))
            {
                return listed;
            }
        }
    }

    /// <summary>The newest two entries of the client's log refer to the first two.</summary>
    private async Task AssertLinkedAsync()
    {
        var exported = coalition.Root.In("rotation-export");
        await Fednode.DoAsync("log", "export", "ewt/client/indicators/1", exported, "--data", coalition.Folder("client"));
        var bundle = await File.ReadAllBytesAsync(Directory.GetFiles(exported, "*", SearchOption.AllDirectories)
            .Single(f => f.Contains(Path.Combine("tile", "entries"), StringComparison.Ordinal)));
        var leaves = new List<Protocol.Entries.Leaf>();
        for (var at = 0; at < bundle.Length;)
        {
            var length = (bundle[at] << 8) | bundle[at + 1];
            Assert.True(Protocol.Entries.Leaf.TryDecode(bundle.AsSpan(at + 2, length), out var leaf, out var error), error);
            leaves.Add(leaf);
            at += 2 + length;
        }

        Assert.Equal([null, null, 0L, 1L], leaves.Where(l => l.Kind == "listing").Select(l => l.Ref));
        Assert.Equal(["voprf/email/1", "voprf/email/1", "voprf/email/2", "voprf/email/2"], leaves.Where(l => l.Kind == "listing").Select(l => l.Term!.Scheme));
    }

    private async Task<int> RosterVersionAsync() =>
        (await Fednode.DoAsync("roster", "show", "--data", coalition.Folder("secretariat"), "--json")).Json.GetProperty("version").GetInt32();

    private Task<Ran> CheckQqAsync() =>
        Fednode.HereAsync("check", "seller", "10001", "--type", "qq", "--data", coalition.Folder("client"), "--json");

    private static string[] RosterFiles(string folder) =>
        [.. Directory.GetFiles(Path.Combine(folder, "roster")).Order(StringComparer.Ordinal)];
}
