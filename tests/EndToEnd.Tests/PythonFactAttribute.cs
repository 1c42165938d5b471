using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>A test that needs python3: skipped, with the reason, where it is missing, but never in CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    private static readonly string? s_missing = Environment.GetEnvironmentVariable("CI") == "true" ? null : Missing();

    public PythonFactAttribute() => Skip = s_missing;

    private static string? Missing()
    {
        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3", "--version") { RedirectStandardOutput = true })!;
            python.WaitForExit();
            return python.ExitCode == 0 ? null : "python3 does not run.";
        }
        catch (Win32Exception)
        {
            return "python3 is not installed.";
        }
    }
}
