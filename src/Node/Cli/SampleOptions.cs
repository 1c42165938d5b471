using System.Collections.Immutable;
using System.CommandLine;
using FederationNode.Node.Policies;

namespace FederationNode.Node.Cli;

/// <summary>Options that name a recorded sample of texts.</summary>
internal sealed class SampleOptions
{
    private readonly Option<string?> _file;
    private readonly Option<string> _column = new("--column") { Description = "The column of a .csv file with the texts; may be left out if it has only one.", HelpName = "NAME", DefaultValueFactory = _ => "" };

    /// <param name="name">The option that names the file.</param>
    /// <param name="required">Whether it must be given.</param>
    public SampleOptions(string name, bool required)
    {
        _file = new Option<string?>(name)
        {
            Description = "Recorded texts, UTF-8: a .csv file with a header, or one text a line. "
                + (required ? "" : "Publish nothing, and say what the keyword hits in them."),
            HelpName = "FILE",
            Required = required,
        };
    }

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_file);
        verb.Add(_column);
    }

    /// <summary>The texts, or null if no file is named.</summary>
    /// <exception cref="Folder.NodeFolderException">The file cannot be used.</exception>
    public ImmutableArray<string>? Read(ParseResult parsed) => parsed.GetValue(_file) is { } file
        ? SampleFile.Read(file, parsed.GetValue(_column)!)
        : null;
}
