using System.Diagnostics;
using System.Globalization;
using FederationNode.TestSupport;
using Npgsql;

namespace FederationNode.Bench;

/// <summary>
/// What moving as much would take without any of this: PostgreSQL's own tools copy as many rows of 200 bytes from one
/// database into another of the same server, unsigned and unverified.
/// </summary>
internal static class DumpAndRestore
{
    public static async Task RunAsync(int rows)
    {
        if (PostgresServer.SkipReason is { } reason)
        {
            Console.WriteLine($"  beside: pg_dump | psql was not measured. {reason}");
            return;
        }

        await using var server = await PostgresServer.StartAsync();
        var (from, to) = (await server.CreateDatabaseAsync(), await server.CreateDatabaseAsync());
        await using (var source = NpgsqlDataSource.Create(from))
        {
            await using var create = source.CreateCommand(string.Create(
                CultureInfo.InvariantCulture,
                $"CREATE TABLE entries AS SELECT i AS id, repeat(md5(i::text), 6) || '12345678' AS entry FROM generate_series(1, {rows}) AS i; ALTER TABLE entries ADD PRIMARY KEY (id)"));
            create.CommandTimeout = 600;
            await create.ExecuteNonQueryAsync();
        }

        var watch = Stopwatch.StartNew();
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", $"{Tool("pg_dump", from)} | {Tool("psql", to)} -q -v ON_ERROR_STOP=1 >/dev/null" },
            Environment = { ["PGPASSWORD"] = new NpgsqlConnectionStringBuilder(from).Password },
        })!;
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0)
        {
            throw new InvalidOperationException($"pg_dump | psql ended with {shell.ExitCode}.");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  beside: pg_dump | psql of {rows:N0} rows of 200 bytes: {watch.Elapsed.TotalSeconds:0.0} s ({rows / watch.Elapsed.TotalSeconds:N0}/s)"));
    }

    private static string Tool(string name, string connection)
    {
        var at = new NpgsqlConnectionStringBuilder(connection);
        return string.Create(CultureInfo.InvariantCulture, $"{name} -h {at.Host} -p {at.Port} -U {at.Username} {at.Database}");
    }
}
