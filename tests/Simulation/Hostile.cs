using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>How a hostile or broken member behaves.</summary>
public enum HostileKind
{
    /// <summary>Signs two branches and shows them to different members.</summary>
    Forker,

    /// <summary>Signs three branches; the later ones only after a while.</summary>
    LateForker,

    /// <summary>Signs heads and gives the entries to nobody.</summary>
    Withholder,

    /// <summary>Gives the entries to half of the members.</summary>
    HalfWithholder,

    /// <summary>Shows heads of others' logs that do not exist.</summary>
    Liar,

    /// <summary>Answers ranges with wrong entries or proofs.</summary>
    Garbler,

    /// <summary>Shows and pushes only what was true at first.</summary>
    Replayer,

    /// <summary>Takes every request and never answers.</summary>
    Silent,

    /// <summary>Pushes fork proofs that prove nothing.</summary>
    Accuser,

    /// <summary>Gives one entry at a time.</summary>
    Miser,

    /// <summary>Fills its log with more than anybody should take.</summary>
    Flooder,

    /// <summary>Shows urgent entries that do not exist, in everybody's logs.</summary>
    Crier,

    /// <summary>Gives what others wrote, but leaves live entries out of outlines, and stands by it.</summary>
    Hider,
}

/// <summary>
/// A hostile member: it has its own log, in one or several branches, and no replica of others; who needs one looks at
/// their owners'.
/// </summary>
public sealed partial class Hostile(World world, int number, string name, HostileKind kind) : Actor(world, number, name)
{
    private const long Lateness = 30_000;

    private readonly List<ReplicaLog> _branches = [];
    private SimRange? _old;
    private long _version;

    public override bool IsHonest => false;

    public override void Start()
    {
        var branches = kind switch { HostileKind.Forker => 2, HostileKind.LateForker => 3, _ => 1 };
        for (var i = 0; i < branches; i++)
        {
            _branches.Add(new ReplicaLog(Origin));
        }

        Extend(_branches, World.Dice.Below(20));
        if (kind is HostileKind.Accuser)
        {
            Accuse();
        }
    }

    public override void Publish(int entries, bool urgent)
    {
        entries = kind is HostileKind.Flooder ? 400 : entries;
        foreach (var branch in _branches)
        {
            Extend([branch], entries);
        }

        foreach (var peer in World.Actors.Where(a => a.IsHonest && World.IsDialable(a) && World.Dice.Chance(0.7)))
        {
            var branch = BranchFor(peer);
            if (branch.Signed is { } signed)
            {
                var range = kind is HostileKind.Withholder ? null : branch.Read(Math.Max(0, branch.Held - entries), entries, 16_000);
                Send(peer, new PushRequest(Origin, kind is HostileKind.Replayer ? _old!.Note : signed.Note, branch.Held, kind is HostileKind.Replayer ? null : range));
            }
        }
    }

    public override void Serve(Actor from, SimRequest request, Action<SimAnswer> answer)
    {
        if (kind is HostileKind.Silent)
        {
            return;
        }

        switch (request)
        {
            case AskHeadsRequest:
                answer(new SimAnswer(HeadsFor(from), 200));
                break;
            case RangeRequest ask:
                answer(RangeFor(from, ask) is { } range ? new SimAnswer(range, range.Bytes) : new SimAnswer(new Refusal(RequestFault.NotHeld), 100));
                break;
            case OutlineRequest ask:
                answer(OutlineFor(from, ask));
                break;
            case LiveRequest ask:
                answer(LiveFor(ask));
                break;
            case PushRequest push:
                answer(new SimAnswer(kind is HostileKind.Liar ? (1L << 40, 1L << 40) : (0L, 0L), 20));
                break;
            case PushForkRequest:
                answer(new SimAnswer((0L, 0L), 20));
                break;
            default:
                answer(new SimAnswer(new Refusal(RequestFault.NotHeld), 100));
                break;
        }
    }

    private void Extend(List<ReplicaLog> branches, int entries)
    {
        var made = World.MakeEntries(Origin, branches[0].Held, entries, 1_700_000_000_000);
        foreach (var branch in branches)
        {
            branch.Append(made);
            if (branch.Held > 0)
            {
                var head = new Checkpoint(Origin, branch.Held, branch.RootAt(branch.Held));
                branch.Sign(World.Signatures.Sign(head), head);
            }
        }

        _old ??= branches[0].Read(0, 100, 100_000);
        _version++;
    }

    private ReplicaLog BranchFor(Actor peer) => kind switch
    {
        HostileKind.Forker => _branches[peer.Number % 2],
        HostileKind.LateForker when World.Time.Now > Lateness => _branches[peer.Number % 3],
        _ => _branches[0],
    };

    private HeadsAnswer HeadsFor(Actor from)
    {
        var branch = BranchFor(from);
        var heads = new List<Head>();
        if (kind is HostileKind.Replayer && _old is { } old)
        {
            heads.Add(new Head(Origin, old.Entries.Count, branch.RootAt(old.Entries.Count), null, old.Entries.Count));
        }
        else
        {
            heads.Add(new Head(Origin, branch.HeadSize, branch.HeadRoot, null, branch.HeadSize));
        }

        if (kind is HostileKind.Hider)
        {
            heads.AddRange(World.Nodes.Select(n => ReplicaOf(n.Origin)).OfType<ReplicaLog>()
                .Select(l => new Head(l.Origin, l.HeadSize, l.HeadRoot, null, l.HeadSize)));
        }

        if (kind is HostileKind.Liar)
        {
            foreach (var actor in World.Actors.Where(a => a != this))
            {
                var size = World.Dice.Between(0, 5_000);
                heads.Add(new Head(
                    actor.Origin,
                    size,
                    Hash256.Of(BitConverter.GetBytes(World.Dice.Next())),
                    World.Dice.Chance(0.1) ? 3 : null,
                    size + World.Dice.Between(0, 1_000)));
            }
        }

        return new HeadsAnswer(default, (ulong)Number + 1, _version, heads, UrgentFor(), [.. World.Actors.Select(a => a.Name)], false, []);
    }

    private List<UrgentRun> UrgentFor() => kind is not HostileKind.Crier
        ? []
        : [.. World.Actors.Select(a => World.Dice.Between(0, 2_000) is var from
            ? new UrgentRun(a.Origin, from, from + World.Dice.Between(-1, 70))
            : null!)];

    private SimRange? RangeFor(Actor from, RangeRequest ask)
    {
        if (kind is HostileKind.Withholder || (kind is HostileKind.HalfWithholder && from.Number % 2 == 0) || ask.Origin != Origin)
        {
            return kind is HostileKind.Garbler ? _old : ReplicaOf(ask.Origin)?.Read(ask.From, ask.MaxEntries, ask.MaxBytes);
        }

        var most = kind is HostileKind.Miser ? 1 : ask.MaxEntries;
        var range = BranchFor(from).Read(ask.From, most, ask.MaxBytes);
        if (kind is not HostileKind.Garbler || range is null || range.Entries.Count == 0)
        {
            return range;
        }

        return World.Dice.Below(4) switch
        {
            0 => range with { Entries = [.. range.Entries.Reverse()] },
            1 => range with { Proof = new RangeProof([.. range.Proof.Before, MerkleHash.Empty], range.Proof.After) },
            2 => range with { From = range.From + 1 },
            _ => range with { Note = [.. range.Note.Take(20)] },
        };
    }

    private void Accuse()
    {
        World.Time.After(World.Dice.Between(1_000, 5_000), () =>
        {
            if (World.Time.Now > Scenario.FaultsUntil)
            {
                return;
            }

            // Two true heads of an honest log, which agree; or a true one and one of another log.
            var victim = World.Dice.Pick(World.Nodes.ToList());
            if (victim.Logs.GetValueOrDefault(victim.Origin) is { Signed: { } signed } log)
            {
                var proof = ForkProof.Contradiction(signed.Note, signed.Note, [], []);
                var forged = ForkProof.Contradiction(
                    signed.Note, World.Signatures.Sign(new Checkpoint(Origin, signed.Head.Size + 1, MerkleHash.Empty)), log.Nodes(CompactRange.Nodes(0, log.Held)), [MerkleHash.Empty]);
                var listeners = World.Nodes.Where(World.IsDialable).ToList();
                Send(World.Dice.Pick(listeners), new PushForkRequest(victim.Origin, proof.Encode()));
                Send(World.Dice.Pick(listeners), new PushForkRequest(victim.Origin, forged.Encode()));
            }

            Accuse();
        });
    }

    private void Send(Actor peer, SimRequest request) =>
        World.Network.Ask(Number, peer.Number, request.Bytes, 1_000, answer => peer.Serve(this, request, answer), _ => { }, () => { });
}
