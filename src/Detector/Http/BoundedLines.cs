namespace FederationNode.Detector.Http;

/// <summary>Reads lines that end with 0x0A, each of bounded length. Memory is bounded by the longest line.</summary>
/// <param name="stream">What to read; not closed.</param>
/// <param name="maxLine">Bytes of a line, without its end.</param>
internal sealed class BoundedLines(Stream stream, int maxLine)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line without its end, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">A line is too long, or the stream ends within one.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var looked = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = _buffer.AsMemory(_start, looked + found);
                _start += looked + found + 1;
                return line;
            }

            looked = _end - _start;
            if (looked > maxLine)
            {
                throw new InvalidDataException($"A line of the answer has more than {maxLine} bytes.");
            }

            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return looked == 0 ? null : throw new InvalidDataException("The answer ends within a line.");
            }

            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        var left = _buffer.AsSpan(_start, _end - _start);
        var into = left.Length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        left.CopyTo(into);
        (_buffer, _start, _end) = (into, 0, left.Length);
    }
}
