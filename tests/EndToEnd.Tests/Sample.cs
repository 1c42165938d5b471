using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>Runs the programs of samples/.</summary>
internal static class Sample
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    /// <summary>How a sample in C# is started: as the build left it.</summary>
    public static string[] Built(string name)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var file = Path.Combine(
            TestFiles.Repository, "samples", name, "bin", configuration, "net10.0", $"FederationNode.{name}.dll");
        return File.Exists(file) ? ["dotnet", file] : throw new FileNotFoundException($"Build samples/{name}.", file);
    }

    public static Process Start(params IEnumerable<string> line)
    {
        string[] words = [.. line];
        return Process.Start(new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        })!;
    }

    /// <summary>Runs a sample to its end.</summary>
    public static async Task<Ran> RunAsync(params IEnumerable<string> line)
    {
        using var process = Start(line);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', line)} does not end.");
        }

        return new Ran(process.ExitCode, await output, await error);
    }
}

/// <summary>A test that needs Node.js with fetch: skipped, with the reason, where it is missing, but never in CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JavaScriptFactAttribute : FactAttribute
{
    private const int FirstWithFetch = 18;

    private static readonly string? s_missing = Environment.GetEnvironmentVariable("CI") == "true" ? null : Missing();

    public JavaScriptFactAttribute() => Skip = s_missing;

    private static string? Missing()
    {
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true })!;
            var version = node.StandardOutput.ReadToEnd();
            node.WaitForExit();
            return int.TryParse(version.TrimStart('v').Split('.')[0], out var major) && major >= FirstWithFetch
                ? null
                : $"node is of version {version.Trim()}, and {FirstWithFetch} is needed.";
        }
        catch (Win32Exception)
        {
            return "node is not installed.";
        }
    }
}
