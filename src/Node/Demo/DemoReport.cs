namespace FederationNode.Node.Demo;

/// <summary>One thing that the demo shows.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Expected">What was to be seen.</param>
/// <param name="Observed">What was seen.</param>
/// <param name="Ok">Whether they agree.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record DemoStep(string Name, string Expected, string Observed, bool Ok, long Milliseconds);

/// <summary>A running node of the demo.</summary>
internal sealed record DemoNode(string Member, string Api, string Peers, string Folder, string OperatorKeyFile);

/// <summary>The demo's summary.</summary>
internal sealed record DemoReport(bool Ok, IReadOnlyList<DemoStep> Steps, IReadOnlyList<DemoNode> Nodes, long Milliseconds);
