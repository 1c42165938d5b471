using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace FederationNode.Bench;

/// <summary>What a server's process has used: processor time as the system counts it, allocations as the process tells.</summary>
internal sealed class ServerCounters
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"fednode-bench-{Guid.NewGuid():n}");
    private Process? _process;

    /// <summary>What to start the process with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["DOTNET_STARTUP_HOOKS"] = typeof(ServerCounters).Assembly.Location,
        [StartupHook.Variable] = _path,
    };

    /// <summary>Counts what a process uses that was started so.</summary>
    public void Watch(Process process) => _process = process;

    /// <summary>Until now.</summary>
    public (TimeSpan Processor, long Allocated) Read()
    {
        _process!.Refresh();
        var processor = _process.TotalProcessorTime;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_path));
        Span<byte> answer = stackalloc byte[sizeof(long)];
        for (var read = 0; read < answer.Length;)
        {
            var received = socket.Receive(answer[read..]);
            read += received > 0 ? received : throw new InvalidOperationException("The process does not say what it allocates.");
        }

        return (processor, BinaryPrimitives.ReadInt64LittleEndian(answer));
    }
}
