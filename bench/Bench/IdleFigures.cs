using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace FederationNode.Bench;

/// <summary>What a node takes that has nothing to do, beside a silo that has nothing in it.</summary>
internal static class IdleFigures
{
    // By then what was called often is compiled anew, which takes more than all that an idle node does.
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(30);

    public static async Task MeasureAsync(IReadOnlyList<RunningNode> nodes)
    {
        using var silo = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "FederationNode.Bench.dll"), "silo" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _ = await silo.StandardOutput.ReadLineAsync();
        await Task.Delay(s_settle);
        Process[] all = [.. nodes.Select(n => n.Process), silo];
        var before = all.Select(p => p.TotalProcessorTime).ToList();
        var bytes = Loopback.Bytes();
        await Task.Delay(s_window);
        var percent = all.Select((p, i) =>
        {
            p.Refresh();
            return 100 * (p.TotalProcessorTime - before[i]) / s_window;
        }).ToList();
        var memory = all.Select(p => p.WorkingSet64 / 1e6).ToList();
        Figure.PrintQuantiles("an idle node: processor", "% of a core", percent[..^1]);
        Figure.PrintQuantiles("an idle node: memory", "MB resident", memory[..^1]);
        Console.WriteLine($"  beside: an empty Orleans silo: {percent[^1]:0.0} % of a core, {memory[^1]:0} MB resident");
        Console.WriteLine(
            $"  all {nodes.Count} idle nodes together: {(Loopback.Bytes() - bytes) / s_window.TotalSeconds / 1e3:0} kB/s on the wire");
        silo.StandardInput.Close();
        await silo.WaitForExitAsync();
    }

    /// <summary>The process that is measured beside: Orleans with workstation collections, and nothing else.</summary>
    public static async Task RunSiloAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(17_390, 17_391);
            silo.Configure<EndpointOptions>(o => o.AdvertisedIPAddress = IPAddress.Loopback);
        });
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("running");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        await host.StopAsync();
    }
}
