using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Status;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FederationNode.Node.Api.Rosters;

/// <summary>
/// At the secretariat's node: logs a signed roster document that follows the one in force, and puts it into force. One
/// at a time, so that no two documents of one version are ever logged.
/// </summary>
internal sealed class RosterPublisher(
    NodeIdentity identity,
    RosterBoard board,
    LogAppender appender,
    StorageAlarm alarm,
    IGrainFactory grains) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    public async Task<IResult> PublishAsync(string text, CancellationToken cancellationToken)
    {
        var log = identity.Anchor.RosterLogKey.Name;
        if (identity.Member != Origin.Secretariat || identity.KeyOf(log) is null)
        {
            return Fault.NotWritable.Because(
                "Rosters are published at the secretariat's node, which holds the roster log's key.");
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            return await PublishNextAsync(log, text, Encoding.UTF8.GetBytes(text), cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<IResult> PublishNextAsync(
        string log, string text, byte[] note, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IRosterGrain>(identity.Coalition);
        var current = await grain.GetAsync();
        if (current.Note.AsSpan().SequenceEqual(note))
        {
            return Answer(current.Version, text, StatusCodes.Status200OK);
        }

        // Checked before it is logged: an entry that does not follow would stand in the log for ever.
        if (!TryOpen(note, out var next, out var error))
        {
            return Fault.RosterRefused.Because(error!);
        }

        // The key makes a request that is sent again after a broken connection the same entry.
        var entry = new NewEntry(EntryKind.Roster, new RosterPayload(note).Encode());
        var appended = await appender.AppendAsync(
            log,
            new AppendRequest([entry], $"roster-{Hash256.Of(note)}"),
            cancellationToken);
        if (appended.Refusal is AppendRefusal.StorageUnavailable or AppendRefusal.Behind)
        {
            alarm.Raise(appended.Error!);
            return Fault.StorageUnavailable.Because("The roster was not published: see the node's status.");
        }

        if (appended.Refusal == AppendRefusal.Damaged)
        {
            return Fault.DamagedRow.Because($"{appended.Error} See the node's status for what to do.");
        }

        if (appended.Refusal != AppendRefusal.None)
        {
            return Fault.RosterRefused.Because(appended.Error!);
        }

        var result = await grain.FollowLogAsync();
        return result.Version == next!.Version
            ? Answer(result.Version, text, StatusCodes.Status201Created)
            : Fault.RosterRefused.Because(
                result.Error ?? $"Version {result.Version} stays in force: the document does not follow it.");
    }

    private bool TryOpen(byte[] note, out RosterDocument? next, out string? error) => board.Current is { } current
        ? RosterChain.TryOpenNext(note, current, out next, out error)
        : RosterChain.TryOpenFirst(note, identity.Anchor, out next, out error);

    private static JsonHttpResult<RosterView> Answer(int version, string note, int status) =>
        TypedResults.Json(new RosterView(version, note), ApiJson.Options, statusCode: status);
}
