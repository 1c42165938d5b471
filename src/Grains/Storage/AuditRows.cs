using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace FederationNode.Grains.Storage;

/// <summary>
/// The rows of a stopped node for an auditor. They are read past Orleans, whose queries in the database may have been
/// changed, too; every row is listed, whatever it is; and a row with a wrong checksum is decoded all the same where it
/// can be, so that the trees show which entry was changed. Nothing is written.
/// </summary>
public sealed class AuditRows : IRowReader, IAsyncDisposable
{
    private readonly StorageConnection _connection;
    private readonly DbDataSource _database;

    private AuditRows(StorageConnection connection, IReadOnlyList<string> changedQueries)
    {
        _connection = connection;
        _database = connection.CreateDataSource();
        ChangedQueries = changedQueries;
    }

    /// <summary>The keys of the rows of OrleansQuery that are not as this program writes them.</summary>
    public IReadOnlyList<string> ChangedQueries { get; }

    /// <summary>The same rows for a reader who takes no damaged one.</summary>
    public IRowReader Strict => new StrictRows(this);

    /// <summary>Opens the state of an existing node. The schema is checked, not changed.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="StorageException">
    /// There is no such database, or it is damaged, or has another schema version.
    /// </exception>
    public static async Task<AuditRows> OpenAsync(
        StorageConnection connection, CancellationToken cancellation = default) =>
        new(connection, await SchemaMigrator.VerifyForAuditAsync(connection, cancellation).ConfigureAwait(false));

    /// <summary>
    /// Reads a row; null when there is none. A row without content is damaged here: the node writes none.
    /// </summary>
    /// <inheritdoc/>
    public async Task<StoredRow<T>?> ReadAsync<T>(string kind, string key)
    {
        if (await ReadRawAsync(kind, key).ConfigureAwait(false) is not { } raw)
        {
            return null;
        }

        if (raw.Payload is null)
        {
            throw new CorruptStateException(kind, key, raw.Fault!);
        }

        try
        {
            var value = MessagePackGrainStorageSerializer.DeserializeForAudit<T>(raw.Payload, out var damage);
            return new StoredRow<T>(value, raw.ETag ?? "", damage ?? raw.Fault);
        }
        catch (CorruptStateException e)
        {
            throw new CorruptStateException(kind, key, e.Reason, e, raw.ETag);
        }
    }

    /// <summary>
    /// Reads a row as it was before one byte of it was changed, or null if that does not explain the damage.
    /// </summary>
    /// <typeparam name="T">The row's type.</typeparam>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="isSound">Whether this is what the row held: a checksum alone can be right by chance.</param>
    public async Task<MendedRow<T>?> ReadMendedAsync<T>(string kind, string key, Func<T, bool> isSound)
    {
        ArgumentNullException.ThrowIfNull(isSound);
        var raw = await ReadRawAsync(kind, key).ConfigureAwait(false);
        return raw?.Payload is { } bytes ? Mend(bytes, isSound) : null;
    }

    /// <summary>The only row of a kind whose key begins so; null if there is none, or more than one.</summary>
    /// <param name="kind">The rows' kind.</param>
    /// <param name="beginning">How the key begins, up to a bar.</param>
    public async Task<string?> FindOnlyAsync(string kind, string beginning)
    {
        ArgumentException.ThrowIfNullOrEmpty(beginning);
        await using var open = await GuardAsync(() => _database.OpenConnectionAsync().AsTask()).ConfigureAwait(false);
        await using var command = open.CreateCommand();
        command.CommandText = """
            SELECT GrainIdExtensionString FROM OrleansStorage
            WHERE ServiceId = @service AND GrainTypeString = @kind
              AND GrainIdExtensionString >= @from AND GrainIdExtensionString < @end LIMIT 2
            """;
        RawRows.Add(command, "service", FederationStorage.ServiceId);
        RawRows.Add(command, "kind", RowStore.KindPrefix + kind);
        RawRows.Add(command, "from", RowStore.KeyPrefix + beginning);

        // The character behind the bar.
        RawRows.Add(command, "end", RowStore.KeyPrefix + beginning[..^1] + '}');
        await using var reader = await GuardAsync(() => command.ExecuteReaderAsync()).ConfigureAwait(false);
        var found = await GuardAsync(() => reader.ReadAsync()).ConfigureAwait(false) ? reader.GetString(0) : null;
        return found is not null && !await GuardAsync(() => reader.ReadAsync()).ConfigureAwait(false)
            ? found[RowStore.KeyPrefix.Length..]
            : null;
    }

    /// <summary>Every row that there is, by kind and key, or every row of a kind.</summary>
    /// <param name="kind">The kind, or null for all.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <exception cref="StorageException">
    /// The database failed; where it is damaged, other kinds may still be listed.
    /// </exception>
    public async IAsyncEnumerable<RowPlace> ListAsync(
        string? kind = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var open = await GuardAsync(() => _database.OpenConnectionAsync(cancellation).AsTask())
            .ConfigureAwait(false);
        await using var command = open.CreateCommand();
        MakeListing(command, kind);
        await using var reader = await GuardAsync(() => command.ExecuteReaderAsync(cancellation)).ConfigureAwait(false);
        while (await GuardAsync(() => reader.ReadAsync(cancellation)).ConfigureAwait(false))
        {
            yield return PlaceOf(reader);
        }
    }

    /// <summary>Closes all connections.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private void MakeListing(DbCommand command, string? kind)
    {
        var wanted = new List<string>();
        if (kind is not null || _connection.Engine == StorageEngine.Postgres)
        {
            // A PostgreSQL database may hold other programs' grains as well; a SQLite file is the node's alone.
            wanted.Add("ServiceId = @service");
            RawRows.Add(command, "service", FederationStorage.ServiceId);
        }

        if (kind is not null)
        {
            wanted.Add("GrainTypeString = @kind");
            RawRows.Add(command, "kind", RowStore.KindPrefix + kind);
        }

        // In the order of the one index, which has all that is asked for.
        command.CommandText = $"""
            SELECT ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1 FROM OrleansStorage
            {(wanted.Count == 0 ? "" : "WHERE " + string.Join(" AND ", wanted))}
            ORDER BY ServiceId, GrainTypeString, GrainIdExtensionString
            """;
    }

    private static MendedRow<T>? Mend<T>(byte[] row, Func<T, bool> isSound)
    {
        foreach (var (mended, at) in ByteMending.Candidates(row))
        {
            try
            {
                var value = MessagePackGrainStorageSerializer.DeserializeForAudit<T>(mended, out _);
                if (isSound(value))
                {
                    return new MendedRow<T>(value, mended, at);
                }
            }
            catch (CorruptStateException)
            {
                // By chance the checksum fits here, too.
            }
        }

        return null;
    }

    private static RowPlace PlaceOf(DbDataReader row)
    {
        string Text(int column) => Convert.ToString(row.GetValue(column), CultureInfo.InvariantCulture) ?? "";
        var (kind, key) = (Text(1), Text(2));
        return Text(0) == FederationStorage.ServiceId && Text(3) == "0" && Text(4) == "0"
            && kind.StartsWith(RowStore.KindPrefix, StringComparison.Ordinal)
            && key.StartsWith(RowStore.KeyPrefix, StringComparison.Ordinal)
                ? new RowPlace(kind[RowStore.KindPrefix.Length..], key[RowStore.KeyPrefix.Length..], IsOurs: true)
                : new RowPlace(kind, key, IsOurs: false);
    }

    private async Task<RawRow?> ReadRawAsync(string kind, string key)
    {
        try
        {
            return await RawRows.ReadAsync(_database, kind, key).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            var failure = StorageFaults.Explain(_connection, e);
            throw failure.Fault == StorageFault.Corrupt
                ? new CorruptStateException(kind, key, failure.Message.TrimEnd('.'), failure)
                : failure;
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            throw StorageFaults.Explain(_connection, e);
        }
    }

    private sealed class StrictRows(AuditRows rows) : IRowReader
    {
        public async Task<StoredRow<T>?> ReadAsync<T>(string kind, string key)
        {
            var row = await rows.ReadAsync<T>(kind, key).ConfigureAwait(false);
            return row?.Damage is { } damage ? throw new CorruptStateException(kind, key, damage) : row;
        }
    }
}

/// <summary>A row as it was before one byte of it was changed.</summary>
/// <typeparam name="T">The type of its state.</typeparam>
/// <param name="Value">The state.</param>
/// <param name="Bytes">The row's bytes as they were.</param>
/// <param name="At">Which byte was changed.</param>
public sealed record MendedRow<T>(T Value, byte[] Bytes, int At)
{
    /// <summary>What that says, without a full stop.</summary>
    public string Finding => string.Create(
        CultureInfo.InvariantCulture, $"it fits if byte {At} is 0x{Bytes[At]:x2}, and the audit goes on with that");
}

/// <summary>Where a row stands.</summary>
/// <param name="Kind">Its kind; of a row that is not the node's, whatever stands in that column.</param>
/// <param name="Key">Its key; likewise.</param>
/// <param name="IsOurs">Whether the node could have written a row at such a place.</param>
public sealed record RowPlace(string Kind, string Key, bool IsOurs);
