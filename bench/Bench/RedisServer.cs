using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace FederationNode.Bench;

/// <summary>
/// A throw-away Redis without persistence, behind a Unix socket, with one connection that writes whole requests and
/// counts answers, so that next to nothing of the time is the client's.
/// </summary>
internal sealed class RedisServer : IDisposable
{
    /// <summary>SISMEMBER of a 32-byte member of the set k: what one takes on the wire.</summary>
    private static readonly byte[] AskStart = "*3\r\n$9\r\nSISMEMBER\r\n$1\r\nk\r\n$32\r\n"u8.ToArray();

    private readonly Process _process;
    private readonly string _folder;
    private readonly Socket _socket;
    private readonly byte[] _answers = new byte[1 << 16];

    private RedisServer(Process process, string folder, Socket socket) =>
        (_process, _folder, _socket) = (process, folder, socket);

    /// <summary>Where it listens.</summary>
    public string SocketPath => PathIn(_folder);

    /// <summary>Starts it; where it is missing, says what to install.</summary>
    public static async Task<RedisServer?> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("fednode-redis-").FullName;
        var path = PathIn(folder);
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(
                "redis-server",
                ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "warning"])
            {
                RedirectStandardOutput = true,
            })!;
        }
        catch (Win32Exception)
        {
            Directory.Delete(folder, recursive: true);
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        for (var tries = 0; ; tries++)
        {
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                return new RedisServer(process, folder, socket);
            }
            catch (SocketException) when (tries < 100 && !process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>The request for members of 32 bytes each.</summary>
    public static byte[] AskFor(ReadOnlySpan<byte> members)
    {
        const int Size = Protocol.Hash256.Size;
        var length = AskStart.Length + Size + 2;
        var request = new byte[members.Length / Size * length];
        for (var i = 0; i < members.Length / Size; i++)
        {
            var one = request.AsSpan(i * length, length);
            AskStart.CopyTo(one);
            members.Slice(i * Size, Size).CopyTo(one[AskStart.Length..]);
            "\r\n"u8.CopyTo(one[^2..]);
        }

        return request;
    }

    /// <summary>Adds members to the set, a thousand a request.</summary>
    public void Load(ReadOnlySpan<Protocol.Hash256> keys)
    {
        for (var start = 0; start < keys.Length; start += 1000)
        {
            var part = keys.Slice(start, Math.Min(1000, keys.Length - start));
            var request = new List<byte>(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{2 + part.Length}\r\n$4\r\nSADD\r\n$1\r\nk\r\n")));
            foreach (ref readonly var key in part)
            {
                request.AddRange("$32\r\n"u8);
                request.AddRange(key.Span);
                request.AddRange("\r\n"u8);
            }

            Send([.. request]);
            ReadLines(1);
        }
    }

    /// <summary>Asks for each key, so many before answers are awaited; the number that are members.</summary>
    public int CountMembers(ReadOnlySpan<Protocol.Hash256> keys, int pipelined)
    {
        var length = AskStart.Length + Protocol.Hash256.Size + 2;
        var request = new byte[pipelined * length];
        for (var i = 0; i < pipelined; i++)
        {
            AskStart.CopyTo(request, i * length);
            "\r\n"u8.CopyTo(request.AsSpan((i + 1) * length - 2));
        }

        var members = 0;
        for (var start = 0; start + pipelined <= keys.Length; start += pipelined)
        {
            for (var i = 0; i < pipelined; i++)
            {
                keys[start + i].CopyTo(request.AsSpan(i * length + AskStart.Length));
            }

            Send(request);
            members += ReadLines(pipelined);
        }

        return members;
    }

    /// <summary>Bytes of memory that it says it uses.</summary>
    public long UsedMemory()
    {
        Send("INFO memory\r\n"u8);
        var text = new StringBuilder();
        while (!text.ToString().Contains("used_memory_human", StringComparison.Ordinal))
        {
            text.Append(Encoding.ASCII.GetString(_answers, 0, _socket.Receive(_answers)));
        }

        var line = text.ToString().Split("\r\n").First(l => l.StartsWith("used_memory:", StringComparison.Ordinal));
        while (_socket.Available > 0)
        {
            _ = _socket.Receive(_answers);
        }

        return long.Parse(line["used_memory:".Length..], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string PathIn(string folder) => Path.Combine(folder, "socket");

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>Reads so many answers of one line; the number that are <c>:1</c>.</summary>
    private int ReadLines(int lines)
    {
        var ones = 0;
        var isOne = false;
        while (lines > 0)
        {
            var received = _socket.Receive(_answers);
            if (received == 0)
            {
                throw new InvalidOperationException("Redis closed the connection.");
            }

            foreach (var character in _answers.AsSpan(0, received))
            {
                if (character == '\n')
                {
                    (lines, ones) = (lines - 1, isOne ? ones + 1 : ones);
                }

                isOne = character == '1' || (isOne && character == '\r');
            }
        }

        return ones;
    }
}
