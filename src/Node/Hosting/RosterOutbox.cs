using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Hosting;

/// <summary>
/// At the secretariat: publishes the signed rosters that were put into the folder while the node was stopped, oldest
/// first. Elsewhere there is no such folder, and nothing to do.
/// </summary>
internal sealed class RosterOutbox(
    IGrainFactory grains, NodeIdentity identity, NodeFolder folder, LogAppender appender) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var origin = identity.Anchor.RosterLogKey.Name;
        if (identity.KeyOf(origin) is null)
        {
            return;
        }

        var roster = grains.GetGrain<IRosterGrain>(identity.Coalition);
        await roster.FollowLogAsync();
        foreach (var note in folder.ReadRosters())
        {
            if (VersionOf(note) > (await roster.GetAsync()).Version)
            {
                await PublishAsync(roster, origin, note, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static int VersionOf(byte[] note) =>
        SignedNote.TryParse(note, out var signed, out var error, RosterChain.MaxNote)
        && RosterDocument.TryParse(signed.Text, out var document, out error)
            ? document.Version
            : throw new NodeFolderException($"The folder `roster` holds a file that is no roster: {error}");

    private async Task PublishAsync(IRosterGrain roster, string origin, byte[] note, CancellationToken cancel)
    {
        var before = (await roster.GetAsync()).Version;
        var entry = new NewEntry(EntryKind.Roster, new RosterPayload(note).Encode());
        var appended = await appender.AppendAsync(origin, new AppendRequest([entry]), cancel);
        if (appended.Refusal != AppendRefusal.None)
        {
            throw new NodeFolderException($"A roster could not be published: {appended.Error}");
        }

        await roster.FollowLogAsync();
        if ((await roster.GetAsync()).Version == before)
        {
            throw new NodeFolderException($"The roster after version {before} in the folder `roster` does not follow it; see the log.");
        }
    }
}
