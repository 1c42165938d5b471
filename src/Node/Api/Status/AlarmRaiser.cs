using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Erasure;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Node.Peers;
using FederationNode.Node.Policies;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Api.Status;

/// <summary>Puts into words what needs a person.</summary>
internal sealed class AlarmRaiser(
    NodeIdentity identity,
    RosterBoard roster,
    HeadBoard heads,
    ListFollower follower,
    EntryEraser eraser,
    RowStore rows,
    StorageAlarm storage,
    DamageBoard damages,
    MergedList list,
    PolicyBoard policy,
    WebhookSender webhooks,
    HolderBoard holders,
    QuotaBoard quotas,
    SharedKeys keys,
    HeldShares shares,
    LocalApiOptions options,
    ILogger<AlarmRaiser> logger,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    private const int ClockSlackSeconds = 300;

    public async Task<IReadOnlyList<string>> RaiseAsync(IReadOnlyList<PeerRow> peers)
    {
        var alarms = new List<string>();
        AddRoster(alarms);
        foreach (var peer in peers.Where(p => p.Endpoint.Length > 0 && IsOutOfReach(p)))
        {
            alarms.Add($"{peer.Member} is out of reach: "
                + (peer.LastContactSecondsAgo is { } silent ? $"silent for {silent:0} s." : "it was never heard of."));
        }

        AddTables(alarms, peers);
        AddHolders(alarms);
        alarms.AddRange(quotas.Alarms());
        alarms.AddRange(damages.All());
        foreach (var (origin, _) in follower.HeldUp.OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            alarms.Add(
                $"The list has {origin} only up to entry {list.AppliedOf(origin)}, since what follows cannot be read.");
        }

        foreach (var open in eraser.Open.Where(e => e.Error is not null))
        {
            alarms.Add(
                $"What entry {open.First} of {open.Origin} orders to erase, and {open.Orders - 1} more, is not erased yet: {open.Error}");
        }

        alarms.AddRange(policy.Alarms);
        if (webhooks.Alarm is { } alarm)
        {
            alarms.Add(alarm);
        }

        if (await StorageFaultAsync() is { } fault)
        {
            alarms.Add($"The storage failed: {fault}");
        }

        return alarms;
    }

    /// <summary>One that says nothing is an older program: no reason to call somebody.</summary>
    private static void AddTables(List<string> alarms, IReadOnlyList<PeerRow> peers)
    {
        foreach (var peer in peers)
        {
            if (peer.TextTables == TablesBoard.Word(TablesVerdict.Other))
            {
                alarms.Add(
                    $"{peer.Member} has other text tables under the name {Wlnorm.Name}: keywords may have other ids there and be "
                    + $"found in other texts. Logs replicate as ever. Its tables are {peer.TextTablesHash}, this node's "
                    + $"{Wlnorm.TableHash}: compare the versions of the two programs with {peer.Member}.");
            }
            else if (peer.TextTables == TablesBoard.Word(TablesVerdict.Malformed))
            {
                alarms.Add(
                    $"What {peer.Member} says of its text tables cannot be read. Logs replicate as ever: compare the versions "
                    + $"of the two programs with {peer.Member}.");
            }
        }
    }

    /// <summary>A holder that answered wrongly, and a share that this node should hold and does not.</summary>
    private void AddHolders(List<string> alarms)
    {
        foreach (var (holder, fault) in holders.Distrusted())
        {
            alarms.Add(
                $"{holder} answered wrongly to a request for seller tags: {fault} Its answer was not used, and it is asked last: "
                + "tell the secretariat.");
        }

        foreach (var named in roster.Current?.SellerKeys ?? [])
        {
            var isHolder = named.Holders.Contains(identity.Member);
            if (!keys.TryGet(named.Type, named.Epoch, out var key, out var unusable))
            {
                alarms.Add($"{unusable} Nobody can make tags with it: tell the secretariat.");
            }
            else if (shares.LeftoverOf(key) is { } leftover)
            {
                alarms.Add(
                    $"{leftover} is a former share of the key for seller tags {key.Scheme}, with which fewer than the {key.Threshold} "
                    + "holders of today make any tag: delete it and every copy of it, and start the node again.");
            }
            else if (isHolder && shares.Of(key, logger) is null)
            {
                alarms.Add(
                    $"The roster names this node a holder of the key for seller tags {key.Scheme}, and it holds no share of it: install "
                    + "the share with `fednode seller-keys install`.");
            }
        }
    }

    private void AddRoster(List<string> alarms)
    {
        if (roster.Current is not { } document)
        {
            alarms.Add("No roster was received yet: the node takes part once the secretariat has admitted it.");
            return;
        }

        if (document.Expires <= clock.GetUtcNow().ToUnixTimeSeconds())
        {
            alarms.Add(
                $"The roster, version {document.Version}, has expired: ask the secretariat for the next one; somebody "
                + "may be keeping it back.");
        }

        if (document.Issued - ClockSlackSeconds > clock.GetUtcNow().ToUnixTimeSeconds())
        {
            alarms.Add(
                $"The clock of this machine is before the time at which the roster, version {document.Version}, was issued: "
                + "set it right, since others see the wrong times in this node's entries and receipts.");
        }

        if (document.Member(identity.Member) is not { Status: MemberStatus.Active } self)
        {
            alarms.Add($"{identity.Member} is not an active member by the roster, version {document.Version}.");
        }
        else
        {
            AddOwnLogs(alarms, self);
        }

        if (!follower.IsLoaded)
        {
            alarms.Add("The list is still loading.");
        }
        else if (!follower.IsReady)
        {
            alarms.Add("The list is not complete: the node is still fetching what the other members held when it started.");
        }
    }

    /// <summary>An open log that this node cannot write into.</summary>
    private void AddOwnLogs(List<string> alarms, RosterMember self)
    {
        foreach (var log in self.Logs.Where(l => l.ClosedAt is null))
        {
            if (!identity.Holds(log))
            {
                alarms.Add(
                    $"This node does not hold the key that the roster names for {log.Origin}: bring its file back into the "
                    + "folder `keys` and start the node again, or ask for a new epoch with `fednode member new-epoch`.");
            }
            else if (heads.Get(log.Origin.Text)?.FrozenAt is { } size)
            {
                alarms.Add(
                    $"{log.Origin} forked and takes nothing any more: {size} entries of it count. Ask the secretariat for its "
                    + $"next epoch with `fednode member new-epoch --log {log.Origin.Log}`.");
            }
        }
    }

    private bool IsOutOfReach(PeerRow peer) =>
        peer.LastContactSecondsAgo is not { } silent || silent > options.StaleAfter.TotalSeconds
        || (peer is { Reachable: false, Failures: > 0 });

    /// <summary>Reading shows a database that is gone; that it takes no writes, the last write has shown.</summary>
    private async Task<string?> StorageFaultAsync()
    {
        try
        {
            await rows.ReadAsync<RosterRow>(RosterGrain.RowKind, identity.Coalition);
            return storage.Fault;
        }
        catch (CorruptStateException damage)
        {
            damages.Note(damage);
            return storage.Fault;
        }
        catch (StorageException failure)
        {
            return failure.Message;
        }
    }
}
