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
        catch (IOException e) when (IsHeldByAnother(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{folder.LockFile} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>
    /// The share that another process did not grant is EWOULDBLOCK here (11, on Apple's systems 35), a sharing violation
    /// on Windows. A file system that takes no writes is another matter.
    /// </summary>
    private static bool IsHeldByAnother(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
