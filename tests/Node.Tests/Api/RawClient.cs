using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Tests.Api;

/// <summary>Speaks HTTP by itself: sends a chunked body and reads a chunked answer at the same time, as slowly as a test wants.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _connection = new();
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromSeconds(60));
    private readonly byte[] _buffer = new byte[8192];
    private NetworkStream _stream = null!;
    private int _at;
    private int _end;
    private int _leftInChunk;

    /// <summary>What the node answered, once a line of the body was read.</summary>
    public HttpStatusCode? Status { get; private set; }

    public static async Task<RawClient> OpenAsync(ApiNode node, string path, string type = "application/x-ndjson")
    {
        var client = new RawClient();
        var address = node.Client.BaseAddress!;
        await client._connection.ConnectAsync(address.Host, address.Port);
        client._stream = client._connection.GetStream();
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {ApiNode.KeyOf(ApiRole.Detector)}\r\n"
            + $"Content-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n"));
        return client;
    }

    public Task SendChunkAsync(string text) => SendChunkAsync(Encoding.UTF8.GetBytes(text), _timeout.Token);

    public async Task SendChunkAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8];
        await _stream.WriteAsync(chunk, cancellationToken);
    }

    public async Task SendEndAsync() => await _stream.WriteAsync("0\r\n\r\n"u8.ToArray(), _timeout.Token);

    /// <summary>The next line of the answer's body, or all of it if it has none.</summary>
    public async Task<string> ReadLineAsync()
    {
        if (Status is null)
        {
            Status = (HttpStatusCode)int.Parse((await ReadRawLineAsync())[9..12], CultureInfo.InvariantCulture);
            while ((await ReadRawLineAsync()).Length > 0)
            {
            }
        }

        var line = new List<byte>();
        while (await ReadBodyByteAsync() is { } read && read != '\n')
        {
            line.Add(read);
        }

        return Encoding.UTF8.GetString([.. line]);
    }

    public async Task<IReadOnlyList<string>> ReadLinesAsync()
    {
        var lines = new List<string>();
        while (lines.Count == 0 || !lines[^1].StartsWith("{\"end\":", StringComparison.Ordinal))
        {
            lines.Add(await ReadLineAsync());
        }

        return lines;
    }

    public void Dispose()
    {
        _connection.Dispose();
        _timeout.Dispose();
    }

    private async ValueTask<byte?> ReadBodyByteAsync()
    {
        if (_leftInChunk == 0)
        {
            var size = await ReadRawLineAsync();
            size = size.Length == 0 ? await ReadRawLineAsync() : size;
            _leftInChunk = int.Parse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (_leftInChunk == 0)
            {
                return null;
            }
        }

        _leftInChunk--;
        return await ReadByteAsync();
    }

    private async Task<string> ReadRawLineAsync()
    {
        var line = new StringBuilder();
        while (await ReadByteAsync() is var read && read != '\n')
        {
            line.Append((char)read);
        }

        return line.ToString().TrimEnd('\r');
    }

    private async ValueTask<byte> ReadByteAsync()
    {
        if (_at == _end)
        {
            (_at, _end) = (0, await _stream.ReadAsync(_buffer, _timeout.Token));
            if (_end == 0)
            {
                throw new EndOfStreamException("The node closed the connection.");
            }
        }

        return _buffer[_at++];
    }
}
