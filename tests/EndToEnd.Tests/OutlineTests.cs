using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A node that is told to fetch what counts first, among real processes: it is killed on the way, goes on, and ends with
/// all of the log, the publisher's list and a clean audit.
/// </summary>
public sealed class OutlineTests : IAsyncLifetime, IDisposable
{
    private const string Log = "ewt/secretariat/indicators/1";
    private const int Rounds = 5;
    private const int Indicators = 1_200;

    private readonly Scratch _scratch = new();
    private NodeProcess _publisher = null!;

    private string Secretariat => _scratch.In("secretariat");

    private string Beta => _scratch.In("beta");

    public async Task InitializeAsync()
    {
        await Fednode.FoundAsync(Secretariat, "ewt", Beta);
        var settings = Path.Combine(Beta, "node.json");
        var text = await File.ReadAllTextAsync(settings);
        await File.WriteAllTextAsync(settings, text.Replace("\"outlineFirst\": false", "\"outlineFirst\": true", StringComparison.Ordinal));
        _publisher = await NodeProcess.StartAsync(Secretariat);
        await CoalitionFixture.UntilReadyAsync(Secretariat);
        await Fednode.DoAsync("import", Renewed(), "--data", Secretariat);
    }

    public async Task DisposeAsync() => await _publisher.DisposeAsync();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task OutlineFirst_KilledOnTheWay_EndsWithTheWholeLogAndTheSameList()
    {
        await using (var first = await NodeProcess.StartAsync(Beta))
        {
            await UntilAsync(Beta, s => LogOf(s) is { } log
                && (log.GetProperty("outlinedTo").ValueKind is JsonValueKind.Number || log.GetProperty("size").GetInt64() > 0));
            await first.KillAsync();
        }

        await AssertSoundAsync();
        await using (await NodeProcess.StartAsync(Beta))
        {
            await CoalitionFixture.UntilReadyAsync(Beta);
            var wanted = (await StatusAsync(Secretariat)).GetProperty("viewDigest").GetString();
            Assert.Equal(wanted, (await StatusAsync(Beta)).GetProperty("viewDigest").GetString());

            await UntilAsync(Beta, s => LogOf(s) is { } log && log.GetProperty("size").GetInt64() == Rounds * Indicators
                && log.GetProperty("outlinedTo").ValueKind is JsonValueKind.Null);
            Assert.Equal(wanted, (await StatusAsync(Beta)).GetProperty("viewDigest").GetString());
        }

        await AssertSoundAsync();
    }

    [Fact]
    public async Task OutlineFirst_Started_AsksForTheOutlineAndComparesIt()
    {
        await using var node = await NodeProcess.StartAsync(Beta);
        await CoalitionFixture.UntilReadyAsync(Beta);

        var routes = (await StatusAsync(Beta)).GetProperty("traffic").EnumerateArray()
            .Select(r => r.GetProperty("route").GetString()).ToList();
        Assert.Contains("/peer/v1/outline", routes);
        Assert.Contains("/peer/v1/live", routes);
    }

    /// <summary>The same listings again and again, each time with more confidence.</summary>
    private string Renewed()
    {
        const string Header =
            "kind,value,lang,category,taxon,cites,action,confidence,severity,match,any_of,all_of,none_of,window,source";
        var lines = Enumerable.Range(0, Rounds * Indicators).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"image-sha256,{(i % Indicators) + 1:x64},,ivory,,,review,{((i / Indicators) + 1) * 10},medium,,,,,,"));
        var file = _scratch.In("list.csv");
        File.WriteAllLines(file, [Header, .. lines], new UTF8Encoding(false));
        return file;
    }

    private static async Task<JsonElement> StatusAsync(string folder) =>
        (await Fednode.DoAsync("status", "--data", folder, "--json")).Json;

    private static JsonElement? LogOf(JsonElement status) => status.GetProperty("logs").EnumerateArray()
        .Where(l => l.GetProperty("origin").GetString() == Log).Select(l => (JsonElement?)l).FirstOrDefault();

    private static async Task UntilAsync(string folder, Func<JsonElement, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Fednode.HereAsync("status", "--data", folder, "--json") is var status
            && (status.Code != 0 || !holds(status.Json)))
        {
            Assert.False(patience.IsCancellationRequested, status.ToString());
        }
    }

    /// <summary>No row of the stopped node is damaged or unknown, whatever is kept of the outline.</summary>
    private async Task AssertSoundAsync()
    {
        var audit = await Fednode.HereAsync("audit", Beta, "--json");
        Assert.DoesNotContain(
            audit.Json.GetProperty("findings").EnumerateArray(),
            f => f.GetProperty("severity").GetString() == "fault" || f.GetProperty("kind").GetString() == "row-unknown");
    }
}
