using System.Globalization;
using System.Text;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A secretariat and beta, both stopped for good, each of which had published several bundles and held all of the
/// other's. A copy of beta may run, and beside it a copy of the secretariat: there is nobody else whom they could meet.
/// </summary>
public sealed class PairFixture : IAsyncLifetime, IDisposable
{
    public const string Own = "pair/beta/indicators/1";
    public const string Foreign = "pair/secretariat/indicators/1";
    public const string ForeignReceipts = "pair/secretariat/receipts/1";

    private readonly Scratch _root = new();

    public string Beta => _root.In("beta");

    public string Secretariat => _root.In("secretariat");

    /// <summary>What the secretariat lists.</summary>
    public static string Word(string lister, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{lister} ornament {number}");

    public async Task InitializeAsync()
    {
        await Fednode.FoundAsync(Secretariat, "pair", Beta);
        await using (await NodeProcess.StartAsync(Secretariat))
        {
            await using (await NodeProcess.StartAsync(Beta))
            {
                await CoalitionFixture.UntilReadyAsync(Beta);
                await CoalitionFixture.UntilReadyAsync(Secretariat);
                await ImportAsync(Secretariat, "foreign");
                await ImportAsync(Beta, "own");
                await UntilReceiptedAsync();
            }
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _root.Dispose();

    private async Task ImportAsync(string node, string lister)
    {
        const string Header =
            "kind,value,lang,category,taxon,cites,action,confidence,severity,match,any_of,all_of,none_of,window,source";
        var file = _root.In(lister + ".csv");
        var lines = Enumerable.Range(0, 600)
            .Select(i => $"keyword,{Word(lister, i)},en,ivory,,,review,80,medium,,,,,,");
        await File.WriteAllLinesAsync(file, [Header, .. lines], new UTF8Encoding(false));
        await Fednode.DoAsync("import", file, "--data", node);
    }

    /// <summary>Beta's own receipts are written, and the secretariat's have arrived.</summary>
    private async Task UntilReceiptedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Fednode.HereAsync("audit", Beta, "--json") is var audit
            && (audit.Code != 0 || audit.Json.GetProperty("receipts").EnumerateArray().Any(r =>
                r.GetProperty("newestSize").GetInt64() == 0 || r.GetProperty("notAcknowledged").GetInt64() > 0)))
        {
            Assert.False(patience.IsCancellationRequested, audit.ToString());
        }
    }
}

[CollectionDefinition(Name)]
public sealed class PairGroup : ICollectionFixture<PairFixture>
{
    public const string Name = "pair";
}
