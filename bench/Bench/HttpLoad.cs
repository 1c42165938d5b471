using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FederationNode.Bench;

/// <summary>
/// Connections that each send a request that was made before, wait for the whole answer, and send the next: HTTP/1.1 with
/// as little work as it takes, on threads that block, so that it is the server that is measured.
/// </summary>
internal sealed class HttpLoad : IDisposable
{
    private const int MaxAnswer = 4 * 1024 * 1024;

    private readonly Connection[] _connections;

    public HttpLoad(Uri server, int connections) =>
        _connections = [.. Enumerable.Range(0, connections).Select(_ => new Connection(server))];

    /// <summary>A request as it goes over the wire.</summary>
    public static byte[] Request(string method, string path, string? key, string? contentType, ReadOnlySpan<byte> body)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + (key is null ? "" : $"Authorization: Bearer {key}\r\n")
            + (contentType is null ? "" : $"Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n")
            + "\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>One request; the body of its answer, as it came.</summary>
    public string Ask(byte[] request) => Encoding.UTF8.GetString(_connections[0].Ask(request));

    /// <summary>All connections at once for so long.</summary>
    /// <returns>Requests a second, and how long each took, in microseconds, in order of length.</returns>
    public (double Rate, double[] Micros) Run(byte[][] requests, TimeSpan time)
    {
        var begun = Stopwatch.GetTimestamp();
        var end = begun + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var all = new List<long>[_connections.Length];
        Exception? failure = null;
        Thread[] threads = [.. _connections.Select((connection, number) => new Thread(() =>
        {
            try
            {
                all[number] = connection.Repeat(requests, number * requests.Length / _connections.Length, end);
            }
            catch (Exception e) when (e is SocketException or InvalidDataException)
            {
                failure = e;
            }
        }))];
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            throw new InvalidOperationException("A server fails under load.", failure);
        }

        var took = Stopwatch.GetElapsedTime(begun);
        double[] micros = [.. all.SelectMany(a => a).Select(t => 1e6 * t / Stopwatch.Frequency).Order()];
        return (micros.Length / took.TotalSeconds, micros);
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    private sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _answer = new byte[MaxAnswer];

        public Connection(Uri server) => _socket.Connect(IPAddress.Parse(server.Host), server.Port);

        public List<long> Repeat(byte[][] requests, int first, long end)
        {
            var took = new List<long>(100_000);
            var now = Stopwatch.GetTimestamp();
            for (var at = first; now < end; at++)
            {
                var sent = now;
                _ = Ask(requests[at % requests.Length]);
                now = Stopwatch.GetTimestamp();
                took.Add(now - sent);
            }

            return took;
        }

        /// <summary>Sends a request and awaits its answer: what follows its head.</summary>
        public ReadOnlySpan<byte> Ask(ReadOnlySpan<byte> request)
        {
            while (request.Length > 0)
            {
                request = request[_socket.Send(request)..];
            }

            int length = 0, body = -1, whole = 0;
            while (body < 0 || (whole >= 0 ? length < whole : !_answer.AsSpan(0, length).EndsWith("\r\n0\r\n\r\n"u8)))
            {
                var received = _socket.Receive(_answer.AsSpan(length));
                length += received > 0 ? received : throw new InvalidDataException("The server closed the connection.");
                if (body < 0 && _answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is var head and > 0)
                {
                    body = head + 4;
                    whole = WholeLength(_answer.AsSpan(0, body));
                }
            }

            return _answer.AsSpan(body, length - body);
        }

        public void Dispose() => _socket.Dispose();

        /// <summary>The length of head and body; -1 if the body comes in chunks.</summary>
        private static int WholeLength(ReadOnlySpan<byte> head)
        {
            if (!head.StartsWith("HTTP/1.1 200 "u8))
            {
                throw new InvalidDataException($"The server answers: {Encoding.ASCII.GetString(head)}");
            }

            var name = "Content-Length: "u8;
            return head.IndexOf(name) is var at and >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out int length, out _)
                ? head.Length + length
                : -1;
        }
    }
}
