using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>
/// An honest member's node: the shell around the replication core, as thin as the real one. What is durable survives a
/// crash; everything else is made anew at the start. This file: life and effects; SimNode.Serving.cs: what peers ask;
/// SimNode.Storing.cs: what is taken; SimNode.Outlines.cs: outlines;
/// SimNode.Disk.cs: what survives; SimNode.Clock.cs: its time.
/// </summary>
public sealed partial class SimNode(World world, int number, string name) : Actor(world, number, name)
{
    private const int SmallPush = 16 * 1024;
    private const int BulkPush = 192 * 1024;

    private readonly Dictionary<long, (SimRange Range, VerifiedRange Verified)> _fetched = [];
    private readonly HashSet<long> _fetching = [];
    private int _life;
    private long _timer = long.MaxValue;
    private bool _confirmed;

    public override bool IsHonest => true;

    /// <summary>What is known of each log; of a node that is down, what its disk says.</summary>
    public SortedDictionary<string, ReplicaLog> Logs { get; } = new(StringComparer.Ordinal);

    public Replicator? Core { get; private set; }

    public bool IsUp => Core is not null;

    /// <summary>The disk takes nothing.</summary>
    public bool DiskFull { get; private set; }

    /// <summary>How long a write takes.</summary>
    public long DiskLatency { get; set; } = 3;

    public int Fetched => _fetched.Count + _outlines.Count;

    /// <summary>How often it was started; each time its logs' allowances are full again.</summary>
    public int Lives { get; private set; }

    /// <summary>When it was started last.</summary>
    public long StartedAt { get; private set; }

    public ReplicaLog Log(string origin)
    {
        if (!Logs.TryGetValue(origin, out var log))
        {
            Logs[origin] = log = new ReplicaLog(origin);
        }

        return log;
    }

    public override void Start()
    {
        _life++;
        Lives++;
        StartedAt = World.Time.Now;
        _fetched.Clear();
        _outlines.Clear();
        _fetching.Clear();
        _confirmed = false;
        _timer = long.MaxValue;
        StartClock();
        Core = new Replicator(Name, World.Dice.Next() | 1, World.Options);
        _held.Clear();
        World.Restarted(this);
        Step(new Started(
            World.RosterFor(this),
            [.. Logs.Values.Where(l => !l.IsDamaged).Select(l => l.Moved())],
            [.. _backoffs.Select(b => new PeerBackoff(b.Key, b.Value.Failures, b.Value.Until, b.Value.Logs))],
            DiskFull,
            [.. Logs.Values.Where(l => !l.IsDamaged && l.Outline.Count > 0).Select(l => l.OutlineMoved())]));
    }

    public void SetDiskFull(bool full)
    {
        DiskFull = full;
        World.Note($"{Name} disk {(full ? "full" : "free")}");
        Step(new StorageChanged(full));
    }

    public override void Publish(int entries, bool urgent)
    {
        if (Core is null || DiskFull || !_confirmed)
        {
            return;
        }

        var log = Log(Origin);
        if (World.Mutant is Mutant.SignBeforeDurable)
        {
            var early = World.MakeEntries(Origin, log.Held, entries, WallClock);
            SignEarly(log, early);
            Write(Origin, on => on.Append(early), () => { }, () => Acknowledge(log, early));
            return;
        }

        // The entries' places are fixed when they are written, as by the log's single writer.
        List<SimEntry> made = [];
        Write(
            Origin,
            on =>
            {
                made = World.MakeEntries(Origin, on.Held, entries, WallClock);
                on.Append(made);
            },
            () => World.Durable(this, Log(Origin)),
            () =>
            {
                var run = new UrgentRun(Origin, log.Held - made.Count, log.Held);
                Acknowledge(log, made, urgent ? run : null);
                if (urgent)
                {
                    World.Urgent(this, run.From, run.End);
                }
            });
    }

    private void Acknowledge(ReplicaLog log, IReadOnlyList<SimEntry> made, UrgentRun? urgent = null)
    {
        SignHead(log, urgent);
        World.Acknowledged(Origin, made);
    }

    private void SignHead(ReplicaLog log, UrgentRun? urgent = null)
    {
        if (log.Held == (log.Signed?.Head.Size ?? 0) || !_confirmed)
        {
            return;
        }

        var head = new Checkpoint(log.Origin, log.Held, log.RootAt(log.Held));
        World.Signed(this, head);
        log.Sign(World.Signatures.Sign(head), head);

        // Nothing new is written: the same bytes are signed again after a crash.
        DiskOf(Origin).Commit(log);
        Step(log.Moved() with { Urgent = urgent });
    }

    private void SignEarly(ReplicaLog log, IReadOnlyList<SimEntry> made)
    {
        var copy = new ReplicaLog(log.Origin);
        copy.Append(log.Entries);
        copy.Append(made);
        var head = new Checkpoint(log.Origin, copy.Held, copy.RootAt(copy.Held));
        World.Signed(this, head);
        copy.Sign(World.Signatures.Sign(head), head);
        foreach (var peer in World.Actors.Where(a => a != this))
        {
            Ask(peer, new PushRequest(log.Origin, copy.Signed!.Value.Note, copy.Held, copy.Read(log.Held, 100, SmallPush)), 1000, _ => { }, () => { });
        }
    }

    /// <summary>Steps the core and does what it says.</summary>
    private void Step(ReplicationEvent happened)
    {
        if (Core is not { } core)
        {
            return;
        }

        World.Trace(Number, happened);
        foreach (var effect in core.Step(happened, Clock))
        {
            Do(effect);
        }

        if (core.NextDue < _timer && core == Core)
        {
            SetTimer(core.NextDue);
        }

        AnswerHeld();
    }

    private void SetTimer(long due)
    {
        _timer = due;
        World.Time.After(Lasting(due - Clock), Living(() =>
        {
            if (_timer == due)
            {
                _timer = long.MaxValue;
                Step(new Tick());
            }
        }));
    }

    private void Do(ReplicationEffect effect)
    {
        World.Trace(Number, effect);
        switch (effect)
        {
            case AskHeads ask:
                var question = ask.Question with { Yours = NotesOf(ask.Lagging) };
                Request(ask, new AskHeadsRequest(question), content => TakeHeads(ask, (HeadsAnswer)content));
                break;
            case PushHead push:
                Push(push);
                break;
            case PushFork push:
                var proof = Log(push.Origin).Fork!.Value.Proof.Encode();
                Request(push, new PushForkRequest(push.Origin, proof), content => PushAnswerOf(push.Id, content));
                break;
            case FetchRange fetch:
                World.Fetching(this, fetch, fetch.Origin, fetch.From);
                _fetching.Add(fetch.Id);
                Request(
                    fetch,
                    new RangeRequest(fetch.Origin, fetch.From, fetch.MaxEntries, fetch.MaxBytes),
                    content => TakeRange(fetch, (SimRange)content));
                break;
            case StoreRange store:
                Store(store);
                break;
            case FetchOutline fetch:
                World.Fetching(this, fetch, fetch.Origin, fetch.From);
                _fetching.Add(fetch.Id);
                Request(
                    fetch,
                    new OutlineRequest(fetch.Origin, fetch.From, fetch.MaxEntries, fetch.MaxBytes),
                    content => TakeOutline(fetch, (SimOutline)content));
                break;
            case StoreOutline store:
                Store(store);
                break;
            case CompareOutline compare:
                Compare(compare);
                break;
            case DropOutline drop:
                DropOutline(drop.Origin);
                break;
            case CaughtUp:
                World.CaughtUp(this);
                break;
            case DropRange drop:
                _fetched.Remove(drop.Id);
                _outlines.Remove(drop.Id);
                _fetching.Remove(drop.Id);
                break;
            case SearchFork search:
                SearchOn(search, new ForkSearch(search.Size), 0);
                break;
            case FetchFork fetch:
                Request(fetch, new ForkRequest(fetch.Origin), content => TakeFork(fetch.Id, fetch.Origin, (byte[])content));
                break;
            case ConfirmLog:
                _confirmed = true;
                SignHead(Log(Origin));
                break;
            case SaveBackoff save:
                Save(save);
                break;
            case Noted noted:
                World.Noted(this, noted);
                break;
        }
    }

    private static PushAnswered PushAnswerOf(long id, object content) =>
        content is (long size, long held) ? new PushAnswered(id, size, held) : throw new InvalidCastException();

    private void Push(PushHead push)
    {
        PushRequest message;
        try
        {
            message = PushOf(push);
        }
        catch (DamagedRowException)
        {
            World.Time.After(1, Living(() => Step(new RequestFailed(push.Id, RequestFault.Busy))));
            return;
        }

        Request(push, message, content => PushAnswerOf(push.Id, content));
    }

    private PushRequest PushOf(PushHead push)
    {
        var log = Log(push.Origin);
        var size = log.HeadSize;
        var from = push.PeerSize >= 0 && push.PeerSize <= size ? push.PeerSize : push.Bulk ? 0 : push.Urgent?.From ?? size - 1;
        var range = log.Read(from, 4096, push.Bulk ? BulkPush : SmallPush);
        if (range is not null && range.From + range.Entries.Count < size && !push.Bulk)
        {
            range = null;
        }

        // A run above what is held here is passed on as it came.
        range = push.Urgent is { } run && (range is null || range.From + range.Entries.Count < run.End)
            ? log.Read(run.From, (int)(run.End - run.From), SmallPush)
            : range;
        return new PushRequest(push.Origin, range?.Note ?? log.Signed!.Value.Note, size, range);
    }

    /// <summary>The signed heads of a peer's own logs.</summary>
    private List<byte[]> NotesOf(IEnumerable<string> origins) =>
        [.. origins.Select(o => Logs.GetValueOrDefault(o)?.Signed?.Note).OfType<byte[]>()];

    /// <summary>Sizes under those notes that are of this node's own log and signed by it, or null if one is not.</summary>
    private List<LogSize>? Proven(IReadOnlyList<byte[]> notes)
    {
        var sizes = new List<LogSize>();
        foreach (var note in notes)
        {
            if (!World.Signatures.Open(Origin, note, out var head, out _))
            {
                return null;
            }

            sizes.Add(new LogSize(Origin, head.Size));
        }

        return sizes;
    }

    private ReplicationEvent TakeHeads(AskHeads ask, HeadsAnswer answer)
    {
        if (Proven(answer.Yours) is not { } proven)
        {
            return new RequestFailed(ask.Id, RequestFault.Bad);
        }

        World.Showed(this, ask.Peer, answer);
        return new HeadsAnswered(ask.Id, answer, proven);
    }

    private void Request(PeerRequest request, SimRequest message, Func<object, ReplicationEvent?> answered) =>
        Ask(
            World.ActorOf(request.Peer),
            message,
            request.Timeout,
            content =>
            {
                var happened = content is Refusal refusal
                    ? new RequestFailed(request.Id, refusal.Fault)
                    : answered(content);
                if (happened is RequestFailed)
                {
                    World.Missed(this, request.Peer);
                }

                if (happened is not null)
                {
                    Step(happened);
                }
            },
            () =>
            {
                World.Missed(this, request.Peer);
                Step(new RequestFailed(request.Id, RequestFault.Unreachable));
            });

    private void Ask(Actor peer, SimRequest message, long timeout, Action<object> answered, Action failed)
    {
        var life = _life;
        World.Network.Ask(
            Number,
            peer.Number,
            message.Bytes,
            Lasting(timeout),
            answer => peer.Serve(this, message, answer),
            content => Alive(life, () => answered(content)),
            () => Alive(life, failed));
    }

    private void Alive(int life, Action action)
    {
        if (life == _life)
        {
            action();
        }
    }

    /// <summary>The action, unless the process has died meanwhile.</summary>
    private Action Living(Action action)
    {
        var life = _life;
        return () => Alive(life, action);
    }

    private ReplicationEvent? TakeRange(FetchRange fetch, SimRange range)
    {
        if (!_fetching.Remove(fetch.Id))
        {
            return null;
        }

        if (range.Origin != fetch.Origin || range.From > fetch.From || (range.From < fetch.From && range.Entries.Count > 0) || range.Entries.Count > fetch.MaxEntries
            || !Verify(range, out var verified))
        {
            return new RequestFailed(fetch.Id, RequestFault.Bad);
        }

        World.Crossed(this, fetch, range.Entries.Count);
        _fetched[fetch.Id] = (range, verified);
        return new RangeFetched(fetch.Id, range.Entries.Count, range.Entries.Sum(e => (long)e.Bytes), verified.Head.Size);
    }

    private bool Verify(SimRange range, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out VerifiedRange? verified) =>
        VerifiedRange.TryVerify(
            range.Origin,
            range.Note,
            range.From,
            [.. range.Entries.Select(e => e.Sent)],
            range.Proof,
            World.Signatures.Open,
            out verified,
            out _);

    private void SearchOn(SearchFork search, ForkSearch state, int questions)
    {
        if (state.IsOver || questions > 64)
        {
            Step(new ForkAnswered(search.Id, false));
            return;
        }

        Ask(
            World.ActorOf(search.Peer),
            new RangeRequest(search.Origin, state.From, state.Count, int.MaxValue),
            search.Timeout,
            content => TakeSearched(search, state, questions, content),
            () => Step(new RequestFailed(search.Id, RequestFault.Unreachable)));
    }

    private void TakeSearched(SearchFork search, ForkSearch state, int questions, object content)
    {
        if (content is not SimRange range || range.From != state.From || range.Entries.Count == 0 || !Verify(range, out var answer))
        {
            Step(new RequestFailed(search.Id, content is Refusal refusal ? refusal.Fault : RequestFault.Bad));
            return;
        }

        var log = Log(search.Origin);
        if (state.Take(answer, log.Nodes(ForkSearch.NodesFor(answer, log.Held))) is not { } common)
        {
            SearchOn(search, state, questions + 1);
            return;
        }

        var proof = log.Cover is { } cover
            ? ForkSearch.Prove(answer, common, cover.Note, cover.Head.Size, log.Nodes(ForkSearch.NodesForProof(common, cover.Head.Size)))
            : null;
        Step(proof is null ? new ForkAnswered(search.Id, false) : TakeFork(search.Id, search.Origin, proof.Encode()));
    }
}
