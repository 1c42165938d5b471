using System.Collections.Concurrent;
using System.Net.Sockets;
using FederationNode.Protocol;

namespace FederationNode.Bench;

/// <summary>Asks a Redis server for keys over as many connections as are asked at a time, without a thread that waits.</summary>
internal sealed class RedisAsking(string path)
{
    private readonly ConcurrentBag<Socket> _free = [];

    /// <summary>Asks for keys of 32 bytes each; an answer is a byte a key, 1 if it is a member.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="answers">Takes the answers.</param>
    /// <param name="pipelined">Keys asked for before answers are awaited.</param>
    public async Task AnswerAsync(ReadOnlyMemory<byte> keys, Memory<byte> answers, int pipelined)
    {
        if (!_free.TryTake(out var socket))
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        }

        var received = new byte[4 * pipelined];
        for (var start = 0; start < answers.Length; start += pipelined)
        {
            var part = answers[start..Math.Min(start + pipelined, answers.Length)];
            await SendAsync(socket, RedisServer.AskFor(keys.Slice(Hash256.Size * start, Hash256.Size * part.Length).Span));

            // Each answer is `:1` or `:0` and the end of a line.
            for (var length = 0; length < 4 * part.Length;)
            {
                var read = await socket.ReceiveAsync(received.AsMemory(length, (4 * part.Length) - length));
                length += read > 0 ? read : throw new InvalidOperationException("Redis closed the connection.");
            }

            for (var i = 0; i < part.Length; i++)
            {
                part.Span[i] = (byte)(received[(4 * i) + 1] - '0');
            }
        }

        _free.Add(socket);
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }
}
