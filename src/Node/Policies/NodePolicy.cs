using FederationNode.Detector.Settings;
using FederationNode.Matching.Policy;
using FederationNode.Matching.Policy.Settings;

namespace FederationNode.Node.Policies;

/// <summary>Everything that a node takes from <c>policy.json</c>. Immutable.</summary>
/// <param name="Verdicts">What turns evidence into verdicts.</param>
/// <param name="Document">The settings with the defaults filled in.</param>
/// <param name="Sample">The recorded sample of normal texts, or null.</param>
/// <param name="Stamps">The files that it was read from, as they were.</param>
/// <param name="IsFromFile">Whether there was a file, even an empty one.</param>
internal sealed record NodePolicy(
    VerdictPolicy Verdicts,
    PolicyDocument Document,
    PublishingSample? Sample,
    FileStamps Stamps,
    bool IsFromFile)
{
    /// <summary>A policy that stands in no file.</summary>
    public static NodePolicy Of(VerdictPolicy verdicts) => new(
        verdicts, new PolicyDocument { Kinds = PolicyRules.Write(verdicts) }, null, new FileStamps(), false);
}
