using System.CommandLine;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode seller-keys</c>.</summary>
internal static class SellerKeyVerbs
{
    public static Command Create() => new("seller-keys", "Who makes the tags of sellers.")
    {
        DealKeysVerb.Create(), InstallSharesVerb.Create(), SellerQuotaVerb.Create(), RetireKeysVerb.Create(), EvaluationsVerb.Create(),
        CeremonyVerbs.Create(),
    };
}
