using System.Globalization;
using System.Text;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// An import is checked whole before anything is published: one bad line, wherever it stands, is named, and no line
/// enters the log.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class ImportTests(CoalitionFixture coalition) : IDisposable
{
    private const string Header =
        "kind,value,lang,category,taxon,cites,action,confidence,severity,match,any_of,all_of,none_of,window,source\n";

    private static readonly string SchemeHeader = Header.TrimEnd() + ",scheme\n";

    private static readonly string Tag = string.Concat(Enumerable.Repeat("ab", 32));

    private readonly Scratch _scratch = new();

    private string File => _scratch.In("list.csv");

    public static TheoryData<string, string> Bad => new()
    {
        { "list.csv: the first line must be kind,value,lang", "" },
        { "list.csv: the first line must be kind,value,lang", "kind,value\nkeyword,ivory\n" },
        { "list.csv: the first line must be kind,value,lang", Row("good one") },
        { "list.csv: the first line must be kind,value,lang", "scheme\n" },
        { "list.csv: the first line must be kind,value,lang", WithScheme(Header, "schema") },
        { "line 3: it has not 15 fields", Header + Row("good one") + "keyword,x,en\n" },
        { "line 3: it has not 15 fields", Header + Row("good one") + Row("good two").TrimEnd() + ",more\n" },
        { "line 3: it has not 15 fields", Header + Row("good one") + "\"\"\n" + Row("good two") },
        { "line 3: a quotation mark is not closed", Header + Row("good one") + Row("\"open") + Row("good two") },
        { "line 3: a quotation mark stands where none may be", Header + Row("good one") + Row("in\"side") },
        { "line 4: kind must be keyword", Header + Row("\"good\none\"") + Row("scent").Replace("keyword", "smell", StringComparison.Ordinal) },
        { "line 3: category must be a code", Header + Row("good one") + Row("good two", category: "Ivory Tower") },
        { "line 3: value must be at most 512 bytes", Header + Row("good one") + Row(new string('q', 2000)) },
        { "line 3: value must have something visible", Header + Row("good one") + Row("") },
        { "line 3: value is too short to stand alone", Header + Row("good one") + Row("ab") },
        { "line 3: confidence must be a whole number", Header + Row("good one") + Row("good two", confidence: "sure") },
        { "line 3: confidence must be 0 to 100", Header + Row("good one") + Row("good two", confidence: "101") },
        { "line 3: action must be one of", Header + Row("good one") + Row("good two", action: "explode") },
        { "line 3: lang must be", Header + Row("good one") + Row("good two").Replace(",en,", ",e n,", StringComparison.Ordinal) },
        { "line 3: a seller needs the column scheme", Header + Row("good one") + Seller("")[..^2] + "\n" },
        { "line 2: scheme must be voprf/<type>/<epoch>", SchemeHeader + Seller("") },
        { "line 2: scheme must be voprf/<type>/<epoch>", SchemeHeader + Seller("tel/1") },
        { "line 2: scheme of a keyword is wlnorm/1", SchemeHeader + WithScheme(Row("good one"), "voprf/tel/1") },
        { "line 2: it has not 16 fields", SchemeHeader + Row("good one") },
        { "line 2: value must be 64", SchemeHeader + Seller("voprf/tel/1", tag: "zz") },
        { "line 3: value must be 64", Header + Row("good one") + Row("zz").Replace("keyword", "image-pdq", StringComparison.Ordinal) },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Import_BadFile_NamesTheLineAndPublishesNothing(string says, string content)
    {
        await System.IO.File.WriteAllTextAsync(File, content);
        await AssertNothingIsPublishedAsync(says);
    }

    [Fact]
    public async Task Import_NotUtf8_SaysSo()
    {
        await System.IO.File.WriteAllBytesAsync(File, [.. Encoding.UTF8.GetBytes(Header), .. Encoding.Latin1.GetBytes(Row("Elfenbein für"))]);
        await AssertNothingIsPublishedAsync("is not UTF-8");
    }

    [Fact]
    public async Task Import_BadLineFarBehind_PublishesNothing()
    {
        // Far beyond the size of a batch, so that whole batches before it would have been good.
        var text = new StringBuilder(Header);
        for (var i = 0; i < 1200; i++)
        {
            text.Append(i == 700 ? Row("bad line", action: "explode") : Row(string.Create(CultureInfo.InvariantCulture, $"far item {i}")));
        }

        await System.IO.File.WriteAllTextAsync(File, text.ToString());
        await AssertNothingIsPublishedAsync("line 702: action must be one of");
    }

    [Fact]
    public async Task Import_LargeFile_IsReadWhole()
    {
        // 50 MB, of which only the last line is bad: the whole was read, and not a part of it published.
        await using (var writer = new StreamWriter(File))
        {
            await writer.WriteAsync(Header);
            for (var i = 0; writer.BaseStream.Position < 50_000_000; i++)
            {
                await writer.WriteAsync(Row(string.Create(CultureInfo.InvariantCulture, $"large item {i}"), source: new string('s', 2000)));
            }

            await writer.WriteAsync(Row("the last", action: "explode"));
        }

        await AssertNothingIsPublishedAsync("action must be one of");
    }

    [Fact]
    public async Task Import_EndlessLine_IsRefused()
    {
        await System.IO.File.WriteAllTextAsync(File, Header + Row("good one"));
        using (var file = System.IO.File.OpenWrite(File))
        {
            // A hole, which takes no room on the disk.
            file.SetLength(1_500_000_000);
        }

        await AssertNothingIsPublishedAsync("list.csv, line 3: it has more than 65,536 characters");
    }

    [Theory]
    [InlineData("/dev/zero", "/dev/zero, line 1: it has more than 65,536 characters")]
    [InlineData("/dev/null", "/dev/null: the first line must be")]
    [InlineData("/dev", "/dev cannot be read")]
    public async Task Import_NoFile_IsRefused(string path, string says) =>
        Refusal.AssertClear(await Fednode.HereAsync("import", path, "--dry-run"), 3, says);

    [Fact]
    public async Task Import_Pipe_IsRefusedWithWhatToDo()
    {
        using var shell = System.Diagnostics.Process.Start(Fednode.Start(
            ["sh", "-c", "cat \"$0\" | \"$@\"", CoalitionFixture.Sample("images.csv")],
            ["import", "/dev/stdin", "--dry-run"]))!;
        var error = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();

        Assert.Equal(3, shell.ExitCode);
        Assert.Contains("/dev/stdin cannot be read: an import reads it twice", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_RepeatedRows_ArePublishedOnce()
    {
        await System.IO.File.WriteAllTextAsync(File, Header + Row("twice told") + Row("once told") + Row("twice told"));
        var before = await SizeAsync();

        var first = await Fednode.DoAsync("import", File, "--data", coalition.Alpha, "--json");
        var again = await Fednode.DoAsync("import", File, "--data", coalition.Alpha, "--json");

        Assert.Equal((2, 0, 1), Counts(first));
        Assert.Equal((0, 2, 1), Counts(again));
        Assert.Equal(before + 2, await SizeAsync());
    }

    [Fact]
    public async Task Import_SellerTags_ArePublishedUnderTheirScheme()
    {
        await System.IO.File.WriteAllTextAsync(
            File, SchemeHeader + WithScheme(Row("beside a tag"), "") + Seller("voprf/tel/1"));

        Assert.Equal((2, 0, 0), Counts(await Fednode.DoAsync("import", File, "--data", coalition.Alpha, "--json")));

        var page = await Fednode.DoAsync("show", "--limit", "1000", "--data", coalition.Alpha, "--json");
        var seller = Assert.Single(page.Json.EnumerateArray(), i => i.GetProperty("value").GetString() == Tag);
        Assert.Equal("voprf/tel/1", seller.GetProperty("scheme").GetString());
    }

    [Fact]
    public async Task Import_SellerTagUnderAKeyThatTheRosterLacks_NamesTheLineAndPublishesNothing()
    {
        await System.IO.File.WriteAllTextAsync(
            File, SchemeHeader + WithScheme(Row("before a tag"), "") + Seller("voprf/tel/9"));
        var before = await SizeAsync();

        Assert.Equal(0, (await Fednode.HereAsync("import", File, "--dry-run")).Code);
        Refusal.AssertClear(
            await Fednode.HereAsync("import", File, "--data", coalition.Alpha),
            3,
            "line 3: scheme names a key that the roster, version 2, does not. Nothing was published.");

        Assert.Equal(before, await SizeAsync());
    }

    [Fact]
    public async Task Import_HeaderOnly_PublishesNothing()
    {
        await System.IO.File.WriteAllTextAsync(File, Header);
        Assert.Equal((0, 0, 0), Counts(await Fednode.DoAsync("import", File, "--data", coalition.Alpha, "--json")));
    }

    private async Task AssertNothingIsPublishedAsync(string says)
    {
        var before = await SizeAsync();
        Refusal.AssertClear(await Fednode.HereAsync("import", File, "--dry-run"), 3, says);
        Refusal.AssertClear(await Fednode.HereAsync("import", File, "--data", coalition.Alpha), 3, says);
        Assert.Equal(before, await SizeAsync());
    }

    private async Task<long> SizeAsync()
    {
        var listed = await Fednode.DoAsync("log", "list", "--data", coalition.Alpha, "--json");
        return listed.Json.EnumerateArray()
            .First(l => l.GetProperty("origin").GetString() == "ewt/alpha/indicators/1").GetProperty("size").GetInt64();
    }

    private static (int New, int Repeated, int Twice) Counts(Ran ran) => (
        ran.Json.GetProperty("published").GetInt32(),
        ran.Json.GetProperty("repeated").GetInt32(),
        ran.Json.GetProperty("twice").GetInt32());

    private static string WithScheme(string line, string scheme) => $"{line.TrimEnd()},{scheme}\n";

    private static string Seller(string scheme, string? tag = null) =>
        $"seller,{tag ?? Tag},,ivory,,,review,80,medium,,,,,,,{scheme}\n";

    private static string Row(
        string value, string category = "ivory", string action = "review", string confidence = "80", string source = "") =>
        $"keyword,{value},en,{category},,,{action},{confidence},medium,auto,,,,,{source}\n";
}
