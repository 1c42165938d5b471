using System.Net;
using System.Net.Sockets;

namespace FederationNode.TestSupport;

/// <summary>
/// Ports for what is set up now and started later, perhaps again. They lie below those that the system gives to outgoing
/// connections (32,768 and up), one of which would otherwise take a port between two starts; and no test process gives
/// the same one twice.
/// </summary>
public static class FreePorts
{
    private const int First = 10_000;
    private const int Count = 22_768;
    private static int s_next = Random.Shared.Next(Count);

    /// <summary>Different ports on loopback on which nothing listens.</summary>
    public static int[] Take(int count)
    {
        var ports = new int[count];
        for (var i = 0; i < count;)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                ports[i++] = port;
            }
            catch (SocketException)
            {
                // Somebody has it: the next one.
            }
        }

        return ports;
    }
}
