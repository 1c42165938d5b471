using System.CommandLine;

namespace FederationNode.Node.Cli;

internal static class AuditVerb
{
    public static Command Create() => new("audit", "later");
}

internal static class DemoVerb
{
    public static Command Create() => new("demo", "later");
}
