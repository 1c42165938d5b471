using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>
/// Takes the rows that got no tag: into the file that the user named, with their identifiers, so that they can be mended
/// and given again; without one, the first few go to standard error, by line and reason alone.
/// </summary>
internal sealed class Rejects : IAsyncDisposable
{
    private const int Shown = 10;

    private readonly CsvWriter? _csv;

    /// <param name="text">The file, disposed with this object; or null.</param>
    public Rejects(StreamWriter? text)
    {
        if (text is not null)
        {
            _csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" });
            Write("line", "id", "reason", "identifier");
        }
    }

    /// <summary>Rows taken.</summary>
    public long Count { get; private set; }

    /// <summary>Takes a row.</summary>
    public void Add(SellerRow row, string reason)
    {
        Count++;
        if (_csv is not null)
        {
            Write(row.Line.ToString(CultureInfo.InvariantCulture), row.Id ?? "", reason, row.Raw);
        }
        else if (Count <= Shown)
        {
            Console.Error.WriteLine($"fednode: line {row.Line}: {reason.TrimEnd('.')}.");
        }
        else if (Count == Shown + 1)
        {
            Console.Error.WriteLine("fednode: and more; --rejects FILE writes all of them down.");
        }
    }

    /// <summary>Hands on what was written.</summary>
    public Task FlushAsync() => _csv?.FlushAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _csv?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Write(params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            _csv!.WriteField(field);
        }

        _csv!.NextRecord();
    }
}
