namespace FederationNode.Node.Cli.Tagging;

/// <summary>A line of a file as it stands there, without its break.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Text">The text; of a line that is too long, its beginning.</param>
/// <param name="IsCut">Whether the line is longer than is read.</param>
internal readonly record struct PhysicalLine(long Number, string Text, bool IsCut);

/// <summary>Reads a text line by line without ever holding more than a line, whatever comes.</summary>
/// <param name="inner">The text; disposed with this object.</param>
/// <param name="maxLength">Characters of a line that are kept.</param>
internal sealed class PhysicalLines(TextReader inner, int maxLength) : IDisposable
{
    private readonly char[] _buffer = new char[16_384];
    private readonly System.Text.StringBuilder _line = new();
    private int _at;
    private int _end;
    private long _number;
    private bool _afterReturn;

    /// <summary>The next line, or null at the end.</summary>
    public async ValueTask<PhysicalLine?> ReadAsync(CancellationToken cancel)
    {
        _line.Clear();
        var (any, cut) = (false, false);
        while (_at < _end || await FillAsync(cancel))
        {
            var character = _buffer[_at++];
            var isSecondHalf = _afterReturn && character == '\n';
            _afterReturn = character == '\r';
            if (isSecondHalf)
            {
                continue;
            }

            any = true;
            if (character is '\r' or '\n')
            {
                return new PhysicalLine(++_number, _line.ToString(), cut);
            }

            cut |= _line.Length == maxLength;
            if (!cut)
            {
                _line.Append(character);
            }
        }

        return any ? new PhysicalLine(++_number, _line.ToString(), cut) : null;
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    // A terminal or pipe is not left by a cancelled read, so the reading is left behind instead.
    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        (_at, _end) = (0, await inner.ReadAsync(_buffer.AsMemory(), cancel).AsTask().WaitAsync(cancel));
        return _end > 0;
    }
}
