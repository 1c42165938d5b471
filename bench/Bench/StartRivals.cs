using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using FederationNode.TestSupport;
using Npgsql;

namespace FederationNode.Bench;

/// <summary>
/// What else could hold as many keys, started again: Redis, which reads its dump, and PostgreSQL, which reads nothing
/// before it is asked. Neither verifies anything, nor finds pictures or keywords.
/// </summary>
internal static class StartRivals
{
    public static async Task RunAsync(int keys, int starts)
    {
        await RedisAsync(keys, starts);
        await PostgresAsync(keys, starts);
    }

    private static async Task RedisAsync(int keys, int starts)
    {
        var folder = Directory.CreateTempSubdirectory("fednode-redis-");
        try
        {
            var path = Path.Combine(folder.FullName, "socket");
            var server = Start("redis-server", Settings(folder.FullName, path));
            using (var socket = await ConnectedAsync(path, server))
            {
                for (var at = 0; at < keys; at += 1000)
                {
                    var count = Math.Min(1000, keys - at);
                    await AskAsync(socket, [.. Enumerable.Range(at, count).SelectMany(SetOf)], count);
                }
            }

            await EndRedisAsync(server, path);
            var (ready, processor, memory) = (new List<double>(), new List<double>(), new List<double>());
            for (var i = 0; i < starts; i++)
            {
                var watch = Stopwatch.StartNew();
                server = Start("redis-server", Settings(folder.FullName, path));
                using (await ConnectedAsync(path, server))
                {
                    ready.Add(watch.Elapsed.TotalMilliseconds);
                }

                server.Refresh();
                processor.Add(server.TotalProcessorTime.TotalMilliseconds);
                memory.Add(server.WorkingSet64 / 1e6);
                await EndRedisAsync(server, path);
            }

            Print("Redis with its dump (RDB)", ready, processor, memory);
        }
        catch (Win32Exception)
        {
            Console.WriteLine("  beside: Redis is not installed: apt-get install -y redis-server");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Print(string what, List<double> ready, List<double> processor, List<double> memory)
    {
        Figure.Print($"beside: {what}: answers after", "ms", ready);
        Figure.Print("  processor until then", "ms", processor);
        Figure.Print("  memory then", "MB resident", memory);
    }

    private static string[] Settings(string folder, string path) =>
        ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "warning"];

    /// <summary>A key of 32 bytes with the number of its row.</summary>
    private static byte[] SetOf(int row)
    {
        var value = row.ToString(CultureInfo.InvariantCulture);
        return
        [
            .. "*3\r\n$3\r\nSET\r\n$32\r\n"u8,
            .. KeyOf(row),
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\r\n${value.Length}\r\n{value}\r\n")),
        ];
    }

    private static byte[] KeyOf(int row) => Protocol.Hash256.Of(BitConverter.GetBytes(row)).ToArray();

    /// <summary>Connects, and waits until the dump is read and the server answers.</summary>
    private static async Task<Socket> ConnectedAsync(string path, Process server)
    {
        while (!server.HasExited)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                while (await AskAsync(socket, "PING\r\n"u8.ToArray(), 1) != "+PONG")
                {
                    await Task.Delay(10);
                }

                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(10);
            }
        }

        throw new InvalidOperationException($"Redis ended with {server.ExitCode}.");
    }

    /// <summary>Sends, and reads so many answers of one line; the last of them.</summary>
    private static async Task<string> AskAsync(Socket socket, byte[] request, int answers)
    {
        var buffer = new byte[1 << 16];
        var text = new StringBuilder();
        for (var rest = request.AsMemory(); rest.Length > 0;)
        {
            rest = rest[await socket.SendAsync(rest)..];
        }

        for (var lines = 0; lines < answers;)
        {
            var received = await socket.ReceiveAsync(buffer);
            if (received == 0)
            {
                throw new InvalidOperationException("Redis closed the connection.");
            }

            text.Append(Encoding.ASCII.GetString(buffer, 0, received));
            lines += buffer.AsSpan(0, received).Count((byte)'\n');
        }

        return text.ToString().TrimEnd().Split("\r\n")[^1];
    }

    /// <summary>Lets it write its dump, and ends it.</summary>
    private static async Task EndRedisAsync(Process server, string path)
    {
        using (var socket = await ConnectedAsync(path, server))
        {
            await socket.SendAsync("SHUTDOWN SAVE\r\n"u8.ToArray());
            await server.WaitForExitAsync();
        }

        server.Dispose();
    }

    private static async Task PostgresAsync(int keys, int starts)
    {
        if (PostgresServer.SkipReason is { } reason)
        {
            Console.WriteLine($"  beside: PostgreSQL was not measured. {reason}");
            return;
        }

        await using var server = await PostgresServer.StartAsync();
        var from = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync());
        await using (var source = NpgsqlDataSource.Create(from))
        {
            await using var fill = source.CreateCommand(string.Create(
                CultureInfo.InvariantCulture,
                $"CREATE TABLE keys AS SELECT sha256(int4send(i)) AS key, i AS row FROM generate_series(1, {keys}) AS i; ALTER TABLE keys ADD PRIMARY KEY (key)"));
            fill.CommandTimeout = 600;
            await fill.ExecuteNonQueryAsync();
        }

        // A copy that is ours to start and stop; the account must not be root, so it is the one that runs the server.
        var to = new NpgsqlConnectionStringBuilder(from.ConnectionString) { Port = from.Port == 65_535 ? 65_534 : from.Port + 1, Pooling = false };
        var account = Environment.UserName == "root" ? "postgres" : null;
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"fednode-postgres-copy-{Environment.ProcessId}"));
        try
        {
            await ToolAsync(
                account, from.Password!, "pg_basebackup", "-h", from.Host!, "-p", Text(from.Port), "-U", from.Username!, "-D", folder, "-c", "fast");
            await MeasurePostgresAsync(account, folder, to, keys, starts);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task MeasurePostgresAsync(
        string? account, string folder, NpgsqlConnectionStringBuilder at, int keys, int starts)
    {
        var (ready, memory) = (new List<double>(), new List<double>());

        // The first start makes the copy whole, and is not counted.
        for (var i = 0; i <= starts; i++)
        {
            var watch = Stopwatch.StartNew();
            await ToolAsync(
                account, "", Program("pg_ctl"), "-D", folder, "-W", "-s", "-l", Path.Combine(folder, "log"), "-o",
                $"-p {Text(at.Port)} -c listen_addresses=127.0.0.1 -c unix_socket_directories=", "start");
            try
            {
                await AskPostgresAsync(at, keys);
                if (i > 0)
                {
                    ready.Add(watch.Elapsed.TotalMilliseconds);
                    memory.Add(MemoryOf(folder) / 1e6);
                }
            }
            finally
            {
                await ToolAsync(account, "", Program("pg_ctl"), "-D", folder, "-m", "fast", "-w", "-s", "stop");
            }
        }

        Figure.Print("beside: PostgreSQL, nothing in memory: answers after", "ms", ready);
        Figure.Print("  memory then, of all its processes", "MB resident", memory);
    }

    private static async Task AskPostgresAsync(NpgsqlConnectionStringBuilder at, int key)
    {
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                await using var source = NpgsqlDataSource.Create(at);
                await using var command = source.CreateCommand($"SELECT row FROM keys WHERE key = sha256(int4send({Text(key)}))");
                if (await command.ExecuteScalarAsync() is int)
                {
                    return;
                }

                throw new InvalidOperationException("PostgreSQL has lost a key.");
            }
            catch (NpgsqlException) when (watch.Elapsed < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Memory of the server and the processes that it started, with what they share counted once.</summary>
    private static long MemoryOf(string folder)
    {
        var server = File.ReadLines(Path.Combine(folder, "postmaster.pid")).First();
        var children = File.ReadAllText($"/proc/{server}/task/{server}/children");
        return children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(server).Sum(ShareOf);
    }

    private static long ShareOf(string process)
    {
        try
        {
            return 1024 * long.Parse(
                File.ReadLines($"/proc/{process}/smaps_rollup").Single(l => l.StartsWith("Pss:", StringComparison.Ordinal))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended since it was listed, as the one behind our connection does, and takes nothing any more.
            return 0;
        }
    }

    /// <summary>Debian has the server's programs outside of the path.</summary>
    private static string Program(string name) =>
        Directory.Exists("/usr/lib/postgresql")
        && Directory.GetFiles("/usr/lib/postgresql", name, SearchOption.AllDirectories).Max(StringComparer.Ordinal) is { } path
            ? path
            : name;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task ToolAsync(string? account, string password, string tool, params string[] arguments)
    {
        string[] command = account is null ? [tool, .. arguments] : ["runuser", "-u", account, "--", tool, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = "/",
            Environment = { ["PGPASSWORD"] = password },
        };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{tool} ended with {process.ExitCode}.");
        }
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
}
