using System.Security.Cryptography;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>
/// The holder's side: evaluates blinded seller identifiers with the shares of this node and proves it. What comes in is a random
/// point to it; it never sees an identifier.
/// </summary>
internal sealed class LocalSellerEvaluator(
    HeldShares shares, RosterBoard roster, SharedKeys keys, ITagAllowance allowance, ILogger<LocalSellerEvaluator> logger)
    : ISellerEvaluator, IDisposable
{
    // Thousands of scalar multiplications each: a few at once, so that threads are left for everything else.
    private readonly SemaphoreSlim _places = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <inheritdoc/>
    public async Task<Evaluation> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        if (roster.Current?.Member(member) is { MayHaveTags: false } asker)
        {
            return new Evaluation(
                EvaluationOutcome.NoMember,
                null,
                $"Tags are made for members and the secretariat; {member} is {string.Join(", ", asker.Roles)} in the roster, version "
                    + $"{roster.Current.Version}. Ask the secretariat for the role member.");
        }

        if (!keys.TryGet(request.Type, request.Epoch, out var key, out var error))
        {
            return new Evaluation(EvaluationOutcome.UnknownKey, null, error);
        }

        if (shares.Of(key, logger) is null)
        {
            return NoShare(key);
        }

        if (request.Blinded.Length is 0 or > VoprfBatch.MaxBatch)
        {
            return new Evaluation(
                EvaluationOutcome.BadPoint, null, $"A batch has 1 to {VoprfBatch.MaxBatch} points, not {request.Blinded.Length}.");
        }

        // Counted before anything is done, and for good: whatever became of it, the member may have got its answer.
        if (await allowance.TakeAsync(member, key, request.Blinded.Length) is { } beyond)
        {
            return new Evaluation(EvaluationOutcome.QuotaExceeded, null, beyond.Reason, beyond.RetryAfter);
        }

        await _places.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () => shares.TryUse(key, logger, share => Evaluate(share, request.Blinded), out var evaluation) ? evaluation : NoShare(key),
                cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private static Evaluation NoShare(SharedKey key) => new(
        EvaluationOutcome.UnknownKey, null, $"This node holds no share of the key {key.Scheme} of the roster in force here.");

    private static Evaluation Evaluate(KeyShare share, byte[][] blinded)
    {
        var random = RandomNumberGenerator.GetBytes(DleqProof.RandomSize);
        try
        {
            return VoprfServer.TryEvaluate(share.Secret, blinded, random, out var evaluation, out var error)
                ? new Evaluation(
                    EvaluationOutcome.Evaluated,
                    new EvaluatedMessage
                    {
                        Evaluated = [.. evaluation.Elements.Select(e => e.ToArray())],
                        Proof = evaluation.Proof.ToArray(),
                    },
                    null)
                : new Evaluation(EvaluationOutcome.BadPoint, null, error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(random);
        }
    }
}
