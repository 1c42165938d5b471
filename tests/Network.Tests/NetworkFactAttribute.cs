using System.ComponentModel;
using System.Diagnostics;
using FederationNode.Network.Tests.Emulation;
using Xunit;

namespace FederationNode.Network.Tests;

/// <summary>A test in network namespaces of its own: skipped, with the reason, where they cannot be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = SkipReason;

    /// <summary>Null if the tests can run here.</summary>
    public static string? SkipReason { get; } = FindSkipReason();

    private static string? FindSkipReason()
    {
        const string Cannot = "No network namespaces with TUN devices can be made here: ";
        if (!OperatingSystem.IsLinux())
        {
            return Cannot + "this is not Linux.";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return Cannot + "only root may.";
        }

        if (new[] { "ip", "nsenter" }.FirstOrDefault(p => !Runs(p)) is { } missing)
        {
            return Cannot + $"{missing} is not installed (Debian: apt-get install iproute2 util-linux).";
        }

        try
        {
            NetworkNamespace.Create(1, NetworkSettings.CongestionControl).Dispose();
            return null;
        }
        catch (IOException e)
        {
            return Cannot + e.Message;
        }
    }

    private static bool Runs(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "-V") { RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
