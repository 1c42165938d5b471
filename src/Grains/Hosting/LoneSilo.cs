using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace FederationNode.Grains.Hosting;

/// <summary>
/// A node's silo is the only one of its cluster, so it neither listens nor dials: Orleans' ports know no keys, and any
/// program of the machine could call grains through them; a port that is free when the silo is set up may be taken when
/// it binds.
/// </summary>
public static class LoneSilo
{
    /// <summary>Part of the silo's name in its cluster; nothing listens there.</summary>
    private const int NominalPort = 11_111;

    /// <summary>Makes the silo the whole of its cluster.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="cluster">The name of the cluster and of the service.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseLoneSilo(this ISiloBuilder silo, string cluster)
    {
        silo.UseLocalhostClustering(NominalPort, gatewayPort: 0, serviceId: cluster, clusterId: cluster);

        // Orleans registers its transports under keys that it keeps to itself: whatever their keys, they are exchanged.
        foreach (var transport in silo.Services.Where(IsTransport).ToArray())
        {
            silo.Services.Remove(transport);
            silo.Services.Add(transport.ServiceType == typeof(IConnectionFactory)
                ? ServiceDescriptor.KeyedSingleton<IConnectionFactory>(transport.ServiceKey, (_, _) => new NoDialling())
                : ServiceDescriptor.KeyedSingleton<IConnectionListenerFactory>(
                    transport.ServiceKey, (_, _) => new NoListening()));
        }

        return silo;
    }

    private static bool IsTransport(ServiceDescriptor service) =>
        service.IsKeyedService
        && (service.ServiceType == typeof(IConnectionFactory)
            || service.ServiceType == typeof(IConnectionListenerFactory));

    private sealed class NoDialling : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException($"The silo is alone: there is no other at {endpoint}.");
    }

    private sealed class NoListening : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(
            EndPoint endpoint, CancellationToken cancellationToken = default) => new(new NoConnections(endpoint));
    }

    /// <summary>Has none until it is closed, which is when null ends the accepting.</summary>
    private sealed class NoConnections(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _closed =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _closed.Task.WaitAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            _closed.TrySetResult(null);
            return default;
        }
    }
}
