namespace FederationNode.Simulation;

/// <summary>What a run showed.</summary>
/// <param name="Seed">Its seed, which repeats it.</param>
/// <param name="Scenario">What was in it.</param>
/// <param name="Broken">The first invariant that did not hold, or null.</param>
/// <param name="Detail">Where and how.</param>
/// <param name="Trace">Hash of all that happened.</param>
/// <param name="Schedule">The faults that happened.</param>
/// <param name="Events">Steps taken.</param>
/// <param name="Milliseconds">Virtual time that passed.</param>
/// <param name="WellAfter">When all had everything, after the faults stopped.</param>
/// <param name="Outlines">What outlines had to do with it.</param>
public sealed record RunResult(
    ulong Seed,
    Scenario Scenario,
    string? Broken,
    string? Detail,
    ulong Trace,
    IReadOnlyList<string> Schedule,
    long Events,
    long Milliseconds,
    long WellAfter,
    OutlineCounts Outlines);

/// <summary>Runs one seed, and watches.</summary>
public static class Runner
{
    private const long CheckEvery = 5_000;
    private const long QuietFor = 20_000;

    // What was begun just before the faults stop is written by then.
    private const long Settle = 2_000;
    private const long MostEvents = 2_000_000;

    /// <summary>Runs a seed twice; that both runs do the same is an invariant too.</summary>
    public static RunResult RunTwice(ulong seed, Mutant mutant = Mutant.None)
    {
        var first = Run(seed, mutant);
        var second = Run(seed, mutant);
        return first.Trace == second.Trace && first.Broken == second.Broken
            ? first
            : first with { Broken = "equal seeds give equal runs", Detail = $"{first.Trace:x16} and {second.Trace:x16}" };
    }

    public static RunResult Run(ulong seed, Mutant mutant = Mutant.None, Action<string>? watch = null)
    {
        var scenario = new Scenario(seed);
        var world = new World(scenario, mutant) { Watch = watch };
        string? broken = null, detail = null;
        long wellAt = 0;
        try
        {
            Schedule.Lay(world);
            RunUntil(world, Scenario.FaultsUntil + Settle);
            wellAt = RunUntilWell(world);
            world.CheckAcknowledged();
            world.CheckBorders();
            CheckQuiet(world);
            world.CheckNoOutlines();
            world.CheckViews();
        }
        catch (InvariantBrokenException failure)
        {
            (broken, detail) = (failure.Invariant, failure.Message);
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or KeyNotFoundException
            or NullReferenceException or IndexOutOfRangeException or OverflowException or InvalidCastException)
        {
            (broken, detail) = ("nothing is thrown", $"at {world.Time.Now} ms: {failure}");
        }

        return new RunResult(
            seed,
            scenario,
            broken,
            detail,
            world.TraceHash,
            world.Notes,
            world.Time.Events,
            world.Time.Now,
            wellAt - Scenario.FaultsUntil,
            world.Outlines);
    }

    private static void RunUntil(World world, long until)
    {
        for (var next = world.Time.Now; world.Time.Now < until;)
        {
            next = Math.Min(until, next + CheckEvery);
            while (world.Time.RunOne(next))
            {
                world.Hold(world.Time.Events < MostEvents, "the work is bounded", $"{world.Time.Events} events");
            }

            foreach (var node in world.Nodes)
            {
                world.CheckBounds(node);
            }

            world.CheckViews();
        }
    }

    private static long RunUntilWell(World world)
    {
        while (true)
        {
            if (world.Unfinished() is not { } why)
            {
                return world.Time.Now;
            }

            world.Hold(world.Time.Now < Scenario.WellBy, "after the faults all get everything", why);
            RunUntil(world, world.Time.Now + 1_000);
        }
    }

    /// <summary>When nothing is left to do, only heads are compared.</summary>
    private static void CheckQuiet(World world)
    {
        var (messages, fetches) = (world.Network.Messages, world.Fetches);
        RunUntil(world, world.Time.Now + QuietFor);
        var actors = world.Actors.Count;
        var comparisons = 2 * actors * (actors - 1) * (QuietFor / (world.Options.HeadsInterval * 4 / 5));
        world.Hold(
            world.Network.Messages - messages <= comparisons + (comparisons / 4) + 50,
            "traffic falls to the comparison of heads",
            $"{world.Network.Messages - messages} messages, {comparisons} for heads");
        foreach (var node in world.Nodes)
        {
            world.Hold(
                world.Scenario.Hostile.Count > 0 || node.IsDamaged || node is { Core: { Fetching: 0, WaitingBytes: 0 }, Fetched: 0 },
                "credits come back",
                $"{node.Name} {node.Core?.Fetching} fetches, {node.Core?.WaitingBytes} bytes, {node.Fetched} ranges");
        }

        world.Hold(
            world.Scenario.Hostile.Count > 0 || world.Nodes.Any(n => n.IsDamaged) || world.Fetches == fetches,
            "nothing is fetched when nothing is missing",
            $"{world.Fetches - fetches} fetches");
    }
}
