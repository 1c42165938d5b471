namespace FederationNode.Node.Folder;

/// <summary>Keeps a second process off a node's folder, for as long as this object lives; a crash frees it.</summary>
public sealed class NodeLock : IDisposable
{
    private readonly FileStream _file;

    private NodeLock(FileStream file) => _file = file;

    /// <summary>Takes the folder, or returns null if a node runs on it.</summary>
    /// <exception cref="NodeFolderException">The lock file cannot be opened for another reason.</exception>
    public static NodeLock? TryTake(NodeFolder folder)
    {
        try
        {
            return new NodeLock(new FileStream(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{folder.LockFile} cannot be opened: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
