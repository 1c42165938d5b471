using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>What goes wrong in a run: a random part of all that can, chosen by the seed.</summary>
[Flags]
public enum Faults
{
    None = 0,
    Loss = 1,
    Duplicates = 2,
    Delay = 4,
    SlowLinks = 8,
    Cuts = 16,
    Partitions = 32,
    Crashes = 64,
    FullDisks = 128,
    SlowDisks = 256,
    Clocks = 512,
    OldBackups = 1024,
    /// <summary>Bits turn over on disks.</summary>
    BitFlips = 2048,

    /// <summary>The lines between regions are long and narrow.</summary>
    Borders = 4096,
    Hostile = 8192,
}

/// <summary>Everything about a run that follows from its seed.</summary>
public sealed class Scenario
{
    /// <summary>Faults happen and entries are published until then, in milliseconds.</summary>
    public const long FaultsUntil = 60_000;

    /// <summary>Then all must be well by then.</summary>
    public const long WellBy = FaultsUntil + 180_000;

    private static readonly HostileKind[] s_hostile = [.. Enum.GetValues<HostileKind>().Where(k => k is not HostileKind.Hider)];

    public Scenario(ulong seed)
    {
        Seed = seed;
        var dice = new Dice(seed ^ 0x5CE4A210);
        var size = dice.Below(100);
        var count = size < 85 ? (int)dice.Between(5, 10) : size < 99 ? (int)dice.Between(11, 25) : (int)dice.Between(50, 100);
        Names = [.. Enumerable.Range(0, count).Select(i => $"m{i:00}")];
        Faults = dice.Below(100) switch
        {
            < 6 => Faults.None,
            < 12 => Faults.Borders,
            _ => (Faults)dice.Below((int)Faults.Hostile * 2),
        };
        RealSignatures = dice.Chance(0.05);
        Views = count <= 12;
        Batches = count > 30 ? 40 : 120;
        MostEntries = count > 30 ? 40 : dice.Chance(0.3) || Faults is Faults.Borders ? 600 : 20;
        if (Faults.HasFlag(Faults.Hostile))
        {
            var hostile = (int)dice.Between(1, Math.Max(1, count / 4));
            for (var i = 0; i < hostile; i++)
            {
                Hostile[count - 1 - i] = dice.Pick(s_hostile);
            }
        }

        for (var i = 0; Faults is not Faults.Borders && dice.Chance(0.3) && i < count / 3; i++)
        {
            Undialable.Add(i);
        }

        Regions = PickRegions(dice, count);

        // Dice of their own: the runs without outlines are what they were before there were any.
        var outlines = new Dice(seed ^ 0x0711_14E5);
        if (count <= 30 && outlines.Chance(0.35))
        {
            Outlines = true;
            LayOutlines(outlines, count);
        }

        if (Hostile.ContainsValue(HostileKind.Flooder))
        {
            Quota = 1_000;
            MostEntries = 20;
        }
    }

    /// <summary>Members that come late lack much, and hostile ones may hide some of what they lack.</summary>
    private void LayOutlines(Dice dice, int count)
    {
        foreach (var hostile in Hostile.Keys.Where(h => h == count - 1 || dice.Chance(0.3)).ToList())
        {
            Hostile[hostile] = HostileKind.Hider;
        }

        for (var i = dice.Between(1, count / 5); i > 0; i--)
        {
            Late[dice.Below(count - Hostile.Count)] = dice.Between(18_000, 40_000);
        }
    }

    private string[] PickRegions(Dice dice, int count)
    {
        // With one that is large, for a small one shows nothing; and with members that do not say where they are.
        string[] names = !Faults.HasFlag(Faults.Borders) ? [""]
            : Faults is Faults.Borders ? ["a", "b", "b", "b"]
            : ["a", "b", "b", "c", ""];
        return [.. Enumerable.Range(0, count).Select(_ => dice.Pick(names))];
    }

    public ulong Seed { get; }

    public IReadOnlyList<string> Names { get; }

    public Faults Faults { get; }

    public bool RealSignatures { get; }

    /// <summary>Whether each node keeps the merged view, which takes megabytes.</summary>
    public bool Views { get; }

    public int Batches { get; }

    public int MostEntries { get; }

    public SortedDictionary<int, HostileKind> Hostile { get; } = [];

    /// <summary>By member, the region that the roster names; empty: none.</summary>
    public IReadOnlyList<string> Regions { get; }

    /// <summary>Members that only dial.</summary>
    public SortedSet<int> Undialable { get; } = [];

    /// <summary>Whether nodes fetch outlines of what they lack much of.</summary>
    public bool Outlines { get; }

    /// <summary>Members that start late, and when.</summary>
    public SortedDictionary<int, long> Late { get; } = [];

    /// <summary>Entries by which a log may grow, or null for no limit that matters here.</summary>
    public long? Quota { get; }

    /// <summary>Whether the others need not come to the same head of this actor's log: it does not let them.</summary>
    public bool KeepsBack(Actor actor) =>
        Hostile.TryGetValue(actor.Number, out var kind) && kind is (HostileKind.Flooder or HostileKind.Miser);

    /// <summary>Whether the history behind outlines of this actor's log may never come: it shows old heads afterwards.</summary>
    public bool KeepsHistoryBack(Actor actor) =>
        KeepsBack(actor) || (Hostile.TryGetValue(actor.Number, out var kind) && kind is HostileKind.Replayer);

    /// <summary>Ranges and waits are small, so that small logs have many.</summary>
    public ReplicationOptions Options(Mutant mutant) => new()
    {
        // In big coalitions most of the work is comparing heads; with fewer comparisons more runs fit into the time.
        HeadsInterval = Names.Count > 30 ? 8_000 : 2_000,
        LinkTimeout = Names.Count > 30 ? 24_000 : 6_000,
        RangeEntries = Outlines && MostEntries < 100 ? 64 : 256,
        SmallGap = 64,
        MaxFetches = mutant is Mutant.NoCreditLimit ? int.MaxValue : 8,
        MaxFetchesPerPeer = mutant is Mutant.NoCreditLimit ? int.MaxValue : 3,
        MaxFetchesPerLog = mutant is Mutant.NoCreditLimit ? int.MaxValue : 4,
        MaxBulkLogs = mutant is Mutant.NoCreditLimit ? int.MaxValue : 2,
        RangeBytes = 64 * 1024,
        RangeTimeout = 10_000,
        ExchangeTimeout = 3_000,
        MaxLogBackoff = 60_000,
        LongPoll = 10_000,
        MaxOverlayRuns = 40,
        MaxCredit = mutant is Mutant.NoCreditLimit ? long.MaxValue : 384 * 1024,
        Gateways = 1,
        GatewayGrace = mutant is Mutant.NoGateways ? 0 : 5_000,
        QuotaBurst = Quota ?? 4_000_000,
        QuotaPerDay = Quota is null ? 4_000_000 : 0,
        Outlines = Outlines,
        OutlineGap = 100,
    };

    public override string ToString() =>
        $"{Names.Count} nodes, faults: {Faults}{(Hostile.Count == 0 ? "" : ", hostile: " + string.Join(", ", Hostile.Select(h => $"{Names[h.Key]} {h.Value}")))}{(Undialable.Count == 0 ? "" : ", only dialling: " + string.Join(", ", Undialable.Select(i => Names[i])))}{(Regions.All(r => r.Length == 0) ? "" : ", regions: " + string.Join(' ', Regions.Select((r, i) => $"{Names[i]}={r}")))}{LateText()}";

    private string LateText() => !Outlines ? ""
        : ", outlines, late: " + string.Join(", ", Late.Select(l => $"{Names[l.Key]} {l.Value}"));
}
