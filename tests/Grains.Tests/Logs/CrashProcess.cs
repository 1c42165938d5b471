using System.Diagnostics;
using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A process that works on a log until it kills itself at a step.</summary>
internal static class CrashProcess
{
    /// <summary>Runs it to its end and returns the lines that it said.</summary>
    public static async Task<List<string>> RunAsync(
        string step,
        string what,
        StorageConnection connection,
        int first,
        int requests,
        (string Kind, string When, int Occurrence) kill,
        bool expectKill)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "FederationNode.CrashHost.dll");
        string[] how = [kill.Kind, kill.When, Text(kill.Occurrence)];
        var info = new ProcessStartInfo(
            "dotnet", [program, what, connection.FilePath!, Text(first), Text(requests), .. how])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(info)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        // 128 + SIGKILL, as shells count.
        var expected = expectKill ? 137 : 0;
        Assert.True(process.ExitCode == expected, $"{step}: exit code {process.ExitCode}. {await errors}");
        return [.. output.Split('\n').Where(l => l.Length > 0)];
    }

    /// <summary>All entries of a stored log.</summary>
    public static async Task<List<StoredEntry>> ReadAllAsync(StoredLog log)
    {
        var entries = new List<StoredEntry>();
        while (entries.Count < log.Size)
        {
            entries.AddRange(await log.ReadAsync(entries.Count, log.Size, Limits.MaxRangeEntries, int.MaxValue));
        }

        return entries;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
