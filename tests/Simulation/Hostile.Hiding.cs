using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <content>Who hides live entries: everything else that it gives is true, so that it is asked again.</content>
public sealed partial class Hostile
{
    /// <summary>Another's log, of which it gives what the owner has; null of those whose owner is no node, or damaged.</summary>
    private ReplicaLog? ReplicaOf(string origin) =>
        kind is HostileKind.Hider && World.Nodes.FirstOrDefault(n => n.Origin == origin) is { IsDamaged: false } owner
            && owner.Log(origin) is { HeadSize: > 0 } log
            ? log
            : null;

    private SimAnswer OutlineFor(Actor from, OutlineRequest ask)
    {
        var log = ask.Origin == Origin && kind is not (HostileKind.Withholder or HostileKind.HalfWithholder)
            ? BranchFor(from)
            : ReplicaOf(ask.Origin);
        if (log?.ReadOutline(ask, log.HeadSize, ShownOf(log, log.HeadSize)) is not { } part)
        {
            return new SimAnswer(new Refusal(RequestFault.NotHeld), 100);
        }

        return new SimAnswer(kind is HostileKind.Garbler ? Garbled(part) : part, part.Bytes);
    }

    private SimOutline Garbled(SimOutline part) => World.Dice.Below(4) switch
    {
        0 => part with { AsOf = 1L << 40 },
        1 => part with { Entries = [.. part.Entries.Reverse()] },
        2 => part with { Entries = [], From = World.Dice.Below(300), AsOf = World.Dice.Below(300) },
        _ => part with { Entries = [.. part.Entries.Skip(1)], From = part.From + 1 },
    };

    /// <summary>As if what it hid was not there: whoever has only what it gave finds no difference.</summary>
    private SimAnswer LiveFor(LiveRequest ask) => ReplicaOf(ask.Origin) is { } log && ask.Size <= log.HeadSize
        ? new SimAnswer(Liveness.Digest(ShownOf(log, ask.Size)), 60)
        : new SimAnswer(new Refusal(RequestFault.NotHeld), 100);

    /// <summary>All who hide something hide the same.</summary>
    private SortedSet<long> ShownOf(ReplicaLog log, long size) =>
        [.. Liveness.Of(log.Entries, size).Where(i => kind is not HostileKind.Hider || i % 3 != 0)];
}
