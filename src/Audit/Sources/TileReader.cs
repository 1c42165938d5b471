using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Sources;

/// <summary>A tile as it was found.</summary>
/// <param name="Bytes">Its bytes, or null if it is not there or its storage is damaged.</param>
/// <param name="Width">The width it was found with: 256 if the full tile stood in for a partial one.</param>
/// <param name="Error">Why there are no bytes.</param>
/// <param name="Row">What is wrong with the row that it is stored in, or null if there is no such row.</param>
/// <param name="IsGone">Whether that row is gone, and not damaged.</param>
internal readonly record struct TileRead(
    byte[]? Bytes, int Width, string? Error, string? Row = null, bool IsGone = false);

/// <summary>
/// Reads tiles; a partial tile that was deleted because it has been filled is taken out of the full one.
/// </summary>
internal sealed class TileReader(ILogSource source)
{
    public async Task<TileRead> ReadAsync(TilePath path, CancellationToken cancellationToken)
    {
        try
        {
            if (await source.ReadAsync(path.ToString(), cancellationToken) is { } bytes)
            {
                return new TileRead(bytes, path.Width, null);
            }

            if (path.Width < TilePath.FullWidth
                && await source.ReadAsync(
                    (path with { Width = TilePath.FullWidth }).ToString(), cancellationToken) is { } full)
            {
                return new TileRead(full, TilePath.FullWidth, null);
            }

            return new TileRead(null, path.Width, $"{path} is not there.");
        }
        catch (InvalidDataException e)
        {
            return new TileRead(null, path.Width, $"{path} cannot be read: {e.Message}", e.Message);
        }
        catch (MissingRowException e)
        {
            return new TileRead(null, path.Width, $"{path} is not there: {e.Message}", e.Message, IsGone: true);
        }
    }
}
