using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FederationNode.Detector.Hosting;

/// <summary>Lets the replica follow its node while the host runs, if the options ask for one.</summary>
internal sealed class ReplicaService(IServiceProvider services, IOptions<FederationDetectorOptions> options) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Value.Replica is null
        ? Task.CompletedTask
        : services.GetRequiredService<FederationReplica>().RunAsync(stoppingToken);
}
