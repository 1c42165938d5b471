using System.Globalization;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>An invariant does not hold.</summary>
public sealed class InvariantBrokenException(string invariant, string detail) : Exception($"{invariant}: {detail}")
{
    public string Invariant => invariant;
}

/// <summary>A known mistake, put in to see that the simulation finds it.</summary>
public enum Mutant
{
    None,
    SignBeforeDurable,
    MergeByArrival,
    NoCreditLimit,
    UnprovenFork,
    HeadBeforeContent,
    ReadBlindly,
    NoGateways,
    TrustOutlines,
}

/// <summary>One run: everybody, the network, time, and what must hold after every step.</summary>
public sealed partial class World
{
    private static readonly string[] s_stances = [OpinionPayload.Confirm, OpinionPayload.Dispute, OpinionPayload.None];

    private readonly Dictionary<string, Actor> _byName = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private ulong _trace = 14695981039346656037;

    public World(Scenario scenario, Mutant mutant)
    {
        Scenario = scenario;
        Mutant = mutant;
        Dice = new Dice(scenario.Seed);
        Signatures = new Signatures(scenario.RealSignatures);
        Options = scenario.Options(mutant);
        Time = new Scheduler();
        Network = new Network(scenario.Names.Count, Time, Dice.Fork());
        for (var i = 0; i < scenario.Names.Count; i++)
        {
            Actor actor = scenario.Hostile.TryGetValue(i, out var kind)
                ? new Hostile(this, i, scenario.Names[i], kind)
                : new SimNode(this, i, scenario.Names[i]);
            Actors.Add(actor);
            _byName[actor.Name] = actor;
            _truth[actor.Origin] = new Truth();
        }
    }

    public Scenario Scenario { get; }

    public Mutant Mutant { get; }

    public Dice Dice { get; }

    public Signatures Signatures { get; }

    public ReplicationOptions Options { get; }

    public Scheduler Time { get; }

    public Network Network { get; }

    public List<Actor> Actors { get; } = [];

    public IEnumerable<SimNode> Nodes => Actors.OfType<SimNode>();

    /// <summary>Hash of everything that happened, in order: equal for equal runs.</summary>
    public ulong TraceHash => _trace;

    /// <summary>What the schedule did, for people.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public Actor ActorOf(string name) => _byName[name];

    public RosterTaken RosterFor(SimNode node) => new(
        [.. Actors.Where(a => a != node).Select(a => new PeerInfo(a.Name, IsDialable(a), RegionOf(a)))],
        [.. Actors.Select(a => new LogInfo(a.Origin, a.Name, HasOutline: true))],
        RegionOf(node),
        IsDialable(node));

    /// <summary>The region that the roster names for it; empty: none.</summary>
    public string RegionOf(Actor actor) => Scenario.Regions[actor.Number];

    /// <summary>Whether others can send requests to it.</summary>
    public bool IsDialable(Actor actor) => !Scenario.Undialable.Contains(actor.Number);

    /// <summary>New entries of a log, from an index on.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="from">Index of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="clock">What the writer's clock says, right or wrong.</param>
    public List<SimEntry> MakeEntries(string origin, long from, int count, long clock)
    {
        var entries = new List<SimEntry>(count);
        Span<byte> id = stackalloc byte[Hash256.Size];
        for (var i = 0; i < count; i++)
        {
            id.Clear();
            // With outlines some are named so rarely that the live ones stand all over the log.
            id[0] = (byte)(Scenario.Outlines && Dice.Chance(0.1) ? Dice.Below(256) : Dice.Below(20));
            var payload = new OpinionPayload(new Hash256(id), "", Dice.Pick(s_stances), "sim").Encode();
            var salt = BitConverter.GetBytes(Dice.Next()).Concat(BitConverter.GetBytes(from + i)).ToArray();
            var leaf = new Leaf(origin, EntryKind.Opinion, clock / 1_000, null, Leaf.Commit(salt, payload)).Encode();
            entries.Add(SimEntry.Of(leaf, salt, payload));
        }

        return entries;
    }

    public void Note(string text) => _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Time.Now,8} {text}"));

    /// <summary>Is told everything that happens, for people who look for a mistake.</summary>
    public Action<string>? Watch { get; init; }

    public void Trace(int actor, object what)
    {
        Watch?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{Time.Now,8} {Actors[actor].Name} {what}"));
        Mix((ulong)Time.Now);
        Mix((ulong)actor);
        foreach (var c in what.GetType().Name)
        {
            Mix(c);
        }

        switch (what)
        {
            case PeerRequest request:
                Mix((ulong)request.Id);
                Mix((ulong)_byName[request.Peer].Number);
                break;
            case LogMoved moved:
                Mix((ulong)moved.Held);
                Mix((ulong)moved.HeadSize);
                break;
            case RangeFetched fetched:
                Mix((ulong)fetched.Id);
                Mix((ulong)fetched.Entries);
                break;
            case HeadsAnswered answered:
                Mix((ulong)answered.Answer.Version);
                Mix((ulong)answered.Answer.Heads.Count);
                break;
        }
    }

    private void Mix(ulong value)
    {
        unchecked
        {
            _trace = (_trace ^ value) * 1099511628211;
            _trace ^= _trace >> 29;
        }
    }
}
