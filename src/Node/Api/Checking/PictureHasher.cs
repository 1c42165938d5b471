using FederationNode.Contracts;
using FederationNode.Matching.Images;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// Hashes pictures, so many at a time that the memory for their pixels is bounded: 40 million pixels take 160 MB, in a
/// progressive JPEG 400 MB. Safe from any thread.
/// </summary>
internal sealed class PictureHasher : IDisposable
{
    private const int MostAtOnce = 4;

    private static readonly ImageLimits s_limits = new()
    {
        MaxFileBytes = Limits.MaxCheckImage,
        MaxPixels = Limits.MaxCheckPixels,
    };

    // Half of the processors: texts are to be checked, too.
    private readonly SemaphoreSlim _free = new(Math.Clamp(Environment.ProcessorCount / 2, 1, MostAtOnce));

    /// <summary>Hashes a picture when its turn comes.</summary>
    /// <param name="file">A JPEG, PNG or WebP file.</param>
    /// <param name="cancellationToken">Ends the wait; a picture that is being hashed is finished.</param>
    /// <returns>The hashes, or what is wrong with the file.</returns>
    public async Task<(PdqResult? Picture, string? Error)> HashAsync(
        ReadOnlyMemory<byte> file, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () => PdqImage.TryHash(file.Span, s_limits, out var picture, out var error) ? (picture, null) : ((PdqResult?)null, error),
                CancellationToken.None);
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose() => _free.Dispose();
}
