using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>A request from one member's node to another.</summary>
public abstract record SimRequest(int Bytes);

public sealed record AskHeadsRequest(HeadsQuestion Question) : SimRequest(80 + (300 * Question.Yours.Count));

/// <summary>A new head, how much of its log the sender holds, and entries that the receiver may lack, or none.</summary>
public sealed record PushRequest(string Origin, byte[] Note, long Size, SimRange? Range) : SimRequest(Note.Length + (Range?.Bytes ?? 0));

public sealed record RangeRequest(string Origin, long From, int MaxEntries, int MaxBytes) : SimRequest(80);

public sealed record OutlineRequest(string Origin, long From, int MaxEntries, int MaxBytes) : SimRequest(80);

/// <summary>Which entries of a log are live, if it ended at a size?</summary>
public sealed record LiveRequest(string Origin, long Size) : SimRequest(60);

public sealed record ForkRequest(string Origin) : SimRequest(60);

public sealed record PushForkRequest(string Origin, byte[] Proof) : SimRequest(60 + Proof.Length);

/// <summary>A refusal, in the place of an answer.</summary>
public sealed record Refusal(RequestFault Fault);

/// <summary>Someone on the network: an honest member's node, or a hostile one.</summary>
public abstract class Actor(World world, int number, string name)
{
    public World World => world;

    public int Number => number;

    public string Name => name;

    public abstract bool IsHonest { get; }

    /// <summary>The member's own log.</summary>
    public string Origin { get; } = $"sim/{name}/indicators/1";

    public abstract void Start();

    /// <summary>Answers a request by the callback, now, later or never.</summary>
    public abstract void Serve(Actor from, SimRequest request, Action<SimAnswer> answer);

    /// <summary>Publishes entries, if the actor can and will.</summary>
    public abstract void Publish(int entries, bool urgent);
}
