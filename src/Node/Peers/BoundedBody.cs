namespace FederationNode.Node.Peers;

/// <summary>Reads a body of unknown honesty.</summary>
internal static class BoundedBody
{
    private const int ChunkSize = 16 * 1024;

    /// <summary>
    /// Reads to the end, or null as soon as there are more than <paramref name="limit"/> bytes. Memory grows with what
    /// really came, not with what was announced.
    /// </summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(
        Stream body, int limit, CancellationToken cancellationToken)
    {
        var read = new MemoryStream();
        var chunk = new byte[Math.Min(limit + 1, ChunkSize)];
        while (await body.ReadAsync(chunk, cancellationToken) is > 0 and var count)
        {
            if (read.Length + count > limit)
            {
                return null;
            }

            read.Write(chunk, 0, count);
        }

        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}
