using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Hosting;

/// <summary>
/// At the secretariat: publishes the signed rosters that were put into the folder while the node was stopped, oldest
/// first, as soon as the roster log takes entries. Elsewhere there is no such folder, and nothing to do.
/// </summary>
internal sealed partial class RosterOutbox(
    IGrainFactory grains,
    NodeIdentity identity,
    NodeFolder folder,
    LogAppender appender,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<RosterOutbox> logger) : BackgroundService
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(200);

    private IReadOnlyList<(int Version, byte[] Note)> _notes = [];

    private string Log => identity.Anchor.RosterLogKey.Name;

    /// <inheritdoc/>
    /// <exception cref="NodeFolderException">The folder holds a file that is no roster.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _notes = identity.KeyOf(Log) is null ? [] : [.. folder.ReadRosters().Select(n => (VersionOf(n), n))];
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_notes.Count == 0)
        {
            return;
        }

        var roster = grains.GetGrain<IRosterGrain>(identity.Coalition);
        await roster.FollowLogAsync();
        foreach (var (version, note) in _notes)
        {
            if (version > (await roster.GetAsync()).Version && !await PublishAsync(roster, version, note, stoppingToken))
            {
                return;
            }
        }
    }

    private static int VersionOf(byte[] note) =>
        SignedNote.TryParse(note, out var signed, out var error, RosterChain.MaxNote)
        && RosterDocument.TryParse(signed.Text, out var document, out error)
            ? document.Version
            : throw new NodeFolderException($"The folder `roster` holds a file that is no roster: {error}");

    private async Task<bool> PublishAsync(IRosterGrain roster, int version, byte[] note, CancellationToken stopping)
    {
        var entry = new NewEntry(EntryKind.Roster, new RosterPayload(note).Encode());
        while (true)
        {
            var appended = await appender.AppendAsync(Log, new AppendRequest([entry]), stopping);
            if (appended.Refusal is AppendRefusal.None)
            {
                break;
            }

            if (appended.Refusal is not (AppendRefusal.Behind or AppendRefusal.StorageUnavailable))
            {
                LogNotPublished(version, appended.Error!);
                return false;
            }

            await Task.Delay(s_retry, clock, stopping);
        }

        var result = await roster.FollowLogAsync();
        if (result.Version == version)
        {
            return true;
        }

        LogNotPublished(version, result.Error ?? $"It does not follow version {result.Version}, which is in force.");
        return false;
    }

    [LoggerMessage(1, LogLevel.Error, "The roster of version {Version} in the folder `roster` could not be published. {Error}")]
    private partial void LogNotPublished(int version, string error);
}
