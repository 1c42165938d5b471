return await FederationNode.Node.Cli.CommandLine.RunAsync(args);
