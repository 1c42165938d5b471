using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Logs;

/// <inheritdoc cref="IMemberLogGrain"/>
/// <remarks>
/// Order of an append: sealed rows durable, then the head row compare-and-set, then the checkpoint signed, then the
/// new head shown to others. The ETag of the head row is the fence: Orleans may for a moment run two activations, and
/// only one of them can move the head; the other stops before it signs anything. Own state between calls: the log as
/// stored, and the checkpoint over exactly that. This file: reading; the rest is beside it.
/// </remarks>
public sealed partial class MemberLogGrain : Grain, IMemberLogGrain
{
    private readonly RowStore _rows;
    private readonly NodeIdentity _identity;
    private readonly RosterBoard _roster;
    private readonly HeadBoard _heads;
    private readonly DamageBoard _damages;
    private readonly TimeProvider _clock;
    private readonly ILogger<MemberLogGrain> _logger;
    private readonly string _origin;
    private StoredLog _log = null!;
    private byte[] _checkpoint = [];

    /// <summary>Made by the silo.</summary>
    public MemberLogGrain(
        IGrainContext context,
        RowStore rows,
        NodeIdentity identity,
        RosterBoard roster,
        HeadBoard heads,
        DamageBoard damages,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
        ILogger<MemberLogGrain> logger)
    {
        _rows = rows;
        _identity = identity;
        _roster = roster;
        _heads = heads;
        _damages = damages;
        _clock = clock;
        _logger = logger;
        _origin = context.GrainId.Key.ToString()!;
    }

    /// <summary>The key of an own log, which may come while the node runs: with the roster that opens a new epoch.</summary>
    private SigningKey? OwnKey => _identity.KeyOf(_origin);

    private bool IsOwn => OwnKey is not null;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!await TryLoadAsync())
        {
            return;
        }

        await LoadForkAsync();
        await LoadDeferredAsync();
        if (IsOwn)
        {
            RestoreShown();
        }

        _checkpoint = IsOwn && SignedSize > 0 ? await SignCheckpointAsync() : IsOwn ? [] : _log.Head.Checkpoint;
        await ShowAsync();
        await LoadOutlineAsync();
    }

    /// <inheritdoc/>
    public async Task<LogStatus> GetStatusAsync()
    {
        RefuseDamaged();

        // The roster may have closed it since.
        var status = await StatusAsync();
        _heads.Put(status);
        await CarryDeferredAsync();
        return status;
    }

    /// <inheritdoc/>
    public async Task<LogRange> ReadAsync(long from, int maxEntries, int maxBytes)
    {
        RefuseDamaged();
        maxEntries = Math.Clamp(maxEntries, 1, Limits.MaxRangeEntries);
        maxBytes = Math.Clamp(maxBytes, 1, Limits.MaxRangeBytes);
        from = Math.Max(0, from);
        var end = HeadSize;
        if (from >= end && Limit is null)
        {
            // What came without its head is proven by the checkpoint that it came with.
            end = from < _log.Size ? _log.Size : end;
            if (from >= _log.Size && ReadOverlay(from, maxEntries) is { } urgent)
            {
                return urgent;
            }
        }

        if (from >= end || CoverOf(end) is not var (note, size))
        {
            return new LogRange(_checkpoint, Math.Min(from, end), [], [], []);
        }

        var entries = await _log.ReadAsync(from, end, maxEntries, maxBytes);
        var proof = RangeProof.Of(
            from, await _log.ReadNodesAsync(RangeProof.Nodes(from, from + entries.Count, size)));
        return new LogRange(note, from, entries, proof.Before, proof.After);
    }

    /// <inheritdoc/>
    public async Task<EntryEvidence?> GetEvidenceAsync(long index)
    {
        RefuseDamaged();
        return EvidenceAbove(index)
            ?? await LogEvidence.ReadAsync(_log, SignedSize, _checkpoint, index)
            ?? await EvidenceInOutlineAsync(index);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Hash256>> ReadNodesAsync(IReadOnlyList<(int Level, long Index)> nodes)
    {
        RefuseDamaged();
        return _log.ReadNodesAsync([.. nodes.Select(n => new NodeId(n.Level, n.Index))]);
    }

    /// <inheritdoc/>
    public Task<byte[]?> ReadTileAsync(int level, long number, int width)
    {
        RefuseDamaged();
        return LogTiles.ReadAsync(_log, SignedSize, level, number, width);
    }

    private long SignedSize => _log.Head.SignedSize;

    /// <summary>
    /// Entries that count: up to a signed head, of a forked log those that its branches share, of a closed one those
    /// before its end.
    /// </summary>
    private long HeadSize => Limit is { } limit ? Math.Min(limit, _log.Size) : SignedSize;

    /// <summary>Where the log ends, for it forked or the roster closed it; or null.</summary>
    private long? Limit =>
        _roster.Current is { } roster && roster.TryFindLog(_origin, out var log, out _) && log.ClosedAt is { } end
            ? Math.Min(end.Size, _fork?.FreezeAt ?? end.Size)
            : _fork?.FreezeAt;

    private async Task<LogStatus> StatusAsync()
    {
        var signedRoot = SignedSize == _log.Size ? _log.Root
            : Checkpoint.TryParse(_checkpoint, out var checkpoint, out _) ? checkpoint.Root
            : MerkleHash.Empty;
        var headRoot = HeadSize == SignedSize ? signedRoot : await RootAtAsync(HeadSize);
        return new LogStatus(
            _origin, _log.Size, _log.Root, SignedSize, signedRoot, _checkpoint, HeadSize, headRoot, _fork?.FreezeAt);
    }

    private async Task ShowAsync() => _heads.Put(await StatusAsync());

    /// <summary>Signs the head of an own log; of one that is being fetched back, the head that it had.</summary>
    private async Task<byte[]> SignCheckpointAsync() =>
        new Checkpoint(_origin, SignedSize, await RootAtAsync(SignedSize)).Sign(OwnKey!);

    /// <summary>
    /// Somebody else moved the head. What this activation believes is out of date, so it ends here: the next call
    /// starts over from the database.
    /// </summary>
    private void StepDown(RowConflictException conflict)
    {
        LogConflict(_origin, conflict);
        DeactivateOnIdle();
    }
}
