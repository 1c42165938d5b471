using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Hosting;

/// <summary>
/// Takes the key of a log's next epoch from the folder, where `member new-epoch` put it, once the roster opens that epoch:
/// the node goes on in the new log without a restart.
/// </summary>
internal sealed partial class NewEpochKeys(
    NodeIdentity identity, NodeFolder folder, RosterBoard roster, ILogger<NewEpochKeys> logger) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        roster.Changed += Take;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        roster.Changed -= Take;
        return Task.CompletedTask;
    }

    private void Take(RosterDocument document)
    {
        foreach (var log in document.Member(identity.Member)?.Logs ?? [])
        {
            if (log.ClosedAt is null && identity.KeyOf(log.Origin.Text) is null)
            {
                Take(log);
            }
        }
    }

    private void Take(RosterLog log)
    {
        try
        {
            var key = NodeFolder.ReadKey(folder.KeyFile(log.Origin));
            if (key.VerificationKey.Equals(log.Key))
            {
                identity.Add(key);
                LogTaken(log.Origin.Text);
            }
            else
            {
                key.Dispose();
                LogOtherKey(folder.KeyFile(log.Origin), log.Origin.Text);
            }
        }
        catch (NodeFolderException e)
        {
            // Said in the node's status, too, for as long as it lasts.
            LogMissing(log.Origin.Text, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The roster opened {Origin}: this node goes on in it.")]
    private partial void LogTaken(string origin);

    [LoggerMessage(2, LogLevel.Error, "{File} is not the key that the roster names for {Origin}: this node does not write that log.")]
    private partial void LogOtherKey(string file, string origin);

    [LoggerMessage(3, LogLevel.Error, "The roster opened {Origin}, and this node does not hold its key. {Error}")]
    private partial void LogMissing(string origin, string error);
}
