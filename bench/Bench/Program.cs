using FederationNode.Bench;

// One command, first figures: dotnet run -c Release --project bench/Bench [-- ROUNDS]
var rounds = args.Length > 0 && int.TryParse(args[0], out var given) && given is >= 1 and <= 100 ? given : 5;
Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {rounds} rounds; each figure: min / median / max.");
ExactLookups.Run(rounds);
await NodeFigures.RunAsync(rounds);
return 0;
