namespace FederationNode.Matching.Policy.Settings;

/// <summary>A setting of <c>policy.json</c> cannot be used.</summary>
/// <param name="path">The setting, such as <c>kinds.seller.blockAt</c>.</param>
/// <param name="says">What is wrong and what to do: the rest of a sentence that begins with the setting.</param>
internal sealed class PolicyFault(string path, string says) : Exception(says)
{
    /// <summary>The setting.</summary>
    public string Path { get; } = path;
}
