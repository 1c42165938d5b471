using System.CommandLine;

namespace FederationNode.Node.Cli;

internal static class AuditVerb
{
    public static Command Create() => new("audit", "later");
}

