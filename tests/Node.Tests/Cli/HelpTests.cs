using System.CommandLine;
using FederationNode.Node.Cli;
using Xunit;

namespace FederationNode.Node.Tests.Cli;

public sealed class HelpTests
{
    /// <summary>Verbs whose folder is another thing, and is described by themselves.</summary>
    private static readonly string[] Elsewhere =
    [
        "run", "demo", "roster admit", "roster new-epoch", "member new-epoch", "seller-keys deal", "seller-keys install",
        "seller-keys quota", "seller-keys retire", "roster lifetime",
    ];

    public static TheoryData<string> Verbs => [.. Leaves(CommandLine.Build(), "")];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_OfEveryVerb_ShowsExamplesThatTheProgramTakes(string verb)
    {
        var root = CommandLine.Build();
        var help = new StringWriter();

        var code = await root.Parse($"{verb} --help").InvokeAsync(new InvocationConfiguration { Output = help });

        Assert.Equal(0, code);
        var lines = help.ToString().ReplaceLineEndings("\n").Split('\n');
        var examples = lines.SkipWhile(l => l != "Examples:").Skip(1).TakeWhile(l => l.StartsWith("  ", StringComparison.Ordinal)).ToList();
        Assert.Contains(examples, e => e.StartsWith($"  fednode {verb}", StringComparison.Ordinal));
        Assert.All(examples, example =>
        {
            Assert.StartsWith("  fednode ", example, StringComparison.Ordinal);
            var line = example.Split(" < ")[0].Trim()["fednode ".Length..];
            Assert.Empty(root.Parse(line, new ParserConfiguration { ResponseFileTokenReplacer = null }).Errors);
        });
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_OfEveryVerb_SaysWhetherTheNodeMustRun(string verb)
    {
        string[] running =
        [
            "publish keyword", "publish image", "publish seller", "retag", "import", "withdraw", "erase", "dispute", "seller-keys evaluations",
            "seller-keys ceremony start", "seller-keys ceremony status", "seller-keys ceremony join", "seller-keys ceremony publish",
        ];
        var help = new StringWriter();

        await CommandLine.Build().Parse($"{verb} --help").InvokeAsync(new InvocationConfiguration { Output = help });

        // Lines are broken where the help's table has no more room.
        var text = string.Join(' ', help.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(running.Contains(verb), text.Contains("the node must be running", StringComparison.Ordinal));
        var reads = text.Contains("--data <DIR>", StringComparison.Ordinal) && !Elsewhere.Contains(verb);
        Assert.Equal(
            reads && !running.Contains(verb),
            text.Contains("works while the node is stopped", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(c => Leaves(c, path.Length == 0 ? c.Name : $"{path} {c.Name}"));
}
