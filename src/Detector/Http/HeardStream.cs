namespace FederationNode.Detector.Http;

/// <summary>
/// A stream that tells when something came, gives up when nothing does for long, and bounds what comes between two
/// moments at which its reader was content.
/// </summary>
/// <param name="inner">The stream; closed with this one.</param>
/// <param name="silence">Without a byte for so long, reading fails.</param>
/// <param name="budget">Bytes at most until <see cref="Renew"/>.</param>
/// <param name="heard">Told whenever something came.</param>
/// <param name="clock">Measures the silence.</param>
internal sealed class HeardStream(Stream inner, TimeSpan silence, long budget, Action heard, TimeProvider clock) : Stream
{
    private readonly long _budget = budget;
    private long _left = budget;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What came so far was good: as much again may come.</summary>
    public void Renew() => _left = _budget;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var quiet = new CancellationTokenSource(silence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellationToken);
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException) when (quiet.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing came from the node for {silence.TotalSeconds:0.#} s.");
        }

        if (read > 0)
        {
            heard();
            _left -= read;
        }

        return _left >= 0
            ? read
            : throw new InvalidDataException($"The node sent more than {_budget} bytes that made no whole page.");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
