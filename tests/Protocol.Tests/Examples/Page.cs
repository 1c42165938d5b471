using System.Globalization;
using System.Text;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>Writes one part of the worked examples as Markdown.</summary>
internal sealed class Page
{
    private const int HexColumns = 96;

    private readonly StringBuilder _text = new();

    public Page Heading(string text) => Line($"### {text}").Line();

    /// <summary>A paragraph; the lines are taken as they are.</summary>
    public Page Text(string text) => Line(text).Line();

    /// <summary>A block of named byte strings.</summary>
    public Page Block(params (string Name, object Value)[] values)
    {
        Line("```");
        foreach (var (name, value) in values)
        {
            Value(name, value);
        }

        return Line("```").Line();
    }

    /// <summary>A text as it stands, which ends with a line feed.</summary>
    public Page Verbatim(string text)
    {
        Line("```");
        _text.Append(text);
        return Line("```").Line();
    }

    public override string ToString() => _text.ToString();

    private void Value(string name, object value)
    {
        var text = value switch
        {
            byte[] bytes => Convert.ToHexStringLower(bytes),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
        if (name.Length + 2 + text.Length <= HexColumns)
        {
            Line($"{name}: {text}");
            return;
        }

        Line($"{name}:");
        foreach (var part in text.Chunk(HexColumns))
        {
            Line($"  {new string(part)}");
        }
    }

    private Page Line(string text = "")
    {
        if (text.Split('\n').Any(l => l.Length > 120))
        {
            throw new ArgumentException($"A line is longer than 120 characters: {text}", nameof(text));
        }

        _text.Append(text).Append('\n');
        return this;
    }
}
