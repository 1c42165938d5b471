using System.Diagnostics;
using System.Globalization;
using FederationNode.Network.Tests.Coalition;
using FederationNode.Network.Tests.Emulation;
using Xunit;
using Xunit.Abstractions;

namespace FederationNode.Network.Tests;

/// <summary>Four real nodes on networks that are bad in some way; docs/operations.md has the figures.</summary>
public sealed class BadNetworkTests(NetworkCoalition coalition, ITestOutputHelper output)
    : IClassFixture<NetworkCoalition>
{
    private static readonly string[] s_othersThanAlpha = ["secretariat", "beta", "gamma"];

    /// <summary>
    /// Everything takes 125 ms and 15 % of it are lost, both ways; what alpha sends goes through 1 Mbit/s to each.
    /// </summary>
    [NetworkFact]
    public async Task Import_SlowAndLossyNetwork_ConvergesAndTakedownOvertakesIt()
    {
        await coalition.HealAsync();
        var bad = new LinkRules { Delay = TimeSpan.FromMilliseconds(125), Loss = 0.15 };
        coalition.SetRules(bad);
        foreach (var member in s_othersThanAlpha)
        {
            coalition.SetRules("alpha", member, bad with { Rate = 1_000_000 });
        }

        await TakeDownAsync("takedown on the idle network", "alpha", s_othersThanAlpha);

        var before = (await coalition["alpha"].LogsAsync()).Single(IsAlphas).Held;
        var list = coalition.WriteList("far", NetworkSettings.Entries);
        var watch = Stopwatch.StartNew();
        await coalition["alpha"].ImportAsync(list);
        Measured($"import of {NetworkSettings.Entries} at alpha", watch.Elapsed);
        var picture = coalition.NewPicture();
        var sent = Stopwatch.StartNew();
        var index = await coalition["alpha"].TakeDownAsync(picture);
        Assert.True(index >= before + NetworkSettings.Entries);
        await Task.WhenAll(s_othersThanAlpha.Select(async member =>
        {
            Measured($"takedown behind the import, {member}", await coalition.UntilBlockedAsync(sent, member, picture));
            var held = (await coalition[member].LogsAsync()).Single(IsAlphas).Held;
            Assert.True(held <= index, $"{member} had the whole import before: it is too small for this network.");
        }));
        Measured("import at all, and all receipts", await coalition.UntilConvergedAsync(watch));
        output.WriteLine(Traffic());
    }

    [NetworkFact]
    public async Task Publish_OnBothSidesOfACut_ConvergesWhenItEnds()
    {
        await coalition.HealAsync();
        coalition.CutOff("gamma", true);
        var cut = Stopwatch.StartNew();
        var (outside, inside) = (coalition.NewPicture(), coalition.NewPicture());
        await coalition["alpha"].TakeDownAsync(outside);
        await coalition["gamma"].TakeDownAsync(inside);
        await coalition["alpha"].ImportAsync(coalition.WriteList("outside", NetworkSettings.Entries));
        await coalition["gamma"].ImportAsync(coalition.WriteList("inside", NetworkSettings.Entries));
        await coalition.UntilBlockedAsync(cut, "secretariat", outside);
        await AlarmsAsync(cut);

        // How long a cut lasts is what is chosen here, not how long something takes.
        await Task.Delay(NetworkSettings.Cut > cut.Elapsed ? NetworkSettings.Cut - cut.Elapsed : TimeSpan.Zero);
        Assert.False(await coalition["gamma"].BlocksAsync(outside));
        Assert.False(await coalition["alpha"].BlocksAsync(inside));

        coalition.CutOff("gamma", false);
        var healed = Stopwatch.StartNew();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"The cut took {cut.Elapsed.TotalSeconds:0} s; from its end:"));
        await Task.WhenAll(
            MeasureAsync("alpha's takedown at gamma", coalition.UntilBlockedAsync(healed, "gamma", outside)),
            MeasureAsync("gamma's takedown at alpha", coalition.UntilBlockedAsync(healed, "alpha", inside)),
            MeasureAsync("the same heads everywhere", coalition.UntilConvergedAsync(healed)));
        await MeasureAsync("no alarms", coalition.UntilAsync(healed, "no alarms", async () =>
            (await coalition.StatusesAsync()).All(s => s.Alarms.Count == 0)));
    }

    /// <summary>Nothing gets from alpha to beta, so no connection between them works in either direction.</summary>
    [NetworkFact]
    public async Task Publish_OneWayCut_ReachesTheOtherThroughAThird()
    {
        await coalition.HealAsync();
        coalition.SetRules("alpha", "beta", LinkRules.Perfect with { Cut = true });
        var cut = Stopwatch.StartNew();
        await TakeDownAsync("takedown before anybody notices the cut", "alpha", ["beta"]);
        await TakeDownAsync("takedown before anybody notices the cut", "beta", ["alpha"]);
        Measured("alpha and beta see it", await coalition.UntilAsync(cut, "alpha and beta see the cut", async () =>
            !(await coalition["alpha"].StatusAsync()).Peers.Single(p => p.Member == "beta").Reachable
            && !(await coalition["beta"].StatusAsync()).Peers.Single(p => p.Member == "alpha").Reachable));
        await TakeDownAsync("takedown through a third", "alpha", ["beta"]);
        await TakeDownAsync("takedown through a third", "beta", ["alpha"]);
        var watch = Stopwatch.StartNew();
        await coalition["alpha"].ImportAsync(coalition.WriteList("aside", NetworkSettings.Entries));
        Measured("import at all through a third", await coalition.UntilConvergedAsync(watch));
        Assert.True(coalition.Traffic("alpha", "beta").Cut > 0);
    }

    /// <summary>Everybody is told whom it misses: gamma all others, all others gamma.</summary>
    private async Task AlarmsAsync(Stopwatch cut)
    {
        foreach (var member in NetworkCoalition.Everybody)
        {
            string[] missed = member == "gamma" ? ["secretariat", "alpha", "beta"] : ["gamma"];
            var what = $"{member} raises the alarm";
            Measured(what, await coalition.UntilAsync(cut, what, async () =>
                (await coalition[member].StatusAsync()).Alarms is var alarms && alarms.Count == missed.Length
                && missed.All(m => alarms.Any(a => a.StartsWith($"{m} is out of reach", StringComparison.Ordinal)))));
        }
    }

    private static bool IsAlphas(Contracts.Api.LogRow log) => log.Origin == "far/alpha/indicators/1";

    private async Task TakeDownAsync(string what, string at, IEnumerable<string> others)
    {
        var picture = coalition.NewPicture();
        var watch = Stopwatch.StartNew();
        await coalition[at].TakeDownAsync(picture);
        await Task.WhenAll(others.Select(member =>
            MeasureAsync($"{what}, {at} to {member}", coalition.UntilBlockedAsync(watch, member, picture))));
    }

    private async Task MeasureAsync(string what, Task<TimeSpan> took) => Measured(what, await took);

    private void Measured(string what, TimeSpan took) => output.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"measured: {what}: {took.TotalSeconds:0.00} s"));

    private string Traffic() =>
        string.Join('\n', s_othersThanAlpha.Select(m => $"alpha to {m}: {coalition.Traffic("alpha", m)}"));
}
