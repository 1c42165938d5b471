using System.Globalization;

namespace FederationNode.Network.Tests;

/// <summary>
/// What can be chosen by environment variables, README.md beside this file. The defaults are the short form, which CI
/// runs.
/// </summary>
internal static class NetworkSettings
{
    /// <summary>Seconds that a cut lasts: FEDNODE_NETWORK_CUT.</summary>
    public static TimeSpan Cut { get; } = TimeSpan.FromSeconds(Number("FEDNODE_NETWORK_CUT", 8));

    /// <summary>Entries of the import: FEDNODE_NETWORK_ENTRIES.</summary>
    public static int Entries { get; } = Number("FEDNODE_NETWORK_ENTRIES", 600);

    /// <summary>Decides which packets are lost: FEDNODE_NETWORK_SEED.</summary>
    public static int Seed { get; } = Number("FEDNODE_NETWORK_SEED", 1);

    /// <summary>Seconds after which something has not happened: FEDNODE_NETWORK_PATIENCE.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(Number("FEDNODE_NETWORK_PATIENCE", 180));

    /// <summary>TCP's congestion control, FEDNODE_NETWORK_TCP: Linux' default, unless somebody chose another.</summary>
    public static string CongestionControl { get; } =
        Environment.GetEnvironmentVariable("FEDNODE_NETWORK_TCP") is { Length: > 0 } chosen
            && chosen.All(char.IsAsciiLetterOrDigit) ? chosen : "cubic";

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : otherwise;
}
