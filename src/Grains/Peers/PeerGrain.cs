using FederationNode.Contracts.Peers;
using FederationNode.Grains.Storage;
using MessagePack;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Peers;

/// <summary>What is stored of a peer.</summary>
[MessagePackObject]
public sealed class PeerRow
{
    /// <summary>When an exchange last worked, in unix milliseconds; 0 if never.</summary>
    [Key(0)]
    public long LastContact { get; set; }

    /// <summary>Failed exchanges since then.</summary>
    [Key(1)]
    public int Failures { get; set; }

    /// <summary>Not before this time, in unix milliseconds.</summary>
    [Key(2)]
    public long NextAttempt { get; set; }

    /// <summary>Logs that it could not or would not give.</summary>
    [Key(3)]
    public PeerLogRow[] Logs { get; set; } = [];
}

/// <summary>A log that a peer is not asked for, for a while.</summary>
[MessagePackObject]
public sealed class PeerLogRow
{
    /// <summary>The log.</summary>
    [Key(0)]
    public string Origin { get; set; } = "";

    /// <summary>Why the last request for it failed.</summary>
    [Key(1)]
    public string Reason { get; set; } = "";

    /// <summary>How often in a row.</summary>
    [Key(2)]
    public int Failures { get; set; }

    /// <summary>Not before this time, in unix milliseconds.</summary>
    [Key(3)]
    public long Until { get; set; }
}

/// <inheritdoc cref="IPeerGrain"/>
public sealed partial class PeerGrain(RowStore rows, ILogger<PeerGrain> logger) : Grain, IPeerGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "peer";

    private PeerRow _row = new();
    private string? _etag;

    private string Member => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // It is a courtesy to the peer, not a promise: a damaged one is made anew.
        (_row, _etag, var damage) = await rows.ReadDisposableAsync<PeerRow>(RowKind, Member);
        if (damage is not null)
        {
            LogDamaged(Member, damage.Message);
        }
    }

    /// <inheritdoc/>
    public Task<PeerMemory> LoadAsync() => Task.FromResult(new PeerMemory(
        _row.LastContact,
        _row.Failures,
        _row.NextAttempt,
        [.. (_row.Logs ?? []).Where(l => l?.Origin is not null && l.Reason is not null)
            .Select(l => new PeerLogBackoff(l.Origin, l.Reason, l.Failures, l.Until))]));

    /// <inheritdoc/>
    public async Task SaveAsync(PeerMemory memory)
    {
        var row = new PeerRow
        {
            LastContact = memory.LastContact,
            Failures = memory.Failures,
            NextAttempt = memory.NextAttempt,
            Logs =
            [
                .. memory.Logs.Select(l => new PeerLogRow
                {
                    Origin = l.Origin,
                    Reason = l.Reason,
                    Failures = l.Failures,
                    Until = l.Until,
                }),
            ],
        };
        try
        {
            _etag = await rows.WriteAsync(RowKind, Member, row, _etag);
            _row = row;
        }
        catch (RowConflictException)
        {
            // Somebody else wrote it, or it is damaged: take it over.
            _etag = await TakeOverAsync(row);
        }
        catch (StorageException failure)
        {
            LogNotSaved(Member, failure);
        }
    }

    private async Task<string?> TakeOverAsync(PeerRow row)
    {
        try
        {
            var etag = (await rows.ReadAsync<PeerRow>(RowKind, Member))?.ETag;
            etag = await rows.WriteAsync(RowKind, Member, row, etag);
            _row = row;
            return etag;
        }
        catch (Exception failure) when (failure is StorageException or RowConflictException or CorruptStateException)
        {
            LogNotSaved(Member, failure);
            return _etag;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What was remembered of the link to {Member} is made anew. {Damage}")]
    private partial void LogDamaged(string member, string damage);

    [LoggerMessage(2, LogLevel.Warning, "The state of the link to {Member} could not be stored.")]
    private partial void LogNotSaved(string member, Exception failure);
}
