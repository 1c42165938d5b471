using System.Globalization;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FederationNode.CrashHost;

/// <summary>
/// Appends to a log, or takes another member's, until it kills itself:
/// <c>append|extend database first-request requests kind before|after|signed occurrence</c>.
/// Says <c>try request</c> before each append, and <c>ack request first count repeated checkpoint</c> after it; of
/// another's log <c>try request from count</c> and <c>ack request size</c>.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var connection = StorageConnection.Parse(args[1]);
        var (first, requests) = (Number(args[2]), Number(args[3]));
        var (kind, when, occurrence) = (args[4], args[5], Number(args[6]));
        using var host = LogSilo.Build(
            connection,
            Workload.Identity,
            inner => when == "signed" ? inner : new KillingStorage(inner, kind, when == "after", occurrence));
        await host.StartAsync();
        if (args[0] == "append")
        {
            await AppendAsync(host, first, requests, when == "signed" ? occurrence : 0);
        }
        else
        {
            await ExtendAsync(host, first, requests);
        }

        await host.StopAsync();
    }

    /// <summary>Appends; dies after so many new requests, before it says so, if that is not 0.</summary>
    private static async Task AppendAsync(IHost host, int first, int requests, int dieAfter)
    {
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
            if (dieAfter > 0 && appended == dieAfter)
            {
                KillingStorage.Die();
            }

            var note = Convert.ToBase64String(heads.Get(Workload.Log)!.Checkpoint);
            Say($"ack {request} {result.First} {result.Count} {(result.Repeated ? 1 : 0)} {note}");
        }
    }

    /// <summary>Goes on where the log ends, as one who pulls it does.</summary>
    private static async Task ExtendAsync(IHost host, int first, int requests)
    {
        var log = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IMemberLogGrain>(ForeignWorkload.Log);
        var writer = new ForeignWorkload();
        for (var request = first; request < first + requests; request++)
        {
            var (from, count) = ((await log.GetStatusAsync()).Size, Workload.CountOf(request));
            Say($"try {request} {from} {count}");
            var result = await log.ExtendAsync(writer.Range(from, count));
            if (result.Outcome != ExtendOutcome.Extended)
            {
                throw new InvalidOperationException($"{result.Outcome}: {result.Error}");
            }

            Say($"ack {request} {result.Size}");
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Say(FormattableString line)
    {
        Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        Console.Out.Flush();
    }
}
