using System.Diagnostics;
using System.Globalization;
using FederationNode.Simulation;

// simulation [--seeds N] [--from SEED] [--seconds S] [--mutant NAME] [--watch SEED]
var options = args.Chunk(2).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
if (args.Length % 2 != 0 || options.Keys.Any(k => k is not ("--seeds" or "--from" or "--seconds" or "--mutant" or "--watch")))
{
    Console.Error.WriteLine("""
        Runs the replication core in simulated coalitions, each from a seed, until one breaks an invariant.

          simulation --seeds 300            seeds 1 to 300
          simulation --from 17 --seeds 1    seed 17 alone
          simulation --seconds 3600         as many as an hour allows
          simulation --mutant UnprovenFork  with a known mistake put in
          simulation --watch 17             everything that happens in seed 17

        Exit code 0: all held; 1: an invariant broke; 2: wrong usage.
        """);
    return 2;
}

var from = ulong.Parse(options.GetValueOrDefault("--from", "1"), CultureInfo.InvariantCulture);
var seconds = double.Parse(options.GetValueOrDefault("--seconds", "0"), CultureInfo.InvariantCulture);
var count = ulong.Parse(options.GetValueOrDefault("--seeds", seconds > 0 ? "1000000000" : "300"), CultureInfo.InvariantCulture);
var mutant = Enum.Parse<Mutant>(options.GetValueOrDefault("--mutant", nameof(Mutant.None)));
if (options.TryGetValue("--watch", out var watched))
{
    var seen = Runner.Run(ulong.Parse(watched, CultureInfo.InvariantCulture), mutant, Console.WriteLine);
    Console.WriteLine($"broken: {seen.Detail ?? "nothing"}");
    return seen.Broken is null ? 0 : 1;
}

var clock = Stopwatch.StartNew();
var gate = new Lock();
var (next, done, events, nodeHours, slowest, outlines) = (from, 0L, 0L, 0.0, (After: 0L, Seed: from), default(OutlineCounts));
RunResult? broken = null;

void Work()
{
    while (true)
    {
        ulong seed;
        lock (gate)
        {
            if (broken is not null || next >= from + count || (seconds > 0 && clock.Elapsed.TotalSeconds > seconds))
            {
                return;
            }

            seed = next++;
        }

        var result = Runner.RunTwice(seed, mutant);
        lock (gate)
        {
            done++;
            events += result.Events;
            outlines += result.Outlines;
            slowest = result.WellAfter > slowest.After ? (result.WellAfter, result.Seed) : slowest;
            nodeHours += result.Milliseconds / 3_600_000.0 * result.Scenario.Names.Count;
            if (result.Broken is not null && (broken is null || result.Seed < broken.Seed))
            {
                broken = result;
            }

            if (done % 50 == 0)
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} seeds, {clock.Elapsed.TotalSeconds:0} s"));
            }
        }
    }
}

var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work)).ToList();
workers.ForEach(w => w.Start());
workers.ForEach(w => w.Join());
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{done} seeds, each run twice; {events:N0} events, {nodeHours:0.0} node-hours of virtual time; slowest recovery {slowest.After / 1000.0:0.0} s in seed {slowest.Seed}; {clock.Elapsed.TotalSeconds:0.0} s"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"outlines: {outlines.Parts:N0} parts, {outlines.Compared:N0} compared, {outlines.Filled:N0} filled, "
    + $"{outlines.Ready:N0} stood for a log when a node was caught up"));
if (broken is null)
{
    return 0;
}

Console.WriteLine($"seed {broken.Seed}: {broken.Scenario}");
Console.WriteLine($"broken: {broken.Detail}");
foreach (var line in broken.Schedule)
{
    Console.WriteLine(line);
}

return 1;
