using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace FederationNode.TestSupport;

/// <summary>
/// A throw-away PostgreSQL server on 127.0.0.1, in a temporary folder, with the server's default (durable) settings.
/// One is shared by all tests of a process, started by the first that asks; each test takes a database of its own.
/// </summary>
/// <remarks>
/// The server hangs on a pipe from this process: when the pipe closes, because this object is disposed, the process
/// ends or is killed, a small shell script stops the server and removes the folder.
/// PostgreSQL refuses to run as root, so then the account <c>postgres</c> or <c>nobody</c> runs it.
/// </remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    // $1: the programs' folder, $2: the server's folder, $3: its port; descriptor 3: the pipe.
    // The traps do nothing, but let the script outlive the Ctrl-C that stops the server, and clean up after it.
    private const string Supervisor = """
        exec 3<&0
        trap : INT TERM HUP
        "$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
          -c max_connections=300 2>&1 </dev/null &
        server=$!
        (cat <&3; kill -INT $server) >/dev/null 2>&1 &
        watcher=$!
        while kill -0 $server 2>/dev/null; do wait $server; done
        kill $watcher 2>/dev/null
        rm -rf "$2"
        """;

    private const string MissingPrograms =
        "PostgreSQL's programs initdb and postgres are not installed (Debian: apt-get install postgresql-15).";

    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartSharedAsync);

    private readonly Process _supervisor;
    private readonly NpgsqlConnectionStringBuilder _connection;
    private int _databases;

    private PostgresServer(Process supervisor, NpgsqlConnectionStringBuilder connection)
    {
        _supervisor = supervisor;
        _connection = connection;
    }

    /// <summary>Why the tests on PostgreSQL cannot run here; null when they can, and always null in CI.</summary>
    public static string? SkipReason { get; } = FindSkipReason();

    /// <summary>The server that all tests of this process share.</summary>
    public static Task<PostgresServer> GetSharedAsync() => Shared.Value;

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string, password included.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var number = Interlocked.Increment(ref _databases);
        var name = "test_" + number.ToString(CultureInfo.InvariantCulture);
        await using var source = NpgsqlDataSource.Create(_connection.ConnectionString);
        await using var command = source.CreateCommand("CREATE DATABASE " + name);
        await command.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(_connection.ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Starts a server.</summary>
    /// <exception cref="InvalidOperationException">Its programs are missing, or it does not start.</exception>
    public static async Task<PostgresServer> StartAsync()
    {
        var programs = FindPrograms() ?? throw new InvalidOperationException(MissingPrograms);
        for (var attempt = 1; ; attempt++)
        {
            // Another process can take the port between its choice and its use.
            var (server, output) = await TryStartAsync(programs);
            if (server is not null)
            {
                return server;
            }

            if (attempt == 3)
            {
                throw new InvalidOperationException("PostgreSQL does not start:\n" + output);
            }
        }
    }

    /// <summary>Stops the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
    }

    private static string? FindSkipReason() =>
        Environment.GetEnvironmentVariable("CI") == "true" || FindPrograms() is not null ? null : MissingPrograms;

    private static async Task<PostgresServer> StartSharedAsync()
    {
        var server = await StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            server._supervisor.StandardInput.Close();
            server._supervisor.WaitForExit(TimeSpan.FromSeconds(10));
        };
        return server;
    }

    private static string? FindPrograms()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .Select(folder => (Folder: folder, Version: int.TryParse(
                    Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var v) ? v : 0))
                .Where(p => p.Version >= 15)
                .OrderBy(p => p.Version)
                .Select(p => Path.Combine(p.Folder, "bin"))
            : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return installed.Concat(path).FirstOrDefault(folder =>
            File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    private static async Task<(PostgresServer? Server, string Output)> TryStartAsync(string programs)
    {
        var root = Directory.CreateTempSubdirectory("fednode-postgres-").FullName;
        var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        await File.WriteAllTextAsync(Path.Combine(root, "password"), password);
        var account = FindAccount();
        if (account is not null)
        {
            await RunAsync("chown", ["-R", account, root]);
        }

        await RunAsync(
            Path.Combine(programs, "initdb"),
            ["-D", Path.Combine(root, "data"), "-U", "fednode", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
                "--pwfile=" + Path.Combine(root, "password")],
            account);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = FreePorts.Take(1)[0],
            Username = "fednode",
            Password = password,
            Database = "postgres",
        };
        var start = StartInfo("/bin/sh", [
            "-c", Supervisor, "sh", programs, root,
            connection.Port.ToString(CultureInfo.InvariantCulture)], account);
        var supervisor = Process.Start(start)!;
        var output = await ReadUntilReadyAsync(supervisor);
        if (output.Ready)
        {
            return (new PostgresServer(supervisor, connection), "");
        }

        supervisor.StandardInput.Close();
        await supervisor.WaitForExitAsync();
        supervisor.Dispose();
        return (null, output.Text);
    }

    private static async Task<(bool Ready, string Text)> ReadUntilReadyAsync(Process supervisor)
    {
        var text = new StringBuilder();
        while (await supervisor.StandardOutput.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            if (line.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                // The server blocks when nobody empties its pipe.
                _ = supervisor.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return (true, "");
            }
        }

        return (false, text.ToString());
    }

    private static string? FindAccount()
    {
        if (Environment.UserName != "root" || !File.Exists("/etc/passwd"))
        {
            return null;
        }

        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet();
        return new[] { "postgres", "nobody" }.FirstOrDefault(accounts.Contains)
            ?? throw new InvalidOperationException("PostgreSQL does not run as root, and no other account was found.");
    }

    private static async Task RunAsync(string program, IEnumerable<string> arguments, string? account = null)
    {
        using var process = Process.Start(StartInfo(program, arguments, account))!;
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed:\n{output}");
        }
    }

    private static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string? account)
    {
        string[] prefix = account is null ? [] : ["runuser", "-u", account, "--"];
        string[] command = [.. prefix, program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
