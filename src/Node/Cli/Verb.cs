using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace FederationNode.Node.Cli;

/// <summary>A verb of the program, with examples that its help shows.</summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
    }

    public IReadOnlyList<string> Examples { get; }

    /// <summary>What the verb does; a <see cref="CliException"/> ends it with its message and code.</summary>
    public void Does(Func<ParseResult, Output, CancellationToken, Task<int>> action) =>
        SetAction((parsed, cancel) => action(parsed, new Output(parsed.GetValue(Shared.Json)), cancel));
}

/// <summary>Options that several verbs share, so that they mean the same everywhere.</summary>
internal static class Shared
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON for programs instead of tables for people.",
        Recursive = true,
    };

    /// <summary>For verbs that only read.</summary>
    public static Option<string?> Data() => new("--data")
    {
        Description = "The node's folder; works while the node is stopped, too.",
        HelpName = "DIR",
    };

    /// <summary>For verbs that change something: a stopped node writes nothing.</summary>
    public static Option<string?> DataOfRunning() => new("--data")
    {
        Description = "The node's folder; the node must be running.",
        HelpName = "DIR",
    };

    public static Option<string?> Url() => new("--url")
    {
        Description = "The local API of a running node, such as http://127.0.0.1:7480; needs --key.",
        HelpName = "URL",
    };

    public static Option<string?> Key() => new("--key")
    {
        Description = "The bearer key for --url, or @FILE to read it from a file. Default: the environment variable FEDNODE_KEY.",
        HelpName = "KEY",
    };
}

/// <summary>The ordinary help, and below it the verb's examples.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    /// <summary>Who asks for help has not given all arguments yet.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = inner.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return result;
    }
}
