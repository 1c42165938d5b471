using FederationNode.Contracts.Api;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// Seller tags without the own node: the secretariat uses its keys, a member asks the secretariat's node with the
/// member's certificate. Only blinded points leave this process.
/// </summary>
internal static class StoppedSellerTags
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<SellerEvaluateResponse> EvaluateAsync(
        NodeFolder folder,
        NodeIdentity identity,
        RosterDocument roster,
        SellerEvaluateRequest request,
        CancellationToken cancel)
    {
        if (roster.SellerKeys.FirstOrDefault(k => k.Type == request.Type && k.Epoch == request.Epoch) is not { } key)
        {
            throw new UnknownSellerKeyException(
                $"The roster, version {roster.Version}, names no key for {request.Type}, epoch {request.Epoch}.");
        }

        byte[][] points = [.. request.Blinded.Select(Convert.FromBase64String)];
        try
        {
            var answer = await AskAsync(folder, identity, roster, key, points, cancel);
            return new SellerEvaluateResponse(
                [.. answer.Evaluated.Select(Convert.ToBase64String)],
                Convert.ToBase64String(answer.Proof),
                key.PublicKey.ToString());
        }
        catch (PeerException refusal)
        {
            throw new CliException(
                refusal.Status == 0 ? ExitCode.Unreachable : ExitCode.Refused,
                $"The holder of the seller keys does not evaluate the identifier: {refusal.Message}",
                refusal);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new CliException(
                ExitCode.Unreachable, "The holder of the seller keys did not answer in time.", late);
        }
    }

    private static async Task<SellerEvaluation> AskAsync(
        NodeFolder folder,
        NodeIdentity identity,
        RosterDocument roster,
        SellerKey key,
        byte[][] points,
        CancellationToken cancel)
    {
        using var keys = SellerKeyHolder.Load(folder);
        if (keys.HasKeys)
        {
            var own = new LocalSellerTags(new LocalSellerEvaluator(keys), identity);
            return await own.EvaluateAsync(key.Type, key.Epoch, points, cancel);
        }

        if (!PeerCertificate.TryLoad(folder.TlsFolder, out var certificate, out var error))
        {
            throw new NodeFolderException(error);
        }

        using (certificate)
        {
            using var transport = new HttpPeerTransport(new RosterBoard(identity, roster), certificate, new PeerTraffic());
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            return await new RemoteSellerTags(transport).EvaluateAsync(key.Type, key.Epoch, points, patience.Token);
        }
    }
}
