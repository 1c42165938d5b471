using FederationNode.Contracts.Api;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using Microsoft.Extensions.Logging.Abstractions;

namespace FederationNode.Node.Cli;

/// <summary>
/// Seller tags without the own node: its own share is used, and the other holders are asked with the member's certificate.
/// Only blinded points leave this process.
/// </summary>
internal static class StoppedSellerTags
{
    public static async Task<SellerEvaluateResponse> EvaluateAsync(
        NodeFolder folder,
        NodeConfig config,
        NodeIdentity identity,
        RosterDocument roster,
        SellerEvaluateRequest request,
        CancellationToken cancel)
    {
        var board = new RosterBoard(identity, roster);
        var keys = new SharedKeys(board);
        if (!keys.TryGet(request.Type, request.Epoch, out var key, out var error))
        {
            throw new UnknownSellerKeyException(error);
        }

        if (!PeerCertificate.TryLoad(folder.TlsFolder, out var certificate, out error))
        {
            throw new NodeFolderException(error);
        }

        using (certificate)
        {
            using var shares = HeldShares.Load(folder, config);
            using var own = new LocalSellerEvaluator(shares, board, keys, new NoAllowance(), NullLogger<LocalSellerEvaluator>.Instance);
            using var transport = new HttpPeerTransport(board, certificate, new PeerTraffic());
            using var quorum = new HolderQuorum(
                transport,
                identity,
                own,
                new HolderBoard(TimeProvider.System),
                new QuorumOptions(),
                TimeProvider.System,
                NullLogger<HolderQuorum>.Instance);
            return await AskAsync(quorum, key, request.Blinded, cancel);
        }
    }

    private static async Task<SellerEvaluateResponse> AskAsync(
        HolderQuorum quorum, SharedKey key, IReadOnlyList<string> blinded, CancellationToken cancel)
    {
        var points = new RistrettoPoint[blinded.Count];
        for (var i = 0; i < points.Length; i++)
        {
            if (!RistrettoPoint.TryDecode(Convert.FromBase64String(blinded[i]), out points[i], out var fault))
            {
                throw new CliException(ExitCode.Refused, $"A blinded point is none: {fault}");
            }
        }

        try
        {
            var answer = await quorum.EvaluateAsync(key, points, cancel);
            return new SellerEvaluateResponse(
                [.. answer.Evaluated.Select(p => Convert.ToBase64String(p.Span))], key.PublicKey.ToString(), answer.Holders);
        }
        catch (HoldersMissingException missing)
        {
            // A refusal stays one however often it is tried; who is out of reach may come back.
            var refused = missing.Failures.All(f => f.Status != 0);
            throw missing.RetryAfter is { } wait
                ? new TryLaterException(wait, missing.Message, missing)
                : new CliException(refused ? ExitCode.Refused : ExitCode.Unreachable, missing.Message, missing);
        }
    }
}
