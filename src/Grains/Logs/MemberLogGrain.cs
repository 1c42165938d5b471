using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
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
    private readonly SigningKey? _key;
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
        _key = identity.KeyOf(_origin);
    }

    private bool IsOwn => _key is not null;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!await TryLoadAsync())
        {
            return;
        }

        if (IsOwn)
        {
            RestoreShown();
        }

        _checkpoint = IsOwn && SignedSize > 0 ? await SignCheckpointAsync() : IsOwn ? [] : _log.Head.Checkpoint;
        Show();
    }

    /// <inheritdoc/>
    public Task<LogStatus> GetStatusAsync()
    {
        RefuseDamaged();
        return Task.FromResult(Status());
    }

    /// <inheritdoc/>
    public async Task<LogRange> ReadAsync(long from, int maxEntries, int maxBytes)
    {
        RefuseDamaged();
        maxEntries = Math.Clamp(maxEntries, 1, Limits.MaxRangeEntries);
        maxBytes = Math.Clamp(maxBytes, 1, Limits.MaxRangeBytes);
        var signed = SignedSize;
        if (from < 0 || from >= signed)
        {
            return new LogRange(_checkpoint, Math.Clamp(from, 0, signed), [], []);
        }

        var entries = await _log.ReadAsync(from, signed, maxEntries, maxBytes);
        var end = from + entries.Count;
        var nodes = ProofBuilder.NodesForConsistency(end, signed);
        var proof = ProofBuilder.BuildConsistency(end, signed, await _log.ReadNodesAsync(nodes));
        return new LogRange(_checkpoint, from, entries, proof);
    }

    /// <inheritdoc/>
    public Task<EntryEvidence?> GetEvidenceAsync(long index)
    {
        RefuseDamaged();
        return LogEvidence.ReadAsync(_log, SignedSize, _checkpoint, index);
    }

    /// <inheritdoc/>
    public Task<byte[]?> ReadTileAsync(int level, long number, int width)
    {
        RefuseDamaged();
        return LogTiles.ReadAsync(_log, SignedSize, level, number, width);
    }

    private long SignedSize => _log.Head.SignedSize;

    private LogStatus Status()
    {
        var signedRoot = SignedSize == _log.Size ? _log.Root
            : Checkpoint.TryParse(_checkpoint, out var checkpoint, out _) ? checkpoint.Root
            : MerkleHash.Empty;
        return new LogStatus(_origin, _log.Size, _log.Root, SignedSize, signedRoot, _checkpoint);
    }

    private void Show() => _heads.Put(Status());

    /// <summary>Signs the head of an own log; of one that is being fetched back, the head that it had.</summary>
    private async Task<byte[]> SignCheckpointAsync() =>
        new Checkpoint(_origin, SignedSize, await RootAtAsync(SignedSize)).Sign(_key!);

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
