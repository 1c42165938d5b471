using System.Globalization;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>Writes tags as CSV or as lines of JSON, each with the line of its row. Never an identifier.</summary>
internal sealed class TagWriter : ITagSink, IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly StreamWriter _text;
    private readonly CsvWriter? _csv;
    private readonly bool _withIds;

    /// <param name="text">Where to; disposed with this object.</param>
    /// <param name="json">Lines of JSON instead of CSV.</param>
    /// <param name="withIds">Whether rows have ids.</param>
    public TagWriter(StreamWriter text, bool json, bool withIds)
    {
        (_text, _withIds) = (text, withIds);
        if (!json)
        {
            _csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" });
            Write(["line", .. withIds ? ["id"] : Array.Empty<string>(), "scheme", "tag"]);
        }
    }

    /// <inheritdoc/>
    public void Write(SellerRow row, IReadOnlyList<SchemedTag> tags)
    {
        foreach (var tag in tags)
        {
            Write(row, tag);
        }
    }

    private void Write(SellerRow row, SchemedTag tag)
    {
        var (scheme, value) = (tag.Scheme.ToString(), tag.Tag.ToString());
        if (_csv is null)
        {
            _text.WriteLine(_withIds
                ? JsonSerializer.Serialize(new { row.Line, row.Id, scheme, tag = value }, Json)
                : JsonSerializer.Serialize(new { row.Line, scheme, tag = value }, Json));
            return;
        }

        var line = row.Line.ToString(CultureInfo.InvariantCulture);
        Write(_withIds ? [line, row.Id ?? "", scheme, value] : [line, scheme, value]);
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await (_csv?.FlushAsync() ?? Task.CompletedTask);
        await _text.FlushAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await FlushAsync(CancellationToken.None);
        await (_csv?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _text.DisposeAsync();
    }

    private void Write(IEnumerable<string> fields)
    {
        foreach (var field in fields)
        {
            _csv!.WriteField(field);
        }

        _csv!.NextRecord();
    }
}
