using System.Globalization;
using FederationNode.Detector.Settings;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FederationNode.Detector.Hosting;

/// <summary>Whether the replica answers with a list that is fresh.</summary>
internal sealed class ReplicaHealthCheck(FederationReplica replica) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = replica.Status;
        var age = string.Create(CultureInfo.InvariantCulture, $"{status.Age?.TotalSeconds:0}");
        return Task.FromResult(
            !status.IsReady ? HealthCheckResult.Unhealthy($"The replica has no list yet. {status.LastError}")
            : status.IsStale ? HealthCheckResult.Degraded($"The list is {age} s old. {status.LastError}")
            : status.PolicyError is { } refused ? HealthCheckResult.Degraded(PolicyFile.NotInForce + refused)
            : status.FileError is { } fault ? HealthCheckResult.Degraded($"The list is not kept on disk: {fault}")
            : HealthCheckResult.Healthy(
                string.Create(CultureInfo.InvariantCulture, $"{status.Indicators} indicators, {age} s old.")));
    }
}
