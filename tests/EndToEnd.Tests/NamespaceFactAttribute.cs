using System.Diagnostics;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>A test that needs a mount namespace of its own, which not every machine permits.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NamespaceFactAttribute : FactAttribute
{
    /// <summary>How to start a program that sees its own mounts; it becomes root there if it is not.</summary>
    public static string[] Unshare { get; } =
        Environment.IsPrivilegedProcess ? ["unshare", "-m"] : ["unshare", "-rm"];

    // After what it uses: static members are made in the order of the text.
    private static readonly string? Reason = FindReason();

    public NamespaceFactAttribute() => Skip = Reason;

    private static string? FindReason()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(Unshare[0], [.. Unshare[1..], "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            var error = probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? null : $"No mount namespace can be made here: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"No mount namespace can be made here: {e.Message}";
        }
    }
}
