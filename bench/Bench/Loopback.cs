using System.Globalization;

namespace FederationNode.Bench;

/// <summary>What went over the loopback interface.</summary>
internal static class Loopback
{
    /// <summary>Bytes since the machine started: TLS, TCP and IP included.</summary>
    public static long Bytes() => long.Parse(
        File.ReadLines("/proc/net/dev").Single(l => l.TrimStart().StartsWith("lo:", StringComparison.Ordinal))
            .Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
