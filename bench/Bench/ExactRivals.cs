using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using FederationNode.Matching.Exact;
using FederationNode.Protocol;
using FederationNode.TestSupport;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace FederationNode.Bench;

/// <summary>
/// Is this 32-byte key on the list, and in which row? Our index beside a dictionary, Redis, SQLite and PostgreSQL, one
/// client, one core (the servers take the other one), the same keys in the same rounds. Half of what is asked is listed.
/// </summary>
internal static class ExactRivals
{
    private const int Rounds = 5;
    private const int Lookups = 2_000_000;
    private const int Batch = 1_000;

    /// <summary>More are not loaded into a database: it takes long, and makes it no faster.</summary>
    private const int DatabaseKeys = 3_000_000;

    public static async Task RunAsync(int count)
    {
        var random = new Random(1);
        var keys = GC.AllocateUninitializedArray<Hash256>(count);
        Fill(keys, random);
        var asked = new Asked(keys, Lookups, random);
        var index = Build(keys);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"bytes a key: {(double)index.Bytes / count:0.0}, beyond the {Hash256.Size} of the row that holds it"));
        var dictionary = BuildDictionary(keys);
        var listed = Math.Min(count, DatabaseKeys);
        var few = new Asked(keys.AsSpan(0, listed), 200_000, random);
        if (listed < count)
        {
            Console.WriteLine($"the databases hold the first {listed:N0} of the keys");
        }

        using var redis = await LoadRedisAsync(keys.AsMemory(0, listed));
        using var sqlite = LoadSqlite(keys.AsSpan(0, listed));
        await using var postgres = await LoadPostgresAsync(keys.AsMemory(0, listed));
        await using var commands = postgres is null ? null : new PostgresAsking(postgres);
        var figures = new Dictionary<string, List<double>>();
        for (var round = 0; round <= Rounds; round++)
        {
            // The first round only warms up.
            Measure("ours, one by one", asked.Keys.Length, () => CountOneByOne(index, asked.Keys), asked.Listed);
            Measure("ours, 1,000 at a time", asked.Keys.Length, () => CountMany(index, asked.Keys), asked.Listed);
            Measure("  all of them listed", asked.Hits.Length, () => CountMany(index, asked.Hits), asked.Hits.Length);
            Measure("  none of them listed", asked.Misses.Length, () => CountMany(index, asked.Misses), 0);
            Measure("beside: Dictionary<Hash256, int>", asked.Keys.Length, () => CountIn(dictionary, asked.Keys), asked.Listed);
            if (redis is not null)
            {
                MeasureFew("beside: Redis SISMEMBER", 20_000, sample => redis.CountMembers(sample.Span, 1));
                MeasureFew("beside: Redis SISMEMBER, 16 at a time", 192_000, sample => redis.CountMembers(sample.Span, 16));
            }

            MeasureFew("beside: SQLite, in memory", 100_000, sample => CountIn(sqlite, sample.Span));
            if (commands is not null)
            {
                MeasureFew("beside: PostgreSQL, prepared", 5_000, sample => commands.CountOneByOne(sample.Span));
                MeasureFew("beside: PostgreSQL, = ANY of 1,000", 50_000, sample => commands.CountMany(sample.Span, Batch));
            }

            void MeasureFew(string what, int size, Func<ReadOnlyMemory<Hash256>, int> count)
            {
                var sample = few.Keys.AsMemory(0, size);
                Measure(what, size, () => count(sample), size / 2);
            }

            void Measure(string what, int lookups, Func<int> count, int expected)
            {
                var watch = Stopwatch.StartNew();
                var found = count();
                var rate = lookups / watch.Elapsed.TotalSeconds;
                if (found != expected)
                {
                    throw new InvalidOperationException($"{what}: found {found} of {expected} keys.");
                }

                if (round > 0)
                {
                    figures.TryAdd(what, []);
                    figures[what].Add(rate);
                }
            }
        }

        foreach (var (what, rates) in figures)
        {
            Figure.Print(what, "/s", rates);
            if (what.StartsWith("beside", StringComparison.Ordinal))
            {
                Figure.PrintRatio("  ours at 1,000 at a time to it", figures["ours, 1,000 at a time"], rates);
            }
        }
    }

    private static void Fill(Span<Hash256> keys, Random random)
    {
        for (; keys.Length > 0; keys = keys[Math.Min(keys.Length, 1 << 20)..])
        {
            random.NextBytes(MemoryMarshal.AsBytes(keys[..Math.Min(keys.Length, 1 << 20)]));
        }
    }

    private static ExactIndex Build(Hash256[] keys)
    {
        var (grown, sized) = (new List<double>(), new List<double>());
        ExactIndex? index = null;
        var longest = 0L;
        for (var round = 0; round < 3; round++)
        {
            foreach (var (capacity, figures) in new[] { (keys.Length, sized), (0, grown) })
            {
                // The one that grew stays: it is what a node has.
                index = null;
                GC.Collect();
                var watch = Stopwatch.StartNew();
                index = new ExactIndex(12345, new KeyArray(keys), capacity);
                for (var i = 0; i < keys.Length; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    index.Set(keys[i], i);
                    longest = Math.Max(longest, Stopwatch.GetTimestamp() - start);
                }

                figures.Add(keys.Length / watch.Elapsed.TotalSeconds);
            }
        }

        Figure.Print("ours: additions, room made at once", "/s", sized);
        Figure.Print("ours: additions, growing", "/s", grown);
        Console.WriteLine($"the longest addition took {1_000 * longest / Stopwatch.Frequency:N0} ms");
        return index!;
    }

    private static Dictionary<Hash256, int> BuildDictionary(Hash256[] keys)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var dictionary = new Dictionary<Hash256, int>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            dictionary.Add(keys[i], i);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"beside: Dictionary: {(double)(GC.GetTotalMemory(forceFullCollection: true) - before) / keys.Length:0.0} bytes a key, which it holds once more"));
        return dictionary;
    }

    private static int CountOneByOne(ExactIndex index, ReadOnlySpan<Hash256> keys)
    {
        var found = 0;
        foreach (ref readonly var key in keys)
        {
            found += index.TryGet(key, out _) ? 1 : 0;
        }

        return found;
    }

    private static int CountMany(ExactIndex index, ReadOnlySpan<Hash256> keys)
    {
        Span<int> rows = stackalloc int[Batch];
        var found = 0;
        for (var start = 0; start < keys.Length; start += Batch)
        {
            found += index.TryGetMany(keys.Slice(start, Math.Min(Batch, keys.Length - start)), rows);
        }

        return found;
    }

    private static int CountIn(Dictionary<Hash256, int> dictionary, ReadOnlySpan<Hash256> keys)
    {
        var found = 0;
        foreach (ref readonly var key in keys)
        {
            found += dictionary.TryGetValue(key, out _) ? 1 : 0;
        }

        return found;
    }

    private static int CountIn(SqliteConnection connection, ReadOnlySpan<Hash256> keys)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT row FROM keys WHERE key = $key";
        var parameter = command.Parameters.Add("$key", SqliteType.Blob);
        command.Prepare();
        var found = 0;
        foreach (ref readonly var key in keys)
        {
            parameter.Value = key.ToArray();
            found += command.ExecuteScalar() is long ? 1 : 0;
        }

        return found;
    }

    private static async Task<RedisServer?> LoadRedisAsync(ReadOnlyMemory<Hash256> keys)
    {
        var redis = await RedisServer.StartAsync();
        if (redis is null)
        {
            Console.WriteLine("beside: Redis: not installed: apt-get install -y redis-server");
            return null;
        }

        var watch = Stopwatch.StartNew();
        redis.Load(keys.Span);
        Loaded("Redis", watch, keys.Length, redis.UsedMemory());
        return redis;
    }

    private static SqliteConnection LoadSqlite(ReadOnlySpan<Hash256> keys)
    {
        var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var create = connection.CreateCommand();
        create.CommandText = "CREATE TABLE keys (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID";
        create.ExecuteNonQuery();
        var watch = Stopwatch.StartNew();
        var order = Enumerable.Range(0, keys.Length).ToArray();
        keys.ToArray().AsSpan().Sort(order.AsSpan());
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO keys VALUES ($key, $row)";
        var (key, row) = (insert.Parameters.Add("$key", SqliteType.Blob), insert.Parameters.Add("$row", SqliteType.Integer));
        insert.Prepare();
        foreach (var i in order)
        {
            (key.Value, row.Value) = (keys[i].ToArray(), i);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
        using var size = connection.CreateCommand();
        size.CommandText = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        Loaded("SQLite", watch, keys.Length, (long)size.ExecuteScalar()!);
        return connection;
    }

    private static async Task<NpgsqlDataSource?> LoadPostgresAsync(ReadOnlyMemory<Hash256> keys)
    {
        if (PostgresServer.SkipReason is { } reason)
        {
            Console.WriteLine($"beside: PostgreSQL: not installed: {reason}");
            return null;
        }

        var server = await PostgresServer.GetSharedAsync();
        var source = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        var watch = Stopwatch.StartNew();
        await FillAsync(source, keys);

        await using var size = source.CreateCommand("SELECT pg_total_relation_size('keys')");
        Loaded("PostgreSQL", watch, keys.Length, (long)(await size.ExecuteScalarAsync())!);
        return source;
    }

    /// <summary>Makes the table of keys and their rows.</summary>
    internal static async Task FillAsync(NpgsqlDataSource source, ReadOnlyMemory<Hash256> keys)
    {
        await using (var create = source.CreateCommand("CREATE TABLE keys (key bytea NOT NULL, row int NOT NULL)"))
        {
            await create.ExecuteNonQueryAsync();
        }

        await using (var connection = await source.OpenConnectionAsync())
        await using (var copy = await connection.BeginBinaryImportAsync("COPY keys FROM STDIN (FORMAT binary)"))
        {
            for (var i = 0; i < keys.Length; i++)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(keys.Span[i].ToArray(), NpgsqlDbType.Bytea);
                await copy.WriteAsync(i, NpgsqlDbType.Integer);
            }

            await copy.CompleteAsync();
        }

        await using (var finish = source.CreateCommand())
        {
            finish.CommandText = "CREATE UNIQUE INDEX ON keys (key) INCLUDE (row)";
            await finish.ExecuteNonQueryAsync();
            finish.CommandText = "VACUUM ANALYZE keys";
            await finish.ExecuteNonQueryAsync();
        }
    }

    private static void Loaded(string what, Stopwatch watch, int count, long bytes) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"beside: {what}: loaded {count:N0} in {watch.Elapsed.TotalSeconds:0.0} s, {(double)bytes / count:0.0} bytes a key"));

    /// <summary>Keys to ask for, every other one of which is listed.</summary>
    private sealed class Asked
    {
        public Asked(ReadOnlySpan<Hash256> keys, int count, Random random)
        {
            Hits = new Hash256[count / 2];
            Misses = new Hash256[count / 2];
            Fill(Misses, random);
            Keys = new Hash256[count];
            for (var i = 0; i < Hits.Length; i++)
            {
                Hits[i] = keys[random.Next(keys.Length)];
                (Keys[2 * i], Keys[2 * i + 1]) = (Hits[i], Misses[i]);
            }
        }

        public Hash256[] Keys { get; }

        public Hash256[] Hits { get; }

        public Hash256[] Misses { get; }

        public int Listed => Hits.Length;
    }
}
