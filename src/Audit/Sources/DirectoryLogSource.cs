namespace FederationNode.Audit.Sources;

/// <summary>A log in a directory, as <see cref="LogExporter"/> writes it.</summary>
/// <param name="directory">The directory that holds <c>checkpoint</c>.</param>
/// <param name="origin">The log that it must be, or null.</param>
public sealed class DirectoryLogSource(string directory, string? origin = null) : ILogSource
{
    /// <inheritdoc/>
    public string Name { get; } = Path.GetFullPath(directory);

    /// <inheritdoc/>
    public string? Origin { get; } = origin;

    /// <inheritdoc/>
    public async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var file = Path.Combine([Name, .. path.Split('/')]);
        try
        {
            await using var stream = new FileStream(
                file,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 1,
                FileOptions.Asynchronous);
            return await SourceLimits.ReadAsync(stream, SourceLimits.MaxBytes(path, Origin), cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            // A folder where a file should be shows like this, too: the file is not there, then.
            return Directory.Exists(file) ? null : throw new IOException(e.Message, e);
        }
    }
}
