using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using MessagePack;

namespace FederationNode.Grains.Indicators;

/// <summary>What only this member knows of an indicator.</summary>
[MessagePackObject]
public sealed class IndicatorRow
{
    /// <summary>The analysts' note.</summary>
    [Key(0)]
    public string Note { get; set; } = "";

    /// <summary>How often a check matched it.</summary>
    [Key(1)]
    public long Hits { get; set; }

    /// <summary>When it last did, in unix seconds.</summary>
    [Key(2)]
    public long LastHit { get; set; }
}

/// <inheritdoc cref="IIndicatorGrain"/>
/// <remarks>
/// Hits are counted in memory and stored when the grain goes to sleep or somebody writes a note: they are statistics,
/// and a state write a hit would let a busy detector wear out the database.
/// </remarks>
public sealed class IndicatorGrain(RowStore rows, MergedList list, DamageBoard damages) : Grain, IIndicatorGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "indicator";

    /// <summary>Longest note in characters.</summary>
    public const int MaxNote = 2000;

    private IndicatorRow _row = new();
    private string? _etag;
    private bool _unsaved;

    // Perhaps somebody can still read the note by hand: only a new note may take its place, not a few more hits.
    private bool _damaged;

    private string Key => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_row, _etag, var damage) = await rows.ReadDisposableAsync<IndicatorRow>(
            RowKind, Key, row => row.Note is null ? "a part of it is missing" : null);
        if (damage is not null)
        {
            _damaged = true;
            damages.Note(
                RowKind,
                Key,
                $"{damage.Message} This indicator's note and count of hits are lost, unless the database is restored "
                    + "from a copy; a new note replaces the row.");
        }
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _unsaved && !_damaged ? SaveAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SignedStatement>> GetEvidenceAsync()
    {
        var statements = new List<SignedStatement>();
        if (!Hash256.TryParseHex(Key, out var id) || !list.TryGet(id, out var state))
        {
            return statements;
        }

        foreach (var entry in state.Listings.Concat(state.Opinions))
        {
            var evidence = await GrainFactory.GetGrain<IMemberLogGrain>(entry.Origin.Text).GetEvidenceAsync(entry.Index);
            if (evidence is not null)
            {
                statements.Add(new SignedStatement(entry.Origin.Text, evidence));
            }
        }

        return statements;
    }

    /// <inheritdoc/>
    public Task<LocalKnowledge> GetLocalAsync() => Task.FromResult(new LocalKnowledge(_row.Note, _row.Hits, _row.LastHit));

    /// <inheritdoc/>
    public async Task SetNoteAsync(string note)
    {
        _row.Note = note.Length <= MaxNote
            ? note
            : throw new ArgumentException($"A note has at most {MaxNote} characters, not {note.Length}.", nameof(note));
        await SaveAsync();
        if (_damaged)
        {
            _damaged = false;
            damages.Clear(RowKind, Key);
        }
    }

    /// <inheritdoc/>
    public Task RecordHitsAsync(long hits, long at)
    {
        _row.Hits += hits;
        _row.LastHit = Math.Max(_row.LastHit, at);
        _unsaved = true;
        return Task.CompletedTask;
    }

    private async Task SaveAsync()
    {
        _etag = await rows.WriteAsync(RowKind, Key, _row, _etag);
        _unsaved = false;
    }
}
