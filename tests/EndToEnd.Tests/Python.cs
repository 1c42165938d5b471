using System.Diagnostics;
using FederationNode.TestSupport;

namespace FederationNode.EndToEnd.Tests;

/// <summary>Runs the verifier in Python.</summary>
internal static class Python
{
    /// <summary>Runs a program of tests/Verifier to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("python3")
        {
            WorkingDirectory = Path.Combine(TestFiles.Repository, "tests", "Verifier"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["-B", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var python = Process.Start(start)!;
        var output = python.StandardOutput.ReadToEndAsync();
        var error = python.StandardError.ReadToEndAsync();
        await python.WaitForExitAsync();
        return (python.ExitCode, await output + await error);
    }
}
