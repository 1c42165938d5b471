using System.Data.Common;

namespace FederationNode.Grains.Storage;

/// <summary>The SQLite file itself: created private to its owner, checked before anything is written to it.</summary>
internal static class SqliteFile
{
    /// <summary>Files up to this size are checked in full when they are opened (some 0.1 s): 64 MiB.</summary>
    public const long FullCheckBytes = 64L << 20;

    private const int HeaderBytes = 100;

    // https://sqlite.org/fileformat.html section 1.3.1
    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Makes the file if there is none; its log and index files take over its mode.</summary>
    public static void CreateIfMissing(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var options = new FileStreamOptions
        {
            // Another process may have been faster, so an existing file is left as it is.
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    /// <summary>
    /// Refuses what is not a SQLite file, without opening it as one: that alone could change it. An empty file is
    /// good: it is what a first start leaves behind that was cut off.
    /// </summary>
    /// <exception cref="StorageException">The file is missing or no database.</exception>
    public static void CheckHeader(StorageConnection connection)
    {
        var file = new FileInfo(connection.FilePath!);
        if (!file.Exists)
        {
            throw new StorageException(
                StorageFault.Unavailable,
                $"{connection}: there is no such file; a node makes it when it is started for the first time.");
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var read = stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        if (read > 0 && (read < HeaderBytes || !header.StartsWith(Magic)))
        {
            throw Damaged(connection, "its header is not that of a SQLite database");
        }
    }

    /// <summary>
    /// Refuses a file that cannot be written: SQLite would open it for reading, and the node would start, only to fail
    /// at the first entry.
    /// </summary>
    /// <exception cref="StorageException">The file may not be written.</exception>
    public static void CheckWritable(StorageConnection connection)
    {
        try
        {
            using var file = new FileStream(
                connection.FilePath!, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageFault.Denied,
                $"{connection}: it may not be written; check the owner and mode of the file and its folder, and how its "
                    + $"file system is mounted ({e.Message.TrimEnd('.')}).",
                e);
        }
    }

    /// <summary>
    /// Lets SQLite check the structure: all pages of a file up to <see cref="FullCheckBytes"/>, only the table of
    /// contents of a larger one, since the check reads everything and a node must start within seconds.
    /// </summary>
    /// <exception cref="StorageException">SQLite found damage.</exception>
    public static async Task CheckStructureAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        using var command = open.CreateCommand();
        command.CommandText = new FileInfo(connection.FilePath!).Length <= FullCheckBytes
            ? "PRAGMA quick_check(1)"
            : "SELECT CASE WHEN COUNT(*) >= 0 THEN 'ok' END FROM sqlite_master";
        var verdict = await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string;
        if (verdict != "ok")
        {
            throw Damaged(connection, verdict ?? "the check gave no answer");
        }
    }

    private static StorageException Damaged(StorageConnection connection, string how) => new(
        StorageFault.Corrupt,
        $"{connection}: the file is damaged ({how.ReplaceLineEndings(" ")}) and was left as it is; "
            + "restore it from a copy.");
}
