using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Rows of state under (kind, key), kept by Orleans' grain storage, so that one grain can keep several: a head row,
/// bundle rows, payload rows. Every write and clear is a compare-and-set on the row's ETag, and, unless said otherwise,
/// on disk when the task has completed.
/// </summary>
/// <remarks>
/// <para>Safe for concurrent use. On SQLite, which has one writer at a time, writers queue up here without holding a
/// thread, and the driver, which blocks, runs on the thread pool instead of on a grain's turn.</para>
/// <para>When a write or clear throws anything but <see cref="RowConflictException"/>, its outcome is unknown unless
/// <see cref="StorageException.Fault"/> tells: read the row again before going on.</para>
/// <para>A kind is a state name to Orleans. The provider does not tell apart two grain classes with equal state
/// names and keys, so kinds get a prefix of their own here.</para>
/// </remarks>
public sealed class RowStore : IRowReader, IDisposable
{
    /// <summary>The longest kind, in characters.</summary>
    public const int MaxKindLength = 64;

    /// <summary>
    /// The longest key, in UTF-16 characters: even when each of them takes 3 bytes, the key fits in PostgreSQL's
    /// index rows of 2,704 bytes.
    /// </summary>
    public const int MaxKeyLength = 512;

    // Orleans stores a key that looks like a number or a GUID as that number, so "ff" and "0ff" would be one row.
    // With this character in front, no key looks like one.
    internal const string KeyPrefix = ":";

    /// <summary>Stands before the kind, so that no grain's own state is taken for a row.</summary>
    internal const string KindPrefix = "row/";

    private const int KeysPerPage = 1000;

    private const int MaxWritersAtOnce = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly IGrainStorage _storage;
    private readonly IGrainStorage _unsynced;
    private readonly DbDataSource _database;
    private readonly StorageConnection _connection;
    private readonly SemaphoreSlim? _oneWriter;

    /// <summary>Creates a store over a provider that has been initialised, or will be before the first use.</summary>
    /// <param name="storage">Orleans' ADO.NET provider.</param>
    /// <param name="database">The database under that provider, for listing keys; not disposed here.</param>
    /// <param name="connection">The same database, for error texts.</param>
    /// <param name="unsynced">A provider over the same database whose commits need not be on disk yet, if there is one.</param>
    public RowStore(
        IGrainStorage storage, DbDataSource database, StorageConnection connection, IGrainStorage? unsynced = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(connection);
        _storage = storage;
        _unsynced = unsynced ?? storage;
        _database = database;
        _connection = connection;
        _oneWriter = connection.Engine == StorageEngine.Sqlite ? new SemaphoreSlim(1, 1) : null;
    }

    /// <summary>How many writes at the same time are quicker than one: PostgreSQL puts them on disk together.</summary>
    public int WritersAtOnce => _oneWriter is null ? MaxWritersAtOnce : 1;

    /// <summary>Whether writes go through.</summary>
    public StorageHealth Health { get; } = new();

    /// <summary>Reads a row; null when there is none.</summary>
    /// <typeparam name="T">The row's type, marked with MessagePack's attributes.</typeparam>
    /// <param name="kind">The kind: 1 to <see cref="MaxKindLength"/> of a-z, 0-9 and hyphen.</param>
    /// <param name="key">The key: 1 to <see cref="MaxKeyLength"/> characters, well-formed, without NUL.</param>
    /// <exception cref="CorruptStateException">The row is damaged.</exception>
    /// <exception cref="StorageException">The database failed.</exception>
    public async Task<StoredRow<T>?> ReadAsync<T>(string kind, string key)
    {
        var (stateName, id) = Address(kind, key);
        var state = new GrainState<T>();
        await ReadGuardedAsync(kind, key, () => _storage.ReadStateAsync(stateName, id, state)).ConfigureAwait(false);
        return state is { RecordExists: true, State: { } value, ETag: { } etag } ? new StoredRow<T>(value, etag) : null;
    }

    /// <summary>Writes a row.</summary>
    /// <typeparam name="T">The row's type, marked with MessagePack's attributes.</typeparam>
    /// <param name="kind">The kind, as in <see cref="ReadAsync"/>.</param>
    /// <param name="key">The key, as in <see cref="ReadAsync"/>.</param>
    /// <param name="value">The new state.</param>
    /// <param name="expectedETag">The ETag that the row must have now; null when it must not exist.</param>
    /// <returns>The row's new ETag.</returns>
    /// <exception cref="RowConflictException">The row does not have that ETag; nothing was written.</exception>
    /// <exception cref="StorageException">The database failed.</exception>
    public Task<string> WriteAsync<T>(string kind, string key, T value, string? expectedETag) =>
        WriteToAsync(_storage, kind, key, value, expectedETag);

    /// <summary>
    /// Writes a row that means nothing before another is written that refers to it: it is on disk, at the latest, when
    /// the next <see cref="WriteAsync"/> that begins after this has completed. Otherwise as that.
    /// </summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<string> WriteUnsyncedAsync<T>(string kind, string key, T value, string? expectedETag) =>
        WriteToAsync(_unsynced, kind, key, value, expectedETag);

    private async Task<string> WriteToAsync<T>(
        IGrainStorage storage, string kind, string key, T value, string? expectedETag)
    {
        ArgumentNullException.ThrowIfNull(value);
        CheckETag(expectedETag);
        var (stateName, id) = Address(kind, key);
        var state = new GrainState<T>(value, expectedETag) { RecordExists = expectedETag is not null };
        await WriteGuardedAsync(kind, key, expectedETag, () => storage.WriteStateAsync(stateName, id, state))
            .ConfigureAwait(false);
        return state.ETag!;
    }

    /// <summary>
    /// Removes a row. Afterwards it does not exist, and may be created anew; no ETag from before will ever fit it.
    /// </summary>
    /// <param name="kind">The kind, as in <see cref="ReadAsync"/>.</param>
    /// <param name="key">The key, as in <see cref="ReadAsync"/>.</param>
    /// <param name="expectedETag">The ETag that the row must have now.</param>
    /// <exception cref="RowConflictException">The row does not have that ETag; it was not removed.</exception>
    /// <exception cref="StorageException">The database failed.</exception>
    public Task ClearAsync(string kind, string key, string expectedETag)
    {
        ArgumentNullException.ThrowIfNull(expectedETag);
        CheckETag(expectedETag);
        var (stateName, id) = Address(kind, key);
        var state = new GrainState<Cleared>(new Cleared(), expectedETag) { RecordExists = true };
        return WriteGuardedAsync(kind, key, expectedETag, () => _storage.ClearStateAsync(stateName, id, state));
    }

    /// <summary>
    /// The keys of all rows of a kind, in the order of their UTF-8 bytes. Read page by page, not as of one moment: a
    /// key that is added or removed meanwhile may or may not appear. Meant for tools, not for a grain's turn.
    /// </summary>
    /// <param name="kind">The kind, as in <see cref="ReadAsync"/>.</param>
    /// <param name="beginning">Only keys that begin so, and are longer.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <exception cref="StorageException">The database failed.</exception>
    public async IAsyncEnumerable<string> ListKeysAsync(
        string kind,
        string beginning = "",
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        CheckKind(kind);
        var after = beginning.Length == 0 ? "" : KeyPrefix + beginning;
        while (true)
        {
            var page = await ReadPageAsync(kind, after, cancellation).ConfigureAwait(false);
            foreach (var key in page)
            {
                if (!key.AsSpan(KeyPrefix.Length).StartsWith(beginning, StringComparison.Ordinal))
                {
                    yield break;
                }

                yield return key[KeyPrefix.Length..];
            }

            if (page.Count < KeysPerPage)
            {
                yield break;
            }

            after = page[^1];
        }
    }

    /// <summary>
    /// Takes what was overwritten or cleared out of the files where the database keeps it for a while: on SQLite out of
    /// the write-ahead log, which is emptied. Writers wait meanwhile, for milliseconds. On PostgreSQL nothing is done: there
    /// the operator has the table written anew (docs/operations.md).
    /// </summary>
    /// <returns>False if somebody still reads an older state: try again later.</returns>
    /// <exception cref="StorageException">The database failed.</exception>
    public async Task<bool> PurgeAsync()
    {
        if (_oneWriter is null)
        {
            return true;
        }

        await _oneWriter.WaitAsync().ConfigureAwait(false);
        try
        {
            return await Task.Run(EmptyLogAsync).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            throw StorageFaults.Explain(_connection, e);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    private async Task<bool> EmptyLogAsync()
    {
        await using var open = await _database.OpenConnectionAsync().ConfigureAwait(false);
        await using var command = open.CreateCommand();

        // Writers must not wait for a slow reader. The next to open this connection sets its own patience again.
        command.CommandText = "PRAGMA busy_timeout = 20";
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        return await command.ExecuteScalarAsync().ConfigureAwait(false) is 0L;
    }

    /// <summary>Frees the queue of writers. Neither the provider nor the database is closed.</summary>
    public void Dispose() => _oneWriter?.Dispose();

    private async Task<List<string>> ReadPageAsync(string kind, string after, CancellationToken cancellation)
    {
        try
        {
            await using var open = await _database.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using var command = open.CreateCommand();
            command.CommandText = """
                SELECT GrainIdExtensionString FROM OrleansStorage
                WHERE ServiceId = @service AND GrainTypeString = @kind AND GrainIdExtensionString > @after
                  AND PayloadBinary IS NOT NULL
                ORDER BY GrainIdExtensionString LIMIT @limit
                """;
            RawRows.Add(command, "service", FederationStorage.ServiceId);
            RawRows.Add(command, "kind", KindPrefix + kind);
            RawRows.Add(command, "after", after);
            RawRows.Add(command, "limit", KeysPerPage);
            var keys = new List<string>();
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                keys.Add(reader.GetString(0));
            }

            return keys;
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            throw StorageFaults.Explain(_connection, e);
        }
    }

    /// <summary>
    /// Names the row in whatever shows that it is damaged: its bytes, its columns, or the page it lies on.
    /// </summary>
    private async Task ReadGuardedAsync(string kind, string key, Func<Task> read)
    {
        try
        {
            await GuardAsync(kind, key, null, read).ConfigureAwait(false);
        }
        catch (CorruptStateException e)
        {
            var etag = await ETagOfDamagedAsync(kind, key).ConfigureAwait(false);
            throw new CorruptStateException(kind, key, e.Reason, e, etag);
        }
        catch (StorageException e) when (e.Fault == StorageFault.Corrupt)
        {
            throw new CorruptStateException(
                kind, key, $"the database cannot read it ({e.InnerException?.Message.TrimEnd('.') ?? e.Message})", e);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException)
        {
            // SQLite lets anything stand in any column, and Orleans takes the version for a number.
            throw new CorruptStateException(kind, key, "its columns do not hold what they should", e);
        }
    }

    /// <summary>What overwrites a damaged row; null if the database does not even tell that.</summary>
    private async Task<string?> ETagOfDamagedAsync(string kind, string key)
    {
        try
        {
            return (await RawRows.ReadAsync(_database, kind, key).ConfigureAwait(false))?.ETag;
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            return null;
        }
    }

    private async Task WriteGuardedAsync(string kind, string key, string? expectedETag, Func<Task> write)
    {
        if (_oneWriter is not null)
        {
            await _oneWriter.WaitAsync().ConfigureAwait(false);
        }

        try
        {
            await GuardAsync(kind, key, expectedETag, write).ConfigureAwait(false);
            Health.Worked();
        }
        catch (StorageException failure) when (failure.Fault is not StorageFault.Busy)
        {
            Health.Failed(failure.Message);
            throw;
        }
        finally
        {
            _oneWriter?.Release();
        }
    }

    private async Task GuardAsync(string kind, string key, string? expectedETag, Func<Task> action)
    {
        try
        {
            await (_oneWriter is null ? action() : Task.Run(action)).ConfigureAwait(false);
        }
        catch (InconsistentStateException e)
        {
            throw new RowConflictException(kind, key, expectedETag, e);
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            throw StorageFaults.Explain(_connection, e);
        }
    }

    private static (string StateName, GrainId Id) Address(string kind, string key)
    {
        CheckKind(kind);
        CheckKey(key);
        return (KindPrefix + kind, GrainId.Create("row", KeyPrefix + key));
    }

    private static void CheckKind(string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        if (kind.Length > MaxKindLength
            || !kind.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            throw new ArgumentException($"A kind is 1 to {MaxKindLength} of a-z, 0-9 and hyphen.", nameof(kind));
        }
    }

    private static void CheckKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > MaxKeyLength || key.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"A key is 1 to {MaxKeyLength} characters without NUL.", nameof(key));
        }

        try
        {
            _ = StrictUtf8.GetByteCount(key);
        }
        catch (EncoderFallbackException e)
        {
            // Half a surrogate pair would be stored as U+FFFD, and different keys would become one.
            throw new ArgumentException("A key is well-formed UTF-16.", nameof(key), e);
        }
    }

    // Orleans takes a blank ETag for "must not exist", which nobody means by it.
    private static void CheckETag(string? etag)
    {
        if (etag is not null && !int.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new ArgumentException("The ETag is not one that this store has given.", nameof(etag));
        }
    }

    private sealed class Cleared;
}
