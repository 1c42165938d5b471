using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Roster;
using MessagePack;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Rosters;

/// <summary>The roster in force and how far the roster log was read.</summary>
[MessagePackObject]
public sealed class RosterRow
{
    /// <summary>The signed document in force; empty while there is none.</summary>
    [Key(0)]
    public byte[] Note { get; set; } = [];

    /// <summary>All documents up to it, oldest first, for those who must walk the chain.</summary>
    [Key(1)]
    public byte[][] Chain { get; set; } = [];

    /// <summary>Entries of the roster log that were read.</summary>
    [Key(2)]
    public long LogRead { get; set; }
}

/// <inheritdoc cref="IRosterGrain"/>
public sealed partial class RosterGrain(
    RowStore rows,
    NodeIdentity identity,
    RosterBoard board,
    DamageBoard damages,
    ILogger<RosterGrain> logger) : Grain, IRosterGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "roster";

    private RosterRow _row = new();
    private string? _etag;
    private RosterDocument? _current;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await StoredRoster.LoadAsync(rows, identity.Anchor) is not { } stored)
            {
                return;
            }

            (_row, _etag, _current) = (stored.Row, stored.ETag, stored.Document);
        }
        catch (CorruptStateException damage)
        {
            damages.Note(damage);
            throw;
        }

        if (_current is not null)
        {
            board.Put(_current);
        }
    }

    /// <inheritdoc/>
    public Task<RosterStatus> GetAsync() => Task.FromResult(new RosterStatus(_current?.Version ?? 0, _row.Note));

    /// <inheritdoc/>
    public async Task<RosterResult> AdvanceAsync(byte[] note)
    {
        if (!TryOpen(note, out var next, out var error))
        {
            return new RosterResult(_current?.Version ?? 0, error);
        }

        await PutAsync(next, note, _row.LogRead);
        return new RosterResult(next.Version, null);
    }

    /// <inheritdoc/>
    public async Task<RosterResult> FollowLogAsync()
    {
        var origin = Origin.Parse(identity.Anchor.RosterLogKey.Name);
        var log = GrainFactory.GetGrain<IMemberLogGrain>(origin.Text);
        while (true)
        {
            var range = await log.ReadAsync(_row.LogRead, Limits.MaxRangeEntries, Limits.MaxRangeBytes);
            if (range.Entries.Count == 0)
            {
                return new RosterResult(_current?.Version ?? 0, null);
            }

            for (var i = 0; i < range.Entries.Count; i++)
            {
                await FollowEntryAsync(origin, range.From + i, range.Entries[i]);
            }
        }
    }

    private async Task FollowEntryAsync(Origin origin, long index, StoredEntry entry)
    {
        var read = index + 1;
        if (!LogEntry.TryInterpret(
                origin, index, MerkleHash.Leaf(entry.Leaf), entry.Leaf, entry.Salt, entry.Payload, out var meaning, out _)
            || meaning.Payload is not RosterPayload payload)
        {
            _row.LogRead = read;
            return;
        }

        var note = payload.Note.ToArray();
        if (TryOpen(note, out var next, out var error))
        {
            await PutAsync(next, note, read);
            return;
        }

        // A document that was already put into force by hand is met again here; anything else is worth a look.
        if (!_row.Chain.Any(n => n.AsSpan().SequenceEqual(note)))
        {
            LogNotFollowing(index, error!);
        }

        _row.LogRead = read;
    }

    private bool TryOpen(
        byte[] note,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RosterDocument? next,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error) =>
        _current is null
            ? RosterChain.TryOpenFirst(note, identity.Anchor, out next, out error)
            : RosterChain.TryOpenNext(note, _current, out next, out error);

    private async Task PutAsync(RosterDocument next, byte[] note, long logRead)
    {
        var row = new RosterRow { Note = note, Chain = [.. _row.Chain, note], LogRead = logRead };
        _etag = await rows.WriteAsync(RowKind, identity.Coalition, row, _etag);
        (_row, _current) = (row, next);
        board.Put(next);
        LogInForce(next.Version, next.Members.Length);
    }

    [LoggerMessage(1, LogLevel.Information, "Roster version {Version} is in force: {Members} members.")]
    private partial void LogInForce(int version, int members);

    [LoggerMessage(2, LogLevel.Warning, "Entry {Index} of the roster log is a document that does not follow: {Error}")]
    private partial void LogNotFollowing(long index, string error);
}
