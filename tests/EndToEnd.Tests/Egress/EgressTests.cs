using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Node.Folder;
using Xunit;

namespace FederationNode.EndToEnd.Tests.Egress;

/// <summary>
/// Raw data of users goes into every input of a company's node, right and wrong, and is looked for in all that left a node,
/// all that nodes keep, and all that they wrote: nothing may be there. What was put there on purpose is found.
/// </summary>
public sealed class EgressTests
{
    [Fact]
    public async Task Coalition_WithMarkedDataInEveryInput_LetsNoneOfItOut()
    {
        await using var coalition = await EgressCoalition.StartAsync();
        await File.WriteAllTextAsync(
            Path.Combine(coalition.Folder("alpha"), "policy.json"), $$$"""{"allow":{"phrases":["{{{MarkedData.OwnSeller}}}"]}}""");
        var listed = await PublishAsync(coalition);

        await UseVerbsAsync(coalition);
        await UseApiAsync(coalition, listed);
        await UseDetectorAsync(coalition);
        await CrashAsync(coalition);

        // Beta hears of the planted one; what alpha says to beta on the way is all that it would have said.
        await UntilListedAsync(coalition, "beta", await PlantAsync(coalition));
        await Fednode.DoAsync("log", "export", "all", coalition.In("export"), "--data", coalition.Folder("alpha"));
        await coalition.StopAsync();

        AssertHeavyUse(coalition);
        var (users, company, planted) = (MarkedData.OfUsers(), MarkedData.OfTheCompany(), MarkedData.Planted());
        AssertNone(coalition.FindInWhatLeft(users));
        AssertNone(coalition.FindInWhatLeft(company));
        Assert.NotEmpty(coalition.FindInWhatLeft(planted));
        foreach (var member in EgressCoalition.Members)
        {
            AssertNone(EgressCoalition.FindInFiles(users, coalition.Folder(member)));
            Assert.NotEmpty(EgressCoalition.FindInFiles(planted, coalition.Folder(member)));
            Assert.Equal(member == "alpha", EgressCoalition.FindInFiles(company, coalition.Folder(member)).Count > 0);
        }

        foreach (var search in (TestSupport.LeakSearch[])[users, company])
        {
            AssertNone(EgressCoalition.FindInFiles(search, coalition.In("export")));
            AssertNone(EgressCoalition.FindInFiles(search, coalition.In("replica")));
        }

        Assert.NotEmpty(EgressCoalition.FindInFiles(planted, coalition.In("export")));
    }

    /// <summary>Lists things that what is checked matches, so that hits are counted and judged.</summary>
    /// <returns>The id of one of them.</returns>
    private static async Task<string> PublishAsync(EgressCoalition coalition)
    {
        var alpha = coalition.Folder("alpha");
        await ExpectAsync(0, coalition, "publish", "seller", MarkedData.Phones[0], "--type", "tel", "--category", "ivory", "--data", alpha);
        await ExpectAsync(0, coalition, "publish", "seller", MarkedData.WeChat, "--type", "wechat", "--category", "ivory", "--data", alpha);
        var ran = await coalition.DoAsync("publish", "keyword", "old carving", "--category", "ivory", "--data", alpha);
        Assert.Equal(0, ran.Code);
        var picture = coalition.In("bridge.jpg");
        await File.WriteAllBytesAsync(picture, await File.ReadAllBytesAsync(CoalitionFixture.Sample("images", "bridge-1-original.jpg")));
        await ExpectAsync(0, coalition, "publish", "image", picture, "--category", "other", "--data", alpha);
        return ran.Json.GetProperty("indicatorIds")[0].GetString()!;
    }

    private static async Task ExpectAsync(int code, EgressCoalition coalition, params string[] arguments)
    {
        var ran = await coalition.DoAsync(arguments);
        Assert.True(ran.Code == code, ran.ToString());
    }

    private static async Task UseVerbsAsync(EgressCoalition coalition)
    {
        var alpha = coalition.Folder("alpha");
        var picture = coalition.In(MarkedData.FileName);
        await File.WriteAllBytesAsync(picture, MarkedData.Picture);
        await coalition.DoAsync("check", "text", MarkedData.Text, "--data", alpha);
        await coalition.DoAsync("check", "image", picture, "--data", alpha);
        foreach (var phone in MarkedData.Phones)
        {
            await ExpectAsync(0, coalition, "check", "seller", phone, "--type", "tel", "--region", "CN", "--data", alpha);
        }

        await coalition.DoAsync("check", "seller", MarkedData.Email, "--type", "email", "--data", alpha);
        await coalition.DoAsync("check", "seller", MarkedData.BadEmail, "--type", "email", "--data", alpha);
        await coalition.DoAsync("check", "seller", MarkedData.BadPhone, "--type", "tel", "--data", alpha);
        await coalition.DoAsync("publish", "seller", MarkedData.BadPhone, "--type", "tel", "--category", "ivory", "--data", alpha);
        await coalition.DoAsync("check", "seller", MarkedData.WeChat, "--type", "fax", "--data", alpha);

        var sellers = coalition.In("sellers.csv");
        await File.WriteAllLinesAsync(
            sellers,
            ["type,value,user", .. Enumerable.Range(0, 300).Select(i => $"tel,\"{MarkedData.Phones[i % 3]}\",{MarkedData.QueuedId}{i}"),
                $"email,{MarkedData.Email},u1", $"email,{MarkedData.BadEmail},u2", $"tel,{MarkedData.BadPhone},u3", "wechat"]);
        await ExpectAsync(
            6, coalition,
            "tag", sellers, "--type-column", "type", "--column", "value", "--region", "CN", "--out", coalition.In("tags.csv"),
            "--rejects", coalition.In("rejects.csv"), "--data", alpha);

        // A file for detectors given to the wrong verb, and one for a dry run of the policy.
        await coalition.DoAsync("import", sellers, "--data", alpha);
        var import = coalition.In("import.csv");
        await File.WriteAllTextAsync(
            import,
            $"kind,value,category,source\nkeyword,ivory cup,ivory,\nseller,{MarkedData.Email},ivory,\nimage-pdq,{MarkedData.Misplaced},ivory,\n");
        await coalition.DoAsync("import", import, "--data", alpha);
        var sample = coalition.In("sample.txt");
        await File.WriteAllLinesAsync(sample, Enumerable.Repeat(MarkedData.Text, 200));
        await coalition.DoAsync("policy", "try", "--texts", sample, "--data", alpha);
    }

    private static async Task UseApiAsync(EgressCoalition coalition, string listed)
    {
        var items = $$"""{"kind":"text","value":"{{MarkedData.Text}}","id":"{{MarkedData.CheckedId}}"}""";
        var batch = $$"""{"items":[{{string.Join(',', Enumerable.Repeat(items, 500))}}]}""";
        Assert.Contains(listed, await coalition.AskAsync(HttpMethod.Post, ApiRoutes.Check, EgressCoalition.Json(batch)), StringComparison.Ordinal);
        var lines = new StringContent(string.Concat(Enumerable.Repeat(items + "\n", 500)), Encoding.UTF8, "application/x-ndjson");
        await coalition.AskAsync(HttpMethod.Post, ApiRoutes.Check, lines);
        using (var form = new MultipartFormDataContent())
        {
            var image = new ByteArrayContent(MarkedData.Picture);
            image.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
            form.Add(image, "image:" + MarkedData.CheckedId, MarkedData.FileName);
            form.Add(new StringContent(MarkedData.Text), "text");
            form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(MarkedData.Text)), "image", MarkedData.FileName);
            Assert.Contains("verdict", await coalition.AskAsync(HttpMethod.Post, ApiRoutes.Check, form), StringComparison.Ordinal);
        }

        var raw = string.Join(',', MarkedData.Phones.Select(p => $$"""{"type":"tel","value":"{{p}}","region":"CN","id":"{{MarkedData.CheckedId}}"}"""));
        var tags = await coalition.AskAsync(HttpMethod.Post, ApiRoutes.SellerTags, EgressCoalition.Json(
            $$"""{"items":[{{raw}},{"type":"email","value":"{{MarkedData.BadEmail}}"},{"type":"tel","value":"{{MarkedData.BadPhone}}"}]}"""));
        Assert.Contains("\"tag\"", tags, StringComparison.Ordinal);

        // What does not leave the company, kept for its analyst.
        string Feedback(string outcome) =>
            $$"""{"indicatorIds":["{{listed}}"],"outcome":"{{outcome}}","itemId":"{{MarkedData.QueuedId}}","note":"{{MarkedData.Note}}"}""";
        foreach (var outcome in (string[])["false-positive", "removed", MarkedData.Misplaced])
        {
            await coalition.AskAsync(HttpMethod.Post, ApiRoutes.Feedback, EgressCoalition.Json(Feedback(outcome)));
        }

        Assert.Contains(MarkedData.QueuedId, await coalition.AskAsync(HttpMethod.Get, ApiRoutes.Queue), StringComparison.Ordinal);
        await MisuseApiAsync(coalition);
    }

    /// <summary>Raw data where it does not belong, as bugs of a company's programs put it there.</summary>
    private static async Task MisuseApiAsync(EgressCoalition coalition)
    {
        const string Marked = MarkedData.Misplaced;
        var text = JsonSerializer.Serialize(MarkedData.Text);
        string[] bodies =
        [
            $$"""{"items":[{"kind":"text","value":{{text}}""",
            $$"""{"items":[{"kind":"{{Marked}}","value":{{text}}}]}""",
            $$"""{"items":[{"kind":"seller","value":{{text}}}]}""",
            $$"""{"items":[{"kind":"image-pdq","value":"{{MarkedData.Email}}"}]}""",
            $$"""{"items":[{"{{Marked}}":1,"value":{{text}}}]}""",
            $$"""{"{{Marked}}":[]}""",
            $$"""{"items":{{text}}}""",
            $$"""{"items":[{"kind":"text","value":"{{string.Concat(Enumerable.Repeat(MarkedData.Text, 2_000))}}"}]}""",
            $$"""{"items":[{"type":"{{Marked}}","value":"{{MarkedData.Email}}"}]}""",
            $$"""{"items":[{"type":"email","value":"{{MarkedData.Email}}","region":"{{Marked}}"}],"epoch":9}""",
            $$"""{"listings":[{"kind":"seller","scheme":"voprf/tel/1","value":"{{MarkedData.Email}}","category":"ivory"}]}""",
            $$"""{"listings":[{"kind":"{{Marked}}","value":"{{MarkedData.Email}}","category":"{{Marked}}"}]}""",
            $$"""{"indicatorId":"{{Marked}}","reason":"{{Marked}}"}""",
            $$"""{"url":"{{Marked}}","points":["{{Marked}}"],"scheme":"{{Marked}}"}""",
        ];
        string[] routes =
        [
            ApiRoutes.Check, ApiRoutes.SellerTags, ApiRoutes.Feedback, ApiRoutes.Indicators, ApiRoutes.Opinions, ApiRoutes.Erasures,
            ApiRoutes.SellerEvaluate, ApiRoutes.Roster,
        ];
        foreach (var route in routes)
        {
            foreach (var body in bodies)
            {
                await coalition.AskAsync(HttpMethod.Post, route, EgressCoalition.Json(body));
            }

            await coalition.AskAsync(HttpMethod.Post, route, new ByteArrayContent(MarkedData.Picture));
        }

        var email = Uri.EscapeDataString(MarkedData.Email);
        foreach (var path in (string[])[
            $"/v1/{Marked}", $"{ApiRoutes.Indicators}/{email}", $"{ApiRoutes.Indicators}?kind={email}&cursor={Marked}",
            $"{ApiRoutes.Changes}?after={email}", $"{ApiRoutes.Queue}?before={Marked}&state={email}", $"{ApiRoutes.Logs}/{Marked}/checkpoint",
            $"{ApiRoutes.Queue}/{email}"])
        {
            await coalition.AskAsync(HttpMethod.Get, path);
        }

        await coalition.AskAsync(
            HttpMethod.Get, ApiRoutes.Status, null, headers =>
            {
                headers.TryAddWithoutValidation("User-Agent", Marked);
                headers.TryAddWithoutValidation("X-Request-Id", Marked);
                headers.TryAddWithoutValidation("traceparent", "00-" + Marked);
                headers.TryAddWithoutValidation("Cookie", "seller=" + MarkedData.Email);
            });
        await coalition.AskAsync(
            HttpMethod.Get, ApiRoutes.Status, null, headers => headers.Authorization = new AuthenticationHeaderValue("Bearer", Marked));
    }

    /// <summary>A detector in the company's own program, with a list of its own.</summary>
    private static async Task UseDetectorAsync(EgressCoalition coalition)
    {
        var options = new FederationDetectorOptions
        {
            Nodes = [coalition.Api],
            Key = new NodeFolder(coalition.Folder("alpha")).ReadApiKey(ApiRole.Detector),
        };
        Directory.CreateDirectory(coalition.In("replica"));
        using var stop = new CancellationTokenSource();
        using (var replica = new FederationReplica(options with { Replica = new ReplicaOptions { Folder = coalition.In("replica") } }))
        {
            var following = replica.RunAsync(stop.Token);
            await replica.WaitReadyAsync();
            for (var i = 0; i < 500; i++)
            {
                Assert.NotEmpty(replica.Check(MarkedData.Text).Matches);
            }

            await stop.CancelAsync();
            await following;
        }

        using var detector = new FederationDetector(options);
        await detector.CheckAsync([new CheckItem("text", MarkedData.Text, MarkedData.CheckedId)]);
    }

    /// <summary>Alpha falls in the midst of work, and goes on.</summary>
    private static async Task CrashAsync(EgressCoalition coalition)
    {
        var batch = $$"""{"items":[{{string.Join(',', Enumerable.Repeat($$"""{"kind":"text","value":"{{MarkedData.Text}}"}""", 1_000))}}]}""";
        var asking = Enumerable.Range(0, 8)
            .Select(_ => coalition.AskAsync(HttpMethod.Post, ApiRoutes.Check, EgressCoalition.Json(batch))).ToList();
        await coalition.AbortAsync("alpha");
        await Task.WhenAll(asking.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));
        await coalition.StartAsync("alpha");
    }

    /// <summary>An analyst lists what should not be: this leaves, and so it must be found.</summary>
    private static async Task<string> PlantAsync(EgressCoalition coalition)
    {
        var ran = await coalition.DoAsync(
            "publish", "keyword", MarkedData.PlantedWords, "--category", "ivory", "--data", coalition.Folder("alpha"));
        Assert.True(ran.Code == 0, ran.ToString());
        return ran.Json.GetProperty("indicatorIds")[0].GetString()!;
    }

    private static async Task UntilListedAsync(EgressCoalition coalition, string member, string id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await Fednode.HereAsync("show", id, "--data", coalition.Folder(member), "--json")).Code != 0)
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private static void AssertNone(IReadOnlyList<string> found) =>
        Assert.True(found.Count == 0, $"{found.Count} found:\n{string.Join('\n', found.Take(40))}");

    /// <summary>That nothing is found proves nothing unless much was said: entries, receipts, blinded points.</summary>
    private static void AssertHeavyUse(EgressCoalition coalition)
    {
        var bySender = coalition.Sent.ToLookup(s => s.From);
        Assert.All(EgressCoalition.Members, m => Assert.Contains(bySender[m], s => s.Body.Length > 0));
        Assert.Contains(bySender["alpha"], s => s.What.Contains("evaluate", StringComparison.Ordinal) && s.Body.Length > 0);
        Assert.Contains(bySender["alpha"], s => s.What.Contains("push", StringComparison.Ordinal) && s.Body.Length > 0);
    }
}
