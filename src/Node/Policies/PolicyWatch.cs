using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Policies;

/// <summary>
/// Takes up a changed <c>policy.json</c> while the node runs, or a changed file that it names: the whole of it, or, if
/// anything in it cannot be used, nothing, with an alarm. It looks at times and sizes, so that it does not matter whether a
/// file was written over, renamed into its place, or lies on a file system that tells nobody of changes.
/// </summary>
internal sealed partial class PolicyWatch(
    PolicyBoard board,
    NodeFolder folder,
    NodeIdentity identity,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<PolicyWatch> logger) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private FileStamps _stamps = board.Current.Stamps;

    /// <summary>
    /// Looks at the files, and reads them again if one has changed. Safe from any thread: when it returns, what was on the disk
    /// when it was called is in force, or refused.
    /// </summary>
    public void Look()
    {
        lock (_looking)
        {
            LookAlone();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Look();
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void LookAlone()
    {
        if (_stamps.AreCurrent())
        {
            return;
        }

        // Also of a policy that is refused: the fault may be in a file that only this one names.
        _stamps = new FileStamps();
        try
        {
            var policy = PolicyReader.Load(folder, identity.Member, _stamps);
            if (policy.IsFromFile)
            {
                board.Take(policy);
                LogTaken(folder.PolicyFile);
            }
            else if (board.Current.IsFromFile)
            {
                Refuse($"{folder.PolicyFile} is gone: put it back, or write {{}} into it to go back to the defaults.");
            }
            else
            {
                board.Refuse(null);
            }
        }
        catch (NodeFolderException e)
        {
            Refuse(e.Message);
        }
    }

    private void Refuse(string fault)
    {
        board.Refuse(fault);
        LogRefused(fault);
    }

    [LoggerMessage(1, LogLevel.Information, "{File} was read and is in force.")]
    private partial void LogTaken(string file);

    [LoggerMessage(2, LogLevel.Error, "The policy on the disk is not in force, the one before it still is: {Fault}")]
    private partial void LogRefused(string fault);
}
