using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>A wrong command line gets a message that names what is wrong, exit code 2, and changes nothing.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string, string[]> Wrong => new()
    {
        { "--help", ["frobnicate"] },
        { "--help", [] },
        { "fednode publish --help", ["publish"] },
        { "fednode log --help", ["log", "sing"] },
        { "fednode coalition --help", ["coalition"] },
        { "fednode member --help", ["member"] },
        { "fednode roster --help", ["roster"] },
        { "--data", ["run"] },
        { "--no-such-option", ["status", "--no-such-option"] },
        { "--data", ["status"] },
        { "--data", ["run", "--data"] },
        { "--key", ["status", "--url", "http://127.0.0.1:1"] },
        { "--key", ["status", "--url", "http://127.0.0.1:1", "--key", ""] },
        { "--key", ["status", "--url", "http://127.0.0.1:1", "--key", "two words"] },
        { "--key", ["status", "--url", "http://127.0.0.1:1", "--key", "line\nfeed"] },
        { "--key", ["status", "--url", "http://127.0.0.1:1", "--key", "ключ"] },
        { "--url", ["status", "--url", "nonsense", "--key", "k"] },
        { "--url", ["log", "list", "--url", "ftp://127.0.0.1", "--key", "k"] },
        { "TEXT", ["publish", "keyword", "--category", "ivory"] },
        { "--category", ["publish", "keyword", "bangle"] },
        { "'bracelet'", ["publish", "keyword", "bangle", "bracelet", "--category", "ivory"] },
        { "'high' for option '--confidence' as a whole number", Keyword("--confidence", "high") },
        { "--window", Keyword("--window", "near") },
        { "'explode'", Keyword("--action", "explode") },
        { "'fuzzy'", Keyword("--match", "fuzzy") },
        { "'huge'", Keyword("--severity", "huge") },
        { "--expires-days", Keyword("--expires-days", "soon") },
        { "--expires-days", Keyword("--expires-days", "9999999999") },
        { "--expires-days must be 1 to", Keyword("--expires-days", "0") },
        { "--expires-days must be 1 to", Keyword("--expires-days", "-1") },
        { "--expires-days must be 1 to", Keyword("--expires-days", "2000000000") },
        { "--idempotency-key", Keyword("--idempotency-key", "") },
        { "--idempotency-key", Keyword("--idempotency-key", "ключ") },
        { "--idempotency-key", Keyword("--idempotency-key", new string('k', 129)) },
        { "FILE|HASH", ["publish", "image", "--category", "ivory"] },
        { "--type", ["publish", "seller", "x", "--category", "ivory"] },
        { "--epoch", ["publish", "seller", "x", "--type", "tel", "--epoch", "first", "--category", "ivory"] },
        { "FILE", ["import"] },
        { "--expires-days", ["import", "list.csv", "--expires-days", "2000000000"] },
        { "ID", ["withdraw"] },
        { "'maybe'", ["dispute", "00", "--stance", "maybe"] },
        { "ORIGIN", ["log", "export"] },
        { "DIR|URL", ["audit"] },
        { "REQUEST", ["roster", "admit", "--data", "s"] },
        { "--data", ["roster", "admit", "enrolment.note"] },
        { "--coalition", ["member", "init", "x", "--name", "alpha"] },
        { "--name", ["coalition", "create", "x", "--endpoint", "https://127.0.0.1:1"] },
        { "--endpoint", ["coalition", "create", "x", "--name", "ewt"] },
        { "--keys", Found("--keys", "many") },
        { "--threshold", Found("--threshold", "4") },
        { "--threshold", Found("--threshold", "0") },
        { "--keys", Found("--keys", "17") },
        { "--endpoint", Found("--endpoint", "http://127.0.0.1:1") },
        { "--endpoint", Found("--endpoint", "https://127.0.0.1") },
        { "--endpoint", Found("--endpoint", "") },
        { "--listen", Found("--listen", "everywhere") },
        { "--seller-types: fax cannot be one", Found("--seller-types", "tel,fax") },
        { "--seller-types: acct: cannot be one", Found("--seller-types", "acct:") },
        { "--seller-types: acct:Taobao cannot be one", Found("--seller-types", "acct:Taobao") },
        { "--seller-types must name 1 to 1024", Found("--seller-types", ",") },
        { "--api must be a loopback address", Found("--api", "0.0.0.0:7480") },
        { "--name must be", Found("--name", "Not A Name") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Verb_WrongCommandLine_SaysWhatIsWrong(string says, string[] arguments)
    {
        var ran = await Fednode.HereAsync(arguments.Select(a => a == "DIR" ? _scratch.In("new") : a));

        Refusal.AssertClear(ran, 2, says);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public async Task Verb_WrongCommandLine_IsAnObjectInJson()
    {
        var ran = await Fednode.HereAsync("status", "--json");

        Assert.Equal((2, ""), (ran.Code, ran.Output));
        var error = System.Text.Json.JsonDocument.Parse(ran.Error).RootElement;
        Assert.Equal(2, error.GetProperty("exitCode").GetInt32());
        Assert.Contains("--data", error.GetProperty("error").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "127.0.0.1:1", "status", "--url", "http://127.0.0.1:1", "--key", "k")]
    [InlineData(3, "nothing/here", "status", "--url", "http://127.0.0.1:1", "--key", "@nothing/here")]
    [InlineData(3, "no.csv", "import", "no.csv", "--dry-run")]
    [InlineData(3, "nowhere", "log", "list", "--data", "nowhere")]
    [InlineData(3, "nowhere", "publish", "keyword", "bangle", "--category", "ivory", "--data", "nowhere")]
    [InlineData(3, "nowhere", "withdraw", "00", "--data", "nowhere")]
    [InlineData(3, "nowhere", "dispute", "00", "--data", "nowhere")]
    [InlineData(3, "nowhere", "roster", "show", "--data", "nowhere")]
    [InlineData(3, "nowhere", "run", "--data", "nowhere")]
    [InlineData(3, "no.json", "audit", "nowhere", "--anchor", "no.json")]
    [InlineData(3, "There is no directory, file or address nowhere", "audit", "nowhere")]
    public async Task Verb_NothingThere_NamesIt(int code, string says, params string[] arguments) =>
        Refusal.AssertClear(await Fednode.HereAsync(arguments), code, says);

    /// <summary>Accounts and keywords may begin with '@', which is no invitation to read a file.</summary>
    [Fact]
    public async Task Verb_ArgumentWithAtSign_IsTakenAsItIs()
    {
        var ran = await Fednode.HereAsync("publish", "keyword", "@tusks", "--category", "ivory", "--data", "nowhere");

        Refusal.AssertClear(ran, 3, "nowhere");
    }

    public void Dispose() => _scratch.Dispose();

    private static string[] Keyword(string option, string value) =>
        ["publish", "keyword", "bangle", "--category", "ivory", option, value];

    private static string[] Found(string option, string value)
    {
        var options = new Dictionary<string, string> { ["--name"] = "ewt", ["--endpoint"] = "https://127.0.0.1:1" };
        options[option] = value;
        return ["coalition", "create", "DIR", .. options.SelectMany(o => new[] { o.Key, o.Value })];
    }
}
