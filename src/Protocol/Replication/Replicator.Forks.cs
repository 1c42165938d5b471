namespace FederationNode.Protocol.Replication;

/// <content>Forks: somebody shows another branch, or a proof that there are two.</content>
public sealed partial class Replicator
{
    /// <summary>A peer holds another branch of a log, as it says: find out where they part, which proves it.</summary>
    private void Suspect(Peer peer, Log log, long size)
    {
        if (CanAskForFork(peer, log))
        {
            Do(new Noted(Note.OtherBranch, peer.Name, log.Origin));
            log.ForkUnderWay = true;
            var request = Begin(RequestKind.Fork, peer, log, size);
            Do(new SearchFork(request.Id, peer.Name, _options.ExchangeTimeout, log.Origin, size));
        }
    }

    /// <summary>A peer has frozen a log, earlier than it is frozen here: the proof tells why.</summary>
    private void AskForFork(Peer peer, Log log)
    {
        if (CanAskForFork(peer, log))
        {
            log.ForkUnderWay = true;
            var request = Begin(RequestKind.Fork, peer, log);
            Do(new FetchFork(request.Id, peer.Name, _options.ExchangeTimeout, log.Origin));
        }
    }

    private bool CanAskForFork(Peer peer, Log log) =>
        !log.ForkUnderWay && CanAsk(peer, log);

    private void TakeForkAnswer(ForkAnswered answered)
    {
        if (End(answered.Id) is not { Kind: RequestKind.Fork, Peer: var peer, Log: { } log })
        {
            return;
        }

        log.ForkUnderWay = false;
        Succeeded(peer);
        if (answered.Found)
        {
            Forgive(peer, log);
        }
        else
        {
            // It showed two roots, or a frozen log, and could not show why.
            BackOff(peer, log, RequestFault.Bad);
        }

        // What it shows may have changed meanwhile, and only changes are told: hear all again.
        peer.Version = 0;
        peer.Instance = 0;
    }
}
