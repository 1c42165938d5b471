using System.Buffers.Binary;
using System.Net.Sockets;

/// <summary>
/// Runs in a process that is measured, before its own Main, if DOTNET_STARTUP_HOOKS names this assembly: whoever connects to
/// the socket that <see cref="Variable"/> names is told how many bytes the process has allocated so far. The program itself
/// stays as it is.
/// </summary>
#pragma warning disable CA1050 // The runtime looks for this name outside of all namespaces.
internal static class StartupHook
#pragma warning restore CA1050
{
    /// <summary>The environment's variable with the path of the socket.</summary>
    public const string Variable = "FEDNODE_BENCH_COUNTERS";

    /// <summary>Called by the runtime.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path)
        {
            return;
        }

        // What the process itself starts is not asked.
        Environment.SetEnvironmentVariable(Variable, null);
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => Answer(listener)) { IsBackground = true, Name = "bench counters" }.Start();
    }

    private static void Answer(Socket listener)
    {
        Span<byte> answer = stackalloc byte[sizeof(long)];
        while (true)
        {
            using var socket = listener.Accept();
            BinaryPrimitives.WriteInt64LittleEndian(answer, GC.GetTotalAllocatedBytes(precise: true));
            socket.Send(answer);
        }
    }
}
