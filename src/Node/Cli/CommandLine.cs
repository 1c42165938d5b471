using System.CommandLine;
using System.CommandLine.Help;
using FederationNode.Grains.Storage;
using FederationNode.Node.Cli.Tagging;
using FederationNode.Node.Demo;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>The command line of <c>fednode</c>.</summary>
internal static class CommandLine
{
    // A node ends its streams and its silo, a demo its four nodes; after this they are cut off.
    private static readonly TimeSpan StoppingTime = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Build();

        // An account or a keyword may begin with '@', and `--key @FILE` is read by us: no argument names a file of more.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var output = new Output(args.Contains(Shared.Json.Name));
        if (parsed.Errors.Count > 0)
        {
            output.Error(
                ExitCode.Usage,
                string.Join(Environment.NewLine, parsed.Errors.Select(e => InWords(e.Message)))
                + $"{Environment.NewLine}Try `{Path(parsed)} --help`.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = StoppingTime,
            });
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Explain(e) is var (code, message))
        {
            output.Error(code, message);
            return code;
        }
    }

    internal static RootCommand Build()
    {
        var root = new RootCommand(
            "The node of the coalition's federation: signed indicators against wildlife trafficking, shared in a second.")
        {
            Shared.Json,
            CoalitionVerbs.Create(),
            MemberVerbs.Create(),
            RosterVerbs.Create(),
            SellerKeyVerbs.Create(),
            RunVerb.Create(),
            StatusVerb.Create(),
            TagVerb.Create(),
            RetagVerb.Create(),
            PublishVerbs.Create(),
            ImportVerb.Create(),
            AmendVerbs.CreateWithdraw(),
            AmendVerbs.CreateErase(),
            AmendVerbs.CreateDispute(),
            ShowVerb.Create(),
            CheckVerbs.Create(),
            PolicyVerbs.Create(),
            LogVerbs.Create(),
            AuditVerb.Create(),
            DemoVerb.Create(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>The parser names the types of the program, which mean nothing to people.</summary>
    private static string InWords(string error) =>
        error.Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal);

    /// <summary>The exit code and message of an expected failure; anything else is a fault of the program.</summary>
    private static (int Code, string Message)? Explain(Exception e) => e switch
    {
        CliException cli => (cli.ExitCode, cli.Message),
        UnknownSellerKeyException or SellerAnswerException => (ExitCode.Refused, e.Message),
        NodeFolderException folder => (ExitCode.BadFolder, folder.Message),
        StorageException storage => (ExitCode.BadFolder, storage.Message),
        InvalidDataException damaged => (ExitCode.BadFolder, damaged.Message),
        IOException or UnauthorizedAccessException => (ExitCode.BadFolder, e.Message),
        HttpRequestException http => (ExitCode.Unreachable, $"The node cannot be reached: {http.Message}"),
        _ => (ExitCode.Internal, $"A fault of the program: {e}"),
    };

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, result.Command is RootCommand ? "fednode" : result.Command.Name);
        }

        return string.Join(' ', names);
    }
}
