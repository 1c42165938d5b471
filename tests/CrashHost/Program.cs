using System.Globalization;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FederationNode.CrashHost;

/// <summary>
/// Appends to a log until it kills itself: <c>database first-request requests kind before|after|signed occurrence</c>.
/// Says <c>try request</c> before and <c>ack request first count repeated checkpoint</c> after each append.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var connection = StorageConnection.Parse(args[0]);
        var first = Number(args[1]);
        var requests = Number(args[2]);
        var (kind, when, occurrence) = (args[3], args[4], Number(args[5]));
        using var host = LogSilo.Build(
            connection,
            Workload.Identity,
            inner => when == "signed" ? inner : new KillingStorage(inner, kind, when == "after", occurrence));
        await host.StartAsync();
        await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IMemberLogGrain>(Workload.Log).ConfirmAsync();
        var appender = host.Services.GetRequiredService<LogAppender>();
        var heads = host.Services.GetRequiredService<HeadBoard>();
        var appended = 0;
        for (var request = first; request < first + requests; request++)
        {
            Say($"try {request}");
            var result = await appender.AppendAsync(Workload.Log, Workload.Request(request));
            if (result.Refusal != AppendRefusal.None)
            {
                throw new InvalidOperationException(result.Error);
            }

            appended += result.Repeated ? 0 : 1;
            if (when == "signed" && appended == occurrence)
            {
                KillingStorage.Die();
            }

            var note = Convert.ToBase64String(heads.Get(Workload.Log)!.Checkpoint);
            Say($"ack {request} {result.First} {result.Count} {(result.Repeated ? 1 : 0)} {note}");
        }

        await host.StopAsync();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Say(FormattableString line)
    {
        Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        Console.Out.Flush();
    }
}
