using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

public sealed partial class SimNode
{
    public override void Serve(Actor from, SimRequest request, Action<SimAnswer> answer)
    {
        if (Core is null)
        {
            return;
        }

        switch (request)
        {
            case AskHeadsRequest ask:
                TakeQuestion(from, ask.Question, answer);
                break;
            case RangeRequest ask:
                answer(RangeFor(ask));
                break;
            case OutlineRequest ask:
                answer(OutlineFor(ask));
                break;
            case LiveRequest ask:
                answer(LiveFor(ask));
                break;
            case PushRequest push:
                TakePush(from, push, answer);
                break;
            case ForkRequest ask:
                var proof = Log(ask.Origin).Fork?.Proof.Encode();
                answer(proof is null ? No(RequestFault.NotHeld) : new SimAnswer(proof, proof.Length));
                break;
            case PushForkRequest push:
                var taken = TakeFork(0, push.Origin, push.Proof);
                answer(taken is RequestFailed failed ? No(failed.Fault) : new SimAnswer((Log(push.Origin).HeadSize, Log(push.Origin).Held), 20));
                break;
        }
    }

    private SimAnswer RangeFor(RangeRequest ask)
    {
        try
        {
            var log = Log(ask.Origin);
            return log.IsDamaged ? No(RequestFault.Busy)
                : log.Read(ask.From, ask.MaxEntries, ask.MaxBytes) is { } range ? new SimAnswer(range, range.Bytes)
                : No(RequestFault.NotHeld);
        }
        catch (DamagedRowException)
        {
            return No(RequestFault.Busy);
        }
    }

    private readonly List<(Actor From, HeadsQuestion Question, Action<SimAnswer> Answer, long Until)> _held = [];

    private void TakeQuestion(Actor from, HeadsQuestion question, Action<SimAnswer> answer)
    {
        if (Proven(question.Yours) is not { } proven)
        {
            answer(No(RequestFault.Bad));
            return;
        }

        Step(new PeerAsked(from.Name, question.Instance == Core!.Heads.Instance, proven, question.Digest));
        if (Core is { } core && (question.Wait == 0 || core.Heads.HasNews(question)))
        {
            answer(AnswerTo(from, question));
        }
        else if (Core is not null)
        {
            var wait = Lasting(question.Wait);
            _held.Add((from, question, answer, World.Time.Now + wait));
            World.Time.After(wait, Living(AnswerHeld));
        }
    }

    /// <summary>Answers questions that were held back, once there is news or their time is over.</summary>
    private void AnswerHeld()
    {
        for (var i = _held.Count - 1; i >= 0 && Core is { } core; i--)
        {
            var (from, question, answer, until) = _held[i];
            if (until <= World.Time.Now || core.Heads.HasNews(question))
            {
                _held.RemoveAt(i);
                answer(AnswerTo(from, question));
            }
        }
    }

    private SimAnswer AnswerTo(Actor from, HeadsQuestion question)
    {
        var heads = Core!.Heads.Answer(question, NotesOf([from.Origin]));
        World.CheckAnswer(this, heads);
        return new SimAnswer(heads, 70 + (100 * heads.Heads.Count) + (40 * heads.Urgent.Count) + (12 * (heads.Links?.Count ?? 0)));
    }

    private static SimAnswer No(RequestFault fault) => new(new Refusal(fault), 100);

    private void TakePush(Actor from, PushRequest push, Action<SimAnswer> answer)
    {
        VerifiedRange? verified = null;
        if (!World.Signatures.Open(push.Origin, push.Note, out var head, out _)
            || (push.Range is { } sent && (!Verify(sent, out verified) || sent.Origin != push.Origin)))
        {
            answer(No(RequestFault.Bad));
            return;
        }

        var log = Log(push.Origin);
        if (head.Size <= log.Held && log is { Fork: null, IsDamaged: false } && log.RootAt(head.Size) != head.Root)
        {
            TakeContradiction(log, push.Note, head.Size);
        }

        void Finish()
        {
            answer(new SimAnswer((log.HeadSize, log.Held), 20));
            Step(new HeadPushed(from.Name, push.Origin, push.Size));
        }

        if (push.Origin == Origin && head.Size > log.Held)
        {
            Step(new OwnHeadSeen(new LogSize(Origin, head.Size), from.Name));
        }

        if (verified is null || DiskFull || log.IsDamaged || verified.End <= log.Held || Core?.AllowedEnd(push.Origin) < verified.End)
        {
            Finish();
            return;
        }

        if (verified.From > log.Held)
        {
            Overlie(log, push.Range!, verified);
            Finish();
            return;
        }

        Extend(log, push.Range!, verified, _ => { }, Finish);
    }

    /// <summary>A signed head that is not of this log, with nothing known of its entries.</summary>
    private void TakeContradiction(ReplicaLog log, byte[] note, long size)
    {
        var cover = log.Cover!.Value;
        var equal = cover.Head.Size == size;
        var proof = ForkProof.Contradiction(
            note,
            cover.Note,
            equal ? [] : log.Nodes(CompactRange.Nodes(0, size)),
            equal ? [] : log.Nodes(CompactRange.Nodes(size, cover.Head.Size)));
        TakeFork(0, log.Origin, proof.Encode());
    }

    /// <summary>Verifies a proof, makes it durable and freezes the log.</summary>
    private ReplicationEvent TakeFork(long id, string origin, byte[] bytes)
    {
        if (Log(origin).IsDamaged)
        {
            return new RequestFailed(id, RequestFault.Busy);
        }

        if (!ForkProof.TryDecode(bytes, out var proof, out _))
        {
            return new RequestFailed(id, RequestFault.Bad);
        }

        if (!proof.TryVerify(origin, World.Signatures.Open, out var freezeAt, out _))
        {
            if (World.Mutant is not Mutant.UnprovenFork)
            {
                return new RequestFailed(id, RequestFault.Bad);
            }
        }

        var log = Log(origin);
        if (log.TakeFork(proof, freezeAt))
        {
            DiskOf(origin).Fork = log.Fork;
            World.Frozen(this, log);
            Step(log.Moved());
            World.Changed(this, log);
        }

        return new ForkAnswered(id, true);
    }
}
