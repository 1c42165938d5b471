using FederationNode.Detector.Settings;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Policies;

/// <summary>
/// Takes up a changed <c>policy.json</c> while the node runs, or a changed file that it names: the whole of it, or, if
/// anything in it cannot be used, nothing, with an alarm.
/// </summary>
internal sealed partial class PolicyWatch(
    PolicyBoard board,
    NodeFolder folder,
    NodeIdentity identity,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<PolicyWatch> logger) : FileWatch(board.Current.Stamps, clock)
{
    /// <inheritdoc/>
    protected override void TakeUp(FileStamps stamps)
    {
        var policy = PolicyReader.Load(folder, identity.Member, stamps);
        if (policy.IsFromFile)
        {
            board.Take(policy);
            LogTaken(folder.PolicyFile);
        }
        else if (board.Current.IsFromFile)
        {
            Refuse(PolicyFile.GoneFault(folder.PolicyFile));
        }
        else
        {
            board.Refuse(null);
        }
    }

    /// <inheritdoc/>
    protected override void Refuse(string fault)
    {
        board.Refuse(fault);
        LogRefused(fault);
    }

    [LoggerMessage(1, LogLevel.Information, "{File} was read and is in force.")]
    private partial void LogTaken(string file);

    [LoggerMessage(2, LogLevel.Error, PolicyFile.NotInForce + "{Fault}")]
    private partial void LogRefused(string fault);
}
