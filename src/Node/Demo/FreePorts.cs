using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace FederationNode.Node.Demo;

/// <summary>
/// Ports for nodes that are set up now, start later, and start again. They lie below those that systems give to
/// outgoing connections (32,768 and up): one of these that is free now may be a connection's when the node starts.
/// </summary>
internal static class FreePorts
{
    private const int First = 10_000;
    private const int End = 32_768;

    /// <summary>Different ports on loopback on which nothing listens.</summary>
    /// <exception cref="SocketException">There are none.</exception>
    public static int[] Take(int count)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (var attempts = 0; listeners.Count < count; attempts++)
            {
                var listener = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(First, End));
                try
                {
                    listener.Start();
                    listeners.Add(listener);
                }
                catch (SocketException) when (attempts < End)
                {
                    listener.Dispose();
                }
            }

            return [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }
}
