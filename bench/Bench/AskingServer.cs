using System.Diagnostics;
using System.Net;
using FederationNode.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace FederationNode.Bench;

/// <summary>
/// What a company would put in front of a database to ask it for keys over HTTP, with nothing in it that could be left out:
/// no routes, no keys for callers, no JSON. The body is keys of 32 bytes, the answer a byte a key, 1 if it is listed.
/// </summary>
internal sealed class AskingServer : IDisposable
{
    public const string Trivial = "/trivial";
    public const string Redis = "/redis";
    public const string RedisOneByOne = "/redis-one-by-one";
    public const string Postgres = "/postgres";
    public const string Faiss = "/faiss";

    private static readonly byte[] s_trivial = "{}"u8.ToArray();

    private AskingServer(Process process, Uri address) => (Process, Address) = (process, address);

    public Process Process { get; }

    public Uri Address { get; }

    /// <summary>Starts it as a process.</summary>
    /// <param name="redis">The socket of Redis; empty: there is none.</param>
    /// <param name="postgres">How PostgreSQL is reached; empty: there is none.</param>
    /// <param name="hashes">The file of image hashes for FAISS; empty: there is none.</param>
    /// <param name="environment">Variables for the process.</param>
    public static async Task<AskingServer> StartAsync(
        string redis, string postgres, string hashes, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(
            "dotnet", [typeof(AskingServer).Assembly.Location, "asking", redis, postgres, hashes])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Uri.TryCreate(line, UriKind.Absolute, out var address))
            {
                return new AskingServer(process, address);
            }
        }

        throw new InvalidOperationException("The server that asks databases did not start.");
    }

    /// <summary>The process itself: runs until its standard input ends.</summary>
    public static async Task RunAsync(string redis, string postgres, string hashes)
    {
        var redisAsking = new RedisAsking(redis);
        await using var source = postgres.Length > 0 ? NpgsqlDataSource.Create(postgres) : null;
        using var faiss = hashes.Length > 0 ? FaissAsking.Start(hashes) : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            var body = new byte[(int)context.Request.ContentLength!.Value];
            await context.Request.Body.ReadExactlyAsync(body);
            var answer = context.Request.Path == Trivial ? s_trivial : new byte[body.Length / Hash256.Size];
            await (context.Request.Path.Value switch
            {
                Redis => redisAsking.AnswerAsync(body, answer, answer.Length),
                RedisOneByOne => redisAsking.AnswerAsync(body, answer, 1),
                Postgres when answer.Length == 1 => AnswerOneAsync(source!, body, answer),
                Postgres => AnswerManyAsync(source!, body, answer),
                Faiss => faiss!.AnswerAsync(body, answer),
                _ => Task.CompletedTask,
            });
            context.Response.ContentLength = answer.Length;
            await context.Response.Body.WriteAsync(answer);
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        await app.StopAsync();
    }

    public void Dispose()
    {
        Process.StandardInput.Close();
        Process.WaitForExit();
        Process.Dispose();
    }

    private static async Task AnswerOneAsync(NpgsqlDataSource source, byte[] key, byte[] answer)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT row FROM keys WHERE key = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = key });
        answer[0] = await command.ExecuteScalarAsync() is int ? (byte)1 : (byte)0;
    }

    private static async Task AnswerManyAsync(NpgsqlDataSource source, byte[] keys, byte[] answer)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT key FROM keys WHERE key = ANY($1)", connection);
        command.Parameters.Add(new NpgsqlParameter
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
            Value = keys.Chunk(Hash256.Size).ToArray(),
        });
        var listed = new HashSet<Hash256>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            listed.Add(new Hash256((byte[])reader[0]));
        }

        for (var i = 0; i < answer.Length; i++)
        {
            answer[i] = listed.Contains(new Hash256(keys.AsSpan(Hash256.Size * i, Hash256.Size))) ? (byte)1 : (byte)0;
        }
    }
}
