using System.Diagnostics.Metrics;
using FederationNode.Matching.Policy;

namespace FederationNode.Detector.Telemetry;

/// <summary>
/// What detectors of this process do, as metrics of the meter <see cref="MeterName"/>. Recording costs some nanoseconds
/// where nobody listens, and never allocates.
/// </summary>
public static class DetectorMetrics
{
    /// <summary>The meter's name, to be given to a collector.</summary>
    public const string MeterName = "FederationNode.Detector";

    private static readonly KeyValuePair<string, object?> s_http = new("by", "http");
    private static readonly KeyValuePair<string, object?> s_replica = new("by", "replica");

    private static readonly KeyValuePair<string, object?>[] s_verdicts =
        [.. Enum.GetValues<Verdict>().Select(v => new KeyValuePair<string, object?>("verdict", v.ToText()))];

    private static readonly Meter s_meter = new(MeterName);

    // One for each replica that follows; weak, so that one that was left alone can go.
    private static readonly List<WeakReference<FederationReplica>> s_followers = [];

    private static readonly Counter<long> s_checks = s_meter.CreateCounter<long>(
        "fednode.detector.checks", "{item}", "Items checked, by verdict, over http or by the replica.");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "fednode.detector.request.duration", "s", "Requests to the node, the retries of one call together.");

    private static readonly Counter<long> s_repeats = s_meter.CreateCounter<long>(
        "fednode.detector.request.repeats", "{request}", "Requests that were sent again, as a retry or a hedge.");

    private static readonly Counter<long> s_snapshots = s_meter.CreateCounter<long>(
        "fednode.detector.replica.snapshots", "{snapshot}", "Whole lists that a replica read.");

    private static readonly Counter<long> s_failures = s_meter.CreateCounter<long>(
        "fednode.detector.replica.failures", "{failure}", "Times that a replica lost its node.");

    static DetectorMetrics()
    {
        _ = s_meter.CreateObservableGauge(
            "fednode.detector.list.age",
            () => Observe(r => r.Status.Age?.TotalSeconds),
            "s",
            "Since the replica last heard of its node.");
        _ = s_meter.CreateObservableGauge(
            "fednode.detector.list.size", () => Observe(r => (double)r.Status.Indicators), "{indicator}", "Indicators held.");
        _ = s_meter.CreateObservableGauge(
            "fednode.detector.policy.refused",
            () => Observe(r => r.IsPolicyRefused is { } refused ? refused ? 1 : 0 : null),
            "{file}",
            "Whether the policy on the disk is refused, and the one before it in force: 1 if so, 0 if not.");
    }

    internal static void CheckedOverHttp(string verdict) => s_checks.Add(1, s_http, Tag(VerdictText.FromAction(verdict)));

    internal static void CheckedByReplica(Verdict verdict) => s_checks.Add(1, s_replica, Tag(verdict));

    internal static void Requested(TimeSpan duration) => s_duration.Record(duration.TotalSeconds);

    internal static void Repeated(string why) => s_repeats.Add(1, new KeyValuePair<string, object?>("why", why));

    internal static void TookSnapshot() => s_snapshots.Add(1);

    internal static void Failed() => s_failures.Add(1);

    internal static void Follow(FederationReplica replica)
    {
        lock (s_followers)
        {
            s_followers.RemoveAll(f => !f.TryGetTarget(out _));
            s_followers.Add(new WeakReference<FederationReplica>(replica));
        }
    }

    internal static void Leave(FederationReplica replica)
    {
        lock (s_followers)
        {
            s_followers.RemoveAll(f => !f.TryGetTarget(out var other) || other == replica);
        }
    }

    private static KeyValuePair<string, object?> Tag(Verdict verdict) => s_verdicts[(int)verdict];

    private static List<Measurement<double>> Observe(Func<FederationReplica, double?> value)
    {
        lock (s_followers)
        {
            var values = new List<Measurement<double>>();
            foreach (var follower in s_followers)
            {
                if (follower.TryGetTarget(out var replica) && value(replica) is { } known)
                {
                    values.Add(new Measurement<double>(known));
                }
            }

            return values;
        }
    }
}
