namespace FederationNode.Node.Api.Problems;

/// <summary>A stream has more bytes than its reader takes.</summary>
internal sealed class BoundedStreamException() : IOException("The stream is longer than its reader takes.");

/// <summary>Passes on at most so many bytes of a stream, which it leaves open.</summary>
internal sealed class BoundedStream(Stream inner, long most) : ReadOnlyStream
{
    private long _left = most;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _left -= read;
        return _left >= 0 ? read : throw new BoundedStreamException();
    }
}
