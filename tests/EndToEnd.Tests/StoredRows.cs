using FederationNode.Grains.Storage;
using Microsoft.Data.Sqlite;

namespace FederationNode.EndToEnd.Tests;

/// <summary>The rows of a node's database as somebody with an SQLite shell sees and changes them.</summary>
internal sealed class StoredRows
{
    private static readonly MessagePackGrainStorageSerializer Serializer = new();

    private readonly string _connection;

    private StoredRows(string file, bool write) => _connection = new SqliteConnectionStringBuilder
    {
        DataSource = file,
        Mode = write ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly,
        Pooling = false,
    }.ToString();

    public static StoredRows OfFolder(string folder, bool write = false) => new(Path.Combine(folder, "node.db"), write);

    /// <summary>The kinds of which there are rows.</summary>
    public IReadOnlyList<string> Kinds()
    {
        using var open = Open();
        using var command = open.CreateCommand();
        command.CommandText = "SELECT DISTINCT GrainTypeString FROM OrleansStorage ORDER BY 1";
        using var reader = command.ExecuteReader();
        var kinds = new List<string>();
        while (reader.Read())
        {
            kinds.Add(reader.GetString(0)["row/".Length..]);
        }

        return kinds;
    }

    /// <summary>All rows of a kind, by key.</summary>
    public IReadOnlyDictionary<string, byte[]> ReadAll(string kind)
    {
        using var open = Open();
        using var command = Command(
            open, "SELECT GrainIdExtensionString, PayloadBinary FROM OrleansStorage WHERE GrainTypeString = $kind", kind);
        using var reader = command.ExecuteReader();
        var rows = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        while (reader.Read())
        {
            rows[reader.GetString(0)[1..]] = (byte[])reader[1];
        }

        return rows;
    }

    /// <summary>The one key of this kind that begins so.</summary>
    public string KeyOf(string kind, string beginning) =>
        ReadAll(kind).Keys.Single(k => k == beginning || k.StartsWith(beginning + "|", StringComparison.Ordinal));

    public byte[] Read(string kind, string key) => ReadAll(kind)[KeyOf(kind, key)];

    public T Read<T>(string kind, string key) => Decode<T>(Read(kind, key));

    /// <summary>Whether a row is sound.</summary>
    public bool Decodes<T>(string kind, string key)
    {
        try
        {
            Read<T>(kind, key);
            return true;
        }
        catch (CorruptStateException)
        {
            return false;
        }
    }

    public static T Decode<T>(byte[] row) => Serializer.Deserialize<T>(new BinaryData(row));

    public void Write(string kind, string key, byte[] row) =>
        Change("UPDATE OrleansStorage SET PayloadBinary = $row", kind, key, row);

    /// <summary>Writes a row with the checksum that it must have.</summary>
    public void Write<T>(string kind, string key, T row) => Write(kind, key, Serializer.Serialize(row).ToArray());

    public void Delete(string kind, string key) =>
        Change("DELETE FROM OrleansStorage", kind, key, []);

    /// <summary>Takes the content away and leaves the row.</summary>
    public void Empty(string kind, string key) =>
        Change("UPDATE OrleansStorage SET PayloadBinary = NULL", kind, key, []);

    /// <summary>Deletes a row, takes its content (null), empties it, cuts it, or flips a bit in its middle.</summary>
    public void Damage(string how, string kind, string key)
    {
        switch (how)
        {
            case "delete":
                Delete(kind, key);
                return;
            case "null":
                Empty(kind, key);
                return;
        }

        var row = Read(kind, key);
        if (how == "flip")
        {
            row[row.Length / 2] ^= 0x10;
        }

        Write(kind, key, how switch
        {
            "truncate" => row[..(row.Length / 3)],
            "empty" => [],
            _ => row,
        });
    }

    /// <summary>Runs a statement of one's own.</summary>
    public int Execute(string sql)
    {
        using var open = Open();
        using var command = open.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    public void Swap((string Kind, string Key) left, (string Kind, string Key) right)
    {
        var (l, r) = (Read(left.Kind, left.Key), Read(right.Kind, right.Key));
        Write(left.Kind, left.Key, r);
        Write(right.Kind, right.Key, l);
    }

    private void Change(string sql, string kind, string key, byte[] row)
    {
        var whole = KeyOf(kind, key);
        using var open = Open();
        using var command = Command(open, sql + " WHERE GrainTypeString = $kind AND GrainIdExtensionString = $key", kind);
        command.Parameters.AddWithValue("$key", ":" + whole);
        command.Parameters.AddWithValue("$row", row);
        if (command.ExecuteNonQuery() != 1)
        {
            throw new InvalidOperationException($"There is no one row {kind} {key}.");
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection open, string sql, string kind)
    {
        var command = open.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$kind", "row/" + kind);
        return command;
    }
}
