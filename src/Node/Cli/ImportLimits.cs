using System.Globalization;

namespace FederationNode.Node.Cli;

/// <summary>What an import takes at most: a file is read as a stream, so that memory is needed for a line.</summary>
/// <param name="LineLength">Characters of a line (a row, whose quoted fields may have line breaks in them).</param>
/// <param name="Lines">Lines of a file, the header and blank ones included.</param>
internal sealed record ImportLimits(int LineLength, int Lines)
{
    /// <summary>The limits of the program, samples/README.md.</summary>
    public static readonly ImportLimits Standard = new(65_536, 10_000_000);
}

/// <summary>
/// Hands on the text of a CSV file, and stops where a line or the file becomes longer than an import takes: a parser
/// alone would gather an endless line in memory. A line ends at a line break that stands in no quoted field.
/// </summary>
/// <param name="inner">The text; disposed with this object.</param>
/// <param name="limits">What is taken at most.</param>
/// <param name="refuse">Makes the exception for a line, by its number from 1, and what is wrong with it.</param>
internal sealed class BoundedLines(TextReader inner, ImportLimits limits, Func<int, string, Exception> refuse)
    : TextReader
{
    private int _line = 1;
    private int _start = 1;
    private int _length;
    private bool _quoted;
    private bool _afterReturn;

    /// <inheritdoc/>
    public override int Peek() => inner.Peek();

    /// <inheritdoc/>
    public override int Read()
    {
        var character = inner.Read();
        if (character >= 0)
        {
            Count((char)character);
        }

        return character;
    }

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override int Read(Span<char> buffer)
    {
        var read = inner.Read(buffer);
        foreach (var character in buffer[..read])
        {
            Count(character);
        }

        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Count(char character)
    {
        var isSecondHalf = _afterReturn && character == '\n';
        _afterReturn = character == '\r';
        if (isSecondHalf)
        {
            return;
        }

        if (_line > limits.Lines)
        {
            throw refuse(_line, string.Create(
                CultureInfo.InvariantCulture, $"a file has at most {limits.Lines:N0} lines: import it in parts"));
        }

        var isBreak = character is '\r' or '\n';
        _line += isBreak ? 1 : 0;
        _quoted ^= character == '"';
        if (isBreak && !_quoted)
        {
            (_start, _length) = (_line, 0);
        }
        else if (++_length > limits.LineLength)
        {
            throw refuse(_start, string.Create(
                CultureInfo.InvariantCulture,
                $"it has more than {limits.LineLength:N0} characters; {Hint}"));
        }
    }

    private string Hint => _quoted ? "a quotation mark is perhaps not closed" : "this is perhaps no list of indicators";
}
