using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// <c>fednode tag</c> as a process, and the API for programs: raw identifiers go in, tags come out, and the identifiers are
/// nowhere else than in the file of rejected rows.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed partial class TagTests(CoalitionFixture coalition) : IDisposable
{
    private readonly Scratch _scratch = new();

    private string List => _scratch.In("sellers.csv");

    private string Bad => _scratch.In("bad.csv");

    private string Tags => _scratch.In("tags.csv");

    public static TheoryData<int, string, string[]> Wrong => new()
    {
        { 2, "--type", ["LIST"] },
        { 2, "--type", ["LIST", "--type", "tel", "--type-column", "1"] },
        { 2, "--type: Unknown identifier type", ["LIST", "--type", "fax"] },
        { 2, "--epoch", ["LIST", "--type", "tel", "--epoch", "0"] },
        { 2, "--batch must be 1 to 4000", ["LIST", "--type", "tel", "--batch", "4001"] },
        { 2, "--after-line", ["LIST", "--type", "tel", "--after-line", "-1"] },
        { 2, "--delimiter must be one character", ["LIST", "--type", "tel", "--delimiter", "::"] },
        { 2, "--delimiter must be one character", ["LIST", "--type", "tel", "--delimiter", "\""] },
        { 2, "--lines has no columns", ["LIST", "--type", "tel", "--lines", "--column", "1"] },
        { 2, "must be different files", ["LIST", "--type", "tel", "--out", "LIST"] },
        { 2, "must be different files", ["LIST", "--type", "tel", "--out", "NEW", "--rejects", "NEW"] },
        { 2, "say with --column", ["LIST", "--type", "tel", "--out", "NEW"] },
        { 3, "--column: there is no column fax", ["LIST", "--type", "tel", "--column", "fax", "--out", "NEW"] },
        { 3, "--region-column: there is no column 9", ["LIST", "--type", "tel", "--column", "1", "--region-column", "9", "--out", "NEW"] },
        { 3, "cannot be read", ["NEW", "--type", "tel"] },
        { 3, "cannot be written", ["LIST", "--type", "tel", "--column", "phone", "--rejects", "NEW/x"] },
        { 5, "names no key for acct:ebay that counts", ["LIST", "--type", "acct:ebay", "--column", "phone"] },
        { 5, "names no key of this type and epoch", ["LIST", "--type", "tel", "--epoch", "2", "--column", "phone", "--region", "CN"] },
    };

    public void Dispose() => _scratch.Dispose();

    /// <summary>More rows than a batch, from a file and from a pipe, of a running and of a stopped node: the same tags.</summary>
    [Fact]
    public async Task Tag_FileOfManyRows_TagsAllThatItCanAndTellsTheOthers()
    {
        var file = await WriteManyAsync(5_003);

        var ran = await RunAsync(
            null, "tag", List, "--type", "tel", "--column", "phone", "--region-column", "country", "--region", "CN",
            "--id-column", "user", "--rejects", Bad, "--out", Tags, "--data", coalition.Alpha);

        Assert.True(ran.Code == 6, ran.ToString());
        Assert.Equal("", ran.Output);
        Assert.Contains($"fednode: {file.Rows} rows read, {file.Rows - 4} tagged, 4 rejected.", ran.Error, StringComparison.Ordinal);
        var tags = await ReadAsync(Tags);
        Assert.Equal(["line", "id", "scheme", "tag"], tags[0]);
        Assert.Equal(file.Rows - 4, tags.Count - 1);
        Assert.All(tags.Skip(1), row => Assert.Equal("voprf/tel/1", row[2]));

        // Lines and ids go with the rows, in their order; the same number in three spellings has one tag, others differ.
        var byId = tags.Skip(1).ToDictionary(row => row[1]);
        Assert.Equal(tags.Skip(1).Select(row => int.Parse(row[0], CultureInfo.InvariantCulture)).Order(), tags.Skip(1).Select(row => int.Parse(row[0], CultureInfo.InvariantCulture)));
        Assert.Equal(byId["u0"][3], byId["same-1"][3]);
        Assert.Equal(byId["u0"][3], byId["same-2"][3]);
        Assert.Equal(file.Rows - 4 - 2, byId.Values.Select(row => row[3]).Distinct().Count());

        var bad = await ReadAsync(Bad);
        Assert.Equal(["line", "id", "reason", "identifier"], bad[0]);
        Assert.Equal(["short", "words", "", "lost"], bad.Skip(1).Select(row => row[1]));
        Assert.Contains("too few digits", bad[1][2], StringComparison.Ordinal);
        Assert.Equal("call 138 0013 8000", bad[2][3]);
        Assert.Contains("fields", bad[3][2], StringComparison.Ordinal);
        Assert.Contains("UTF-8", bad[4][2], StringComparison.Ordinal);

        // By hand, one at a time: the same tag, and so the same seller to every detector.
        var one = await Fednode.DoAsync("tag", List, "--type", "tel", "--column", "phone", "--region", "CN", "--after-line", "5000", "--data", coalition.Stopped, "--out", _scratch.In("rest.csv"));
        Assert.Equal("", one.Output);
        var rest = await ReadAsync(_scratch.In("rest.csv"));
        Assert.Equal(tags.Skip(1).Where(row => int.Parse(row[0], CultureInfo.InvariantCulture) > 5000).Select(row => row[3]), rest.Skip(1).Select(row => row[2]));
        AssertSilent(ran);
    }

    [Fact]
    public async Task Tag_Stream_GivesLinesOfJsonAndImpliedTags()
    {
        var ran = await RunAsync(
            "10001@QQ.com\njane doe@example.org\n１００００１@qq.com\n", "tag", "-", "--lines", "--type", "email", "--batch", "1",
            "--url", await ApiAsync(), "--key", "@" + Path.Combine(coalition.Alpha, "api-keys", "detector.key"), "--json");

        Assert.True(ran.Code == 6, ran.ToString());
        var lines = ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(
            [(1, "voprf/email/1"), (1, "voprf/qq/1"), (3, "voprf/email/1"), (3, "voprf/qq/1")],
            lines.Select(l => (l.GetProperty("line").GetInt32(), l.GetProperty("scheme").GetString()!)));
        Assert.Equal(4, lines.Select(l => l.GetProperty("tag").GetString()).Distinct().Count());
        Assert.Contains("fednode: line 2: The e-mail address has white space between two words", ran.Error, StringComparison.Ordinal);
        Assert.Contains("{\"rows\":3,\"tagged\":2,\"rejected\":1}", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("jane", ran.Error, StringComparison.Ordinal);
        Assert.Equal(TagOf(await ApiTagsAsync(("qq", "10001", null)), 0, 0), lines[1].GetProperty("tag").GetString());
    }

    [Fact]
    public async Task Tag_TypeOfEachRow_GivesEachItsScheme()
    {
        await File.WriteAllTextAsync(List, "tel;138 0013 8000\nqq;10001\nacct:ebay;jane\niban;x\npay:iban;DE89-3704-0044-0532-0130-00\n");

        var ran = await RunAsync(
            null, "tag", List, "--no-header", "--delimiter", ";", "--type-column", "1", "--column", "2", "--region", "CN",
            "--data", coalition.Secretariat);

        Assert.True(ran.Code == 6, ran.ToString());
        Assert.Equal(["line,scheme", "1,voprf/tel/1", "2,voprf/qq/1", "5,voprf/pay:iban/1"], ran.Output.TrimEnd().Split('\n').Select(l => l[..l.LastIndexOf(',')]));
        Assert.Contains("line 3: The roster names no key", ran.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: its type cannot be one", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Tag_WhatCannotBe_SaysSoAndWritesNothing(int code, string says, string[] arguments)
    {
        await File.WriteAllTextAsync(List, "user,phone\nu1,13800138000\n");
        var before = Refusal.Contents(_scratch.Path);

        var ran = await RunAsync(
            null, ["tag", .. arguments.Select(a => a.Replace("LIST", List, StringComparison.Ordinal).Replace("NEW", _scratch.In("new"), StringComparison.Ordinal)), "--data", coalition.Alpha]);

        Assert.True(ran.Code == code, ran.ToString());
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("13800138000", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.Equal(before, Refusal.Contents(_scratch.Path));
    }

    [Fact]
    public async Task Tag_NoNodeThere_SaysSo()
    {
        await File.WriteAllTextAsync(List, "13800138000\n");

        var ran = await RunAsync(null, "tag", List, "--lines", "--type", "tel", "--region", "CN", "--url", "http://127.0.0.1:1", "--key", "k");

        Assert.True(ran.Code == 4, ran.ToString());
        Assert.Contains("No node answers at http://127.0.0.1:1", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_Batch_GivesTheTagsOfTheVerb()
    {
        var answer = await ApiTagsAsync(
            ("tel", "138-0013-8000", "CN"), ("tel", "138-0013-8000", null), ("email", "10001@qq.com", null), ("url", "https://shop.example.org/%7Ea#x", null));

        Assert.Equal([1, 0, 2, 1], answer.EnumerateArray().Select(i => i.GetProperty("tags").GetArrayLength()));
        Assert.Equal("urn:fednode:error:not-canonical", answer[1].GetProperty("error").GetProperty("type").GetString());
        await File.WriteAllTextAsync(List, "+86 138 0013 8000\n");
        var ran = await RunAsync(null, "tag", List, "--lines", "--type", "tel", "--data", coalition.Alpha);
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Equal($"line,scheme,tag\n1,voprf/tel/1,{TagOf(answer, 0, 0)}\n", ran.Output);
    }

    /// <summary>Raw identifiers are in the rejects alone.</summary>
    private static void AssertSilent(Ran ran)
    {
        Assert.DoesNotContain("8000", ran.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("call", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("138", ran.Error, StringComparison.Ordinal);
    }

    private async Task<(int Rows, string Path)> WriteManyAsync(int good)
    {
        await using var file = File.Create(List);
        await file.WriteAsync(Encoding.UTF8.GetBytes("user,phone,country\n"));
        for (var i = 0; i < good; i++)
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"u{i},{13_800_100_000 + i},\n")));
            await file.WriteAsync(i switch
            {
                7 => "same-1,+86 138-0010-0000,DE\n"u8.ToArray(),
                8 => "same-2,\"００86 138 00 10 00 00\",CN\n"u8.ToArray(),
                9 => "short,+86 138,\n"u8.ToArray(),
                10 => "words,call 138 0013 8000,\n"u8.ToArray(),
                11 => "fields,13800138000\n"u8.ToArray(),
                12 => [.. "lost,1380013"u8, 0xff, .. "8000,\n"u8],
                _ => [],
            });
        }

        return (good + 6, List);
    }

    private static async Task<List<string[]>> ReadAsync(string file) =>
        [.. (await File.ReadAllLinesAsync(file)).Select(line => FieldEnd().Split(line).Select(f => f.Trim('"')).ToArray())];

    /// <summary>A comma with an even number of quotation marks behind it.</summary>
    [GeneratedRegex(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")]
    private static partial Regex FieldEnd();

    private static string TagOf(JsonElement items, int item, int tag) =>
        items[item].GetProperty("tags")[tag].GetProperty("tag").GetString()!;

    private async Task<string> ApiAsync()
    {
        var run = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(coalition.Alpha, "run.json"))).RootElement;
        return run.GetProperty("apiUrl").GetString()!;
    }

    private async Task<JsonElement> ApiTagsAsync(params (string Type, string Value, string? Region)[] items)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await File.ReadAllTextAsync(Path.Combine(coalition.Alpha, "api-keys", "detector.key"))).Trim());
        var body = JsonSerializer.Serialize(new { items = items.Select(i => new { type = i.Type, value = i.Value, region = i.Region }) });
        using var answer = await http.PostAsync(
            new Uri(await ApiAsync() + "/v1/seller/tags"), new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("items");
    }

    /// <summary>Runs the program as a process of its own, with this on standard input.</summary>
    private static async Task<Ran> RunAsync(string? input, params string[] arguments)
    {
        using var process = Process.Start(Fednode.Start(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync(patience.Token);
        return new Ran(process.ExitCode, await output, await error);
    }
}
