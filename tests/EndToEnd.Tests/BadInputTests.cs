using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>Every bad input gets a message that says what to do, the right exit code, and changes nothing.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(2, "--help", "frobnicate")]
    [InlineData(2, "--help", "run")]
    [InlineData(2, "--help", "status", "--no-such-option")]
    [InlineData(2, "--data", "status")]
    [InlineData(2, "--key", "status", "--url", "http://127.0.0.1:1")]
    [InlineData(4, "127.0.0.1:1", "status", "--url", "http://127.0.0.1:1", "--key", "k")]
    public async Task Verb_BadCommandLine_SaysWhatToDo(int code, string says, params string[] arguments)
    {
        var (exit, _, error) = await Fednode.RunAsync(arguments);

        Assert.Equal(code, exit);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FolderWithoutNode_NamesIt()
    {
        var (code, _, error) = await Fednode.RunAsync("run", "--data", _folder);

        Assert.Equal(3, code);
        Assert.Contains("member init", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Import_OtherColumns_PublishesNothing()
    {
        var file = Path.Combine(_folder, "list.csv");
        await File.WriteAllTextAsync(file, "kind,value\nkeyword,ivory\n");

        var (code, _, error) = await Fednode.RunAsync("import", file, "--dry-run");

        Assert.Equal(3, code);
        Assert.Contains("first line", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coalition_SetUp_RefusesWhatCannotBe()
    {
        var secretariat = Path.Combine(_folder, "secretariat");
        string[] create = ["coalition", "create", secretariat, "--name", "demo", "--endpoint", "https://127.0.0.1:7443"];
        Assert.Equal(2, (await Fednode.RunAsync([.. create[..4], "Not A Name", .. create[5..]])).Code);
        Assert.False(File.Exists(Path.Combine(secretariat, "node.json")));
        Assert.Equal(0, (await Fednode.RunAsync(create)).Code);
        Assert.Equal(3, (await Fednode.RunAsync(create)).Code);

        var member = Path.Combine(_folder, "alpha");
        var anchor = Path.Combine(secretariat, "coalition.json");
        string[] init = ["member", "init", member, "--coalition", anchor, "--name", "alpha", "--endpoint", "https://127.0.0.1:7543"];
        Assert.Equal(0, (await Fednode.RunAsync(init)).Code);

        var enrolment = Path.Combine(member, "enrolment.note");
        var tampered = Path.Combine(_folder, "tampered.note");
        await File.WriteAllTextAsync(tampered, (await File.ReadAllTextAsync(enrolment)).Replace("7543", "7544", StringComparison.Ordinal));
        var (code, _, error) = await Fednode.RunAsync("roster", "admit", tampered, "--data", secretariat);
        Assert.Equal(3, code);
        Assert.Contains("signature", error, StringComparison.Ordinal);
        Assert.Equal(0, (await Fednode.RunAsync("roster", "admit", enrolment, "--data", secretariat)).Code);
        Assert.Equal(5, (await Fednode.RunAsync("roster", "admit", enrolment, "--data", secretariat)).Code);
    }
}
