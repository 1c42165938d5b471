using System.Globalization;
using FederationNode.Bench;

// dotnet run -c Release --project bench/Bench [-- ROUNDS]
// dotnet run -c Release --project bench/Bench -- bootstrap [ENTRIES]
// dotnet run -c Release --project bench/Bench -- outline [ENTRIES]
// dotnet run -c Release --project bench/Bench -- start [ENTRIES]
// dotnet run -c Release --project bench/Bench -- takedowns [NODES [TAKEDOWNS]]
// dotnet run -c Release --project bench/Bench -- images HASHES
// dotnet run -c Release --project bench/Bench -- exact KEYS
// dotnet run -c Release --project bench/Bench -- keywords KEYWORDS
// dotnet run -c Release --project bench/Bench -- detector [TAKEDOWNS]
// dotnet run -c Release --project bench/Bench -- checks [ROUNDS]
// dotnet run -c Release --project bench/Bench -- tags [ROUNDS]
CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}");
switch (args)
{
    case [] or [_] when args is [] || IsCount(args[0], 100, out _):
        var rounds = args is [] ? 5 : int.Parse(args[0], CultureInfo.InvariantCulture);
        Console.WriteLine($"{rounds} rounds; each figure: min / median / max.");
        Yardsticks.Run(rounds);
        ExactLookups.Run(rounds);
        await NodeFigures.RunAsync(rounds);
        return 0;
    case ["bootstrap"]:
        await Bootstrap.RunAsync(1_000_000);
        return 0;
    case ["bootstrap", var count] when IsCount(count, 10_000_000, out var entries):
        await Bootstrap.RunAsync(entries);
        return 0;
    case ["outline"]:
        await Outlines.RunAsync(1_000_000);
        return 0;
    case ["outline", var count] when IsCount(count, 10_000_000, out var entries) && entries >= 10_000:
        await Outlines.RunAsync(entries);
        return 0;
    case ["start"]:
        await StartFigures.RunAsync(3_000_000);
        return 0;
    case ["start", var count] when IsCount(count, 10_000_000, out var entries) && entries >= 10_000:
        await StartFigures.RunAsync(entries);
        return 0;
    case ["takedowns"]:
        await Takedowns.RunAsync(21, 200);
        return 0;
    case ["takedowns", var count, .. var rest] when IsCount(count, 100, out var nodes) && nodes >= 3 && rest.Length <= 1:
        await Takedowns.RunAsync(nodes, rest is [var often] && IsCount(often, 10_000, out var times) ? times : 200);
        return 0;
    case ["images", var count] when IsCount(count, 20_000_000, out var hashes):
        ImageSearches.Run(hashes);
        return 0;
    case ["exact", var count] when IsCount(count, 100_000_000, out var keys):
        await ExactRivals.RunAsync(keys);
        return 0;
    case ["keywords", var count] when IsCount(count, 1_000_000, out var keywords) && keywords >= 100:
        KeywordSearches.Run(keywords);
        return 0;
    case ["detector"]:
        await DetectorFigures.RunAsync(100);
        return 0;
    case ["detector", var count] when IsCount(count, 10_000, out var urgent):
        await DetectorFigures.RunAsync(urgent);
        return 0;
    case ["checks"]:
        await CheckFigures.RunAsync(5);
        return 0;
    case ["checks", var count] when IsCount(count, 100, out var repeats):
        await CheckFigures.RunAsync(repeats);
        return 0;
    case ["asking", var redis, var postgres, var listed]:
        await AskingServer.RunAsync(redis, postgres, listed);
        return 0;
    case ["tags"]:
        TagFigures.Run(5);
        return 0;
    case ["tags", var count] when IsCount(count, 100, out var repeats):
        TagFigures.Run(repeats);
        return 0;
    case ["silo"]:
        await IdleFigures.RunSiloAsync();
        return 0;
    default:
        Console.Error.WriteLine(
            "Give a number of rounds from 1 to 100, or: bootstrap [ENTRIES], up to 10000000; or: outline [ENTRIES], 10000 to "
            + "10000000; or: start [ENTRIES], 10000 to 10000000; "
            + "or: takedowns [NODES [TAKEDOWNS]]; or: images HASHES, up to 20000000; or: exact KEYS, up to 100000000; or: "
            + "keywords KEYWORDS, 100 to 1000000; or: detector [TAKEDOWNS]; or: checks [ROUNDS]; or: tags [ROUNDS].");
        return 2;
}

static bool IsCount(string text, int most, out int count) =>
    int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count >= 1 && count <= most;
