using System.Text.Json;

namespace FederationNode.Matching.Policy.Settings;

/// <summary>The line on which each value of a JSON text stands, for messages; and the first null in it.</summary>
internal sealed class PolicyPlaces
{
    private const int MaxDepth = 16;

    private readonly Dictionary<string, int> _lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly ReadOnlyMemory<byte> _json;
    private int _line = 1;
    private int _counted;

    /// <summary>Reads the text, which is valid JSON with comments.</summary>
    public PolicyPlaces(ReadOnlyMemory<byte> json)
    {
        _json = json;
        var reader = new Utf8JsonReader(
            json.Span, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth });
        if (reader.Read())
        {
            Read(ref reader, "");
        }
    }

    /// <summary>The path of the first null, or null.</summary>
    public string? FirstNull { get; private set; }

    /// <summary>The line of a value, from 1; 0 if there is none.</summary>
    public int LineOf(string path) => _lines.GetValueOrDefault(path);

    private void Read(ref Utf8JsonReader reader, string path)
    {
        Note(path, (int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                FirstNull ??= path;
                break;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    Read(ref reader, path.Length == 0 ? name : $"{path}.{name}");
                }

                break;
            case JsonTokenType.StartArray:
                for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                {
                    Read(ref reader, $"{path}[{i}]");
                }

                break;
        }
    }

    private void Note(string path, int at)
    {
        _line += _json.Span[_counted..at].Count((byte)'\n');
        _counted = at;
        _lines[path] = _line;
    }
}
