using FederationNode.Bench;

// One command: dotnet run -c Release --project bench/Bench [-- ROUNDS]
var rounds = args.Length > 0 && int.TryParse(args[0], out var given) && given is >= 1 and <= 100 ? given : 5;
Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {rounds} rounds; each figure: min / median / max.");
Yardsticks.Run(rounds);
ExactLookups.Run(rounds);
await NodeFigures.RunAsync(rounds);
return 0;
