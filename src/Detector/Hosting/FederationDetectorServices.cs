using FederationNode.Detector;
using FederationNode.Detector.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers detectors.</summary>
public static class FederationDetectorServices
{
    /// <summary>
    /// Registers <see cref="FederationDetector"/> as a singleton and, if <see cref="FederationDetectorOptions.Replica"/> is
    /// set, <see cref="FederationReplica"/>, which follows the list while the host runs. The options are validated when the
    /// host starts; they may also be bound from configuration.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddFederationDetector(
        this IServiceCollection services, Action<FederationDetectorOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<FederationDetectorOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationDetectorOptions>, OptionsCheck>());
        services.TryAddSingleton(provider => new FederationDetector(
            provider.GetRequiredService<IOptions<FederationDetectorOptions>>().Value,
            clock: provider.GetService<TimeProvider>()));
        services.TryAddSingleton(provider => new FederationReplica(
            provider.GetRequiredService<IOptions<FederationDetectorOptions>>().Value,
            clock: provider.GetService<TimeProvider>(),
            logger: provider.GetService<ILogger<FederationReplica>>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ReplicaService>());
        return services;
    }

    /// <summary>
    /// Adds a health check of the replica: unhealthy without a list, degraded while the list is stale or not kept on disk, or
    /// the policy on the disk is not in force.
    /// </summary>
    /// <param name="checks">The health checks.</param>
    /// <param name="name">The check's name.</param>
    public static IHealthChecksBuilder AddFederationReplica(this IHealthChecksBuilder checks, string name = "federation-replica")
    {
        ArgumentNullException.ThrowIfNull(checks);
        return checks.AddCheck<ReplicaHealthCheck>(name);
    }
}
