using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>
/// Forks: the log's key signed what contradicts what is held. A proof freezes the log at the entries that both branches
/// share; the branch that was seen first stays in the rows, and beyond that size counts no more.
/// </content>
public sealed partial class MemberLogGrain
{
    private ForkRow? _fork;
    private string? _forkETag;

    /// <inheritdoc/>
    public Task<byte[]?> GetForkAsync() => Task.FromResult(_fork?.Proof);

    /// <inheritdoc/>
    public async Task<ForkOutcome> TakeForkAsync(byte[] proof)
    {
        if (KeyForProof() is not { } key
            || !ForkProof.TryDecode(proof, out var decoded, out var error)
            || !decoded.TryVerify(_origin, RangeCheck.Opener(key), out var freezeAt, out error))
        {
            return ForkOutcome.Refused;
        }

        return _damage is null ? await FreezeAsync(decoded, freezeAt) : ForkOutcome.StorageUnavailable;
    }

    private async Task<ForkOutcome> FreezeAsync(ForkProof proof, long freezeAt)
    {
        if (_fork is { } known && ForkProof.TryDecode(known.Proof, out var before, out _)
            && !proof.Replaces(freezeAt, before, known.FreezeAt))
        {
            return ForkOutcome.Taken;
        }

        var row = new ForkRow { Proof = proof.Encode(), FreezeAt = freezeAt };
        try
        {
            _forkETag = await _rows.WriteAsync(LogRowKind.Fork, _origin, row, _forkETag);
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
            return ForkOutcome.StorageUnavailable;
        }
        catch (StorageException failure)
        {
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
            return ForkOutcome.StorageUnavailable;
        }

        _fork = row;
        LogFork(_origin, freezeAt);
        TrimOverlay();
        await ShowAsync();
        return ForkOutcome.Taken;
    }

    private async Task LoadForkAsync()
    {
        if (await _rows.ReadAsync<ForkRow>(LogRowKind.Fork, _origin) is { } stored)
        {
            (_fork, _forkETag) = (stored.Value, stored.ETag);
        }
    }

    /// <summary>The root over the first entries, at most all that are held.</summary>
    private async Task<Hash256> RootAtAsync(long size) => size == _log.Size
        ? _log.Root
        : ProofBuilder.BuildRoot(await _log.ReadNodesAsync(ProofBuilder.NodesForRoot(size)));

    /// <summary>A signed head that is not of the branch held here, with nothing known of its entries.</summary>
    private async Task<ExtendResult> ContradictAsync(byte[] note, Checkpoint head)
    {
        if (CoverOf(head.Size) is not var (cover, size))
        {
            return ForkSeen(head.Size);
        }

        var proof = ForkProof.Contradiction(
            note,
            cover,
            size == head.Size ? [] : await _log.ReadNodesAsync(CompactRange.Nodes(0, head.Size)),
            size == head.Size ? [] : await _log.ReadNodesAsync(CompactRange.Nodes(head.Size, size)));
        return await FreezeAsync(proof, head.Size) is ForkOutcome.StorageUnavailable
            ? Outcome(ExtendOutcome.StorageUnavailable, "The proof that the log forked could not be stored.")
            : ForkSeen(head.Size);
    }

    /// <summary>
    /// A range of another branch. If it shows where the branches part, that is proven at once, also of a log that is
    /// frozen at a later entry already.
    /// </summary>
    private async Task<ExtendResult> ContradictAsync(VerifiedRange range)
    {
        var isWhole = _fork is { } known && _log.Size >= known.FreezeAt;
        var search = new ForkSearch(Math.Min(_log.Size, range.End));
        if (search.Take(range, await _log.ReadNodesAsync(ForkSearch.NodesFor(range, _log.Size))) is { } common
            && CoverOf(common + 1) is var (note, size)
            && ForkSearch.Prove(
                range, common, note, size, await _log.ReadNodesAsync(ForkSearch.NodesForProof(common, size))) is { } proof
            && await FreezeAsync(proof, common) is ForkOutcome.StorageUnavailable)
        {
            return Outcome(ExtendOutcome.StorageUnavailable, "The proof that the log forked could not be stored.");
        }

        return isWhole ? Outcome(ExtendOutcome.AlreadyHeld, null) : ForkSeen(range.Head.Size);
    }

    private ExtendResult ForkSeen(long size) => Outcome(
        ExtendOutcome.Fork, $"The head of {_origin} at size {size} contradicts what is held: the origin forked.");

    /// <summary>The smallest signed checkpoint that is known to cover at least so many of the entries held.</summary>
    private (byte[] Note, long Size)? CoverOf(long size) =>
        size <= SignedSize && _checkpoint.Length > 0 ? (_checkpoint, SignedSize)
        : size <= _log.Size && Checkpoint.TryParse(_log.Head.Cover, out var cover, out _) ? (_log.Head.Cover, cover.Size)
        : null;

    /// <summary>A fork can be proven of a log whose member is not active any more, too.</summary>
    private VerificationKey? KeyForProof() =>
        OwnKey?.VerificationKey
        ?? (_roster.Current is { } roster && roster.TryFindLog(_origin, out var log, out _) ? log.Key : null);
}
