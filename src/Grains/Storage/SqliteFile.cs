using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace FederationNode.Grains.Storage;

/// <summary>The SQLite file itself: created private to its owner, checked before anything is written to it.</summary>
internal static class SqliteFile
{
    /// <summary>Files up to this size are checked in full when they are opened (some 0.1 s): 64 MiB.</summary>
    public const long FullCheckBytes = 64L << 20;

    private const int HeaderBytes = 100;

    // https://sqlite.org/fileformat.html section 1.3.1
    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>
    /// Makes the file if there is none; its log and index files take over its mode. It comes into being as a database,
    /// in one step: an empty file is then one that was cut off later, and never the first moment of a new node.
    /// </summary>
    public static void CreateIfMissing(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var made = $"{path}.{Path.GetRandomFileName()}.new";
        try
        {
            CreatePrivate(made);
            WriteFirstPage(made);
            File.Move(made, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster, and its file is as good.
        }
        finally
        {
            File.Delete(made);
        }
    }

    /// <summary>
    /// Refuses what is not a SQLite file, without opening it as one: that alone could change it. An empty file is
    /// refused too. SQLite would take it for a new database, and the node would begin its log a second time.
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
        if (read < HeaderBytes || !header.StartsWith(Magic))
        {
            throw Damaged(connection, read == 0 ? "it is empty" : "its header is not that of a SQLite database");
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

    private static void CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    private static void WriteFirstPage(string path)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false };
        using var open = new SqliteConnection(settings.ToString());
        open.Open();
        using var command = open.CreateCommand();

        // With the write-ahead log from the start: two processes that changed over at once could each fail.
        command.CommandText = "PRAGMA journal_mode = WAL; VACUUM";
        command.ExecuteNonQuery();
    }

    private static StorageException Damaged(StorageConnection connection, string how) => new(
        StorageFault.Corrupt,
        $"{connection}: the file is damaged ({how.ReplaceLineEndings(" ")}) and was left as it is; "
            + "restore it from a copy.");
}
