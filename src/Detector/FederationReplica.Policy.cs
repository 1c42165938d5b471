using FederationNode.Detector.Replica;
using FederationNode.Detector.Settings;
using FederationNode.Matching.Policy;

namespace FederationNode.Detector;

/// <content>By which policy the replica judges.</content>
public sealed partial class FederationReplica
{
    private readonly PolicyFollower? _policyFile;

    /// <summary>
    /// Looks at the policy's file now, rather than within a second: when it returns, what was on the disk when it was called is
    /// in force, or refused. Without a file it does nothing. Safe from any thread.
    /// </summary>
    internal void LookAtPolicy() => _policyFile?.Look();

    /// <summary>Whether the file of the policy is refused; null: there is no file.</summary>
    internal bool? IsPolicyRefused => _policyFile is { } file ? file.Fault is not null : null;

    /// <summary>The policy as it was given or read; null: the default one of whosever node it is.</summary>
    private VerdictPolicy? GivenPolicy => _policyFile?.Current ?? _options.Policy;

    private PolicyFollower? ReadPolicy()
    {
        try
        {
            return _options.PolicyFile is { } file ? PolicyFollower.Start(file, _clock, _logger) : null;
        }
        catch (SettingsException e)
        {
            throw new ArgumentException(OptionsCheck.PolicyFile + e.Message, "options", e);
        }
    }

    private static VerdictPolicy PolicyOf(VerdictPolicy? given, string member) =>
        given is null ? new VerdictPolicy { Self = member } : given with { Self = member };
}
