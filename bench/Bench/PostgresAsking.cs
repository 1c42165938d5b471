using FederationNode.Protocol;
using Npgsql;
using NpgsqlTypes;

namespace FederationNode.Bench;

/// <summary>Asks a PostgreSQL table for keys over one connection, with prepared statements.</summary>
internal sealed class PostgresAsking(NpgsqlDataSource source) : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection = source.OpenConnection();

    public int CountOneByOne(ReadOnlySpan<Hash256> keys)
    {
        using var command = new NpgsqlCommand("SELECT row FROM keys WHERE key = $1", _connection);
        var parameter = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = Array.Empty<byte>() };
        command.Parameters.Add(parameter);
        command.Prepare();
        var found = 0;
        foreach (ref readonly var key in keys)
        {
            parameter.Value = key.ToArray();
            found += command.ExecuteScalar() is int ? 1 : 0;
        }

        return found;
    }

    public int CountMany(ReadOnlySpan<Hash256> keys, int batch)
    {
        using var command = new NpgsqlCommand("SELECT key, row FROM keys WHERE key = ANY($1)", _connection);
        var parameter = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea, Value = Array.Empty<byte[]>() };
        command.Parameters.Add(parameter);
        command.Prepare();
        var found = 0;
        for (var start = 0; start < keys.Length; start += batch)
        {
            var part = keys.Slice(start, Math.Min(batch, keys.Length - start)).ToArray();
            parameter.Value = part.Select(key => key.ToArray()).ToArray();
            var distinct = new HashSet<Hash256>();
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                distinct.Add(new Hash256((byte[])reader[0]));
            }

            found += part.Count(distinct.Contains);
        }

        return found;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
