using System.CommandLine;
using FederationNode.Node.Cli;
using Xunit;

namespace FederationNode.Node.Tests.Cli;

public sealed class HelpTests
{
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

    private static IEnumerable<string> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(c => Leaves(c, path.Length == 0 ? c.Name : $"{path} {c.Name}"));
}
