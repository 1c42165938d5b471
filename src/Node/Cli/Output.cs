using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace FederationNode.Node.Cli;

/// <summary>Answers on standard output: tables and lines for people, one JSON value for programs. Progress and
/// errors go to standard error, so that what is piped on is the answer alone.</summary>
internal sealed class Output(bool json)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    private static readonly IAnsiConsole Errors = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
    });

    public bool IsJson => json;

    /// <summary>The answer as JSON, if the user asked for it.</summary>
    public void Json<T>(T value)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(value, Options));
        }
    }

    /// <summary>A line for people.</summary>
    public void Line(string text = "")
    {
        if (!json)
        {
            Console.Out.WriteLine(text);
        }
    }

    /// <summary>A table for people. Cells are plain text.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (json)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });

        // A pipe has no width: let the rows be as long as they are.
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 10_000;
        }

        console.Write(table);
    }

    /// <summary>What a long task is at, on standard error; nothing when that is no terminal.</summary>
    public static async Task<T> ProgressAsync<T>(string what, Func<Action<double>, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
        {
            return await work(_ => { });
        }

        return await Errors.Progress().AutoClear(true).StartAsync(async context =>
        {
            var task = context.AddTask(Markup.Escape(what), maxValue: 1);
            return await work(done => task.Value = done);
        });
    }

    /// <summary>An error for people, or as a JSON object, on standard error.</summary>
    public void Error(int exitCode, string message)
    {
        if (json)
        {
            Console.Error.WriteLine(JsonSerializer.Serialize(new { error = message, exitCode }, Options));
        }
        else
        {
            Console.Error.WriteLine("fednode: " + message);
        }
    }
}
