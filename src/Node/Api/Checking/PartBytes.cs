using System.Buffers;

namespace FederationNode.Node.Api.Checking;

/// <summary>The bytes of one part of a form, in memory that is wiped when it is given back.</summary>
internal sealed class PartBytes : IDisposable
{
    private const int FirstLength = 64 * 1024;

    private byte[] _bytes;
    private int _length;

    private PartBytes() => _bytes = ArrayPool<byte>.Shared.Rent(FirstLength);

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, _length);

    /// <summary>Reads a part; null if it is longer than <paramref name="most"/> bytes.</summary>
    public static async Task<PartBytes?> ReadAsync(Stream body, int most, CancellationToken cancellationToken)
    {
        var part = new PartBytes();
        var isWhole = false;
        try
        {
            while (true)
            {
                part.Grow(most + 1);
                var read = await body.ReadAsync(
                    part._bytes.AsMemory(part._length, Math.Min(part._bytes.Length, most + 1) - part._length), cancellationToken);
                part._length += read;
                if (part._length > most)
                {
                    return null;
                }

                if (read == 0)
                {
                    isWhole = true;
                    return part;
                }
            }
        }
        finally
        {
            if (!isWhole)
            {
                part.Dispose();
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
        (_bytes, _length) = ([], 0);
    }

    private void Grow(int most)
    {
        if (_length < _bytes.Length)
        {
            return;
        }

        var longer = ArrayPool<byte>.Shared.Rent(Math.Min(most, 2 * _bytes.Length));
        _bytes.CopyTo(longer, 0);
        ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
        _bytes = longer;
    }
}
