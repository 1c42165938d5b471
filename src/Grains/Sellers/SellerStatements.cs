using System.Collections.Concurrent;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Sellers;

/// <summary>
/// Follows the receipts logs for what they say about keys for seller tags: how much holders evaluated, and what is said in key
/// ceremonies. How far each log was read is stored with what was found, so that a start does not read them again. Queries are
/// safe from any thread.
/// </summary>
public sealed partial class SellerStatements(
    HeadBoard heads,
    IGrainFactory grains,
    RowStore rows,
    DamageBoard damages,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<SellerStatements> logger) : BackgroundService
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "seller-statements";

    /// <summary>Most counts that are kept of one log: a hundred days of two hundred members' keys.</summary>
    public const int MaxCounts = 20_000;

    /// <summary>How often it looks for new entries.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // What was read in vain is written down so often, for the next start.
    private const long SaveEvery = 65_536;

    private readonly ConcurrentDictionary<string, Followed> _logs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Raised when a log was found to say more in ceremonies, or less since it forked. Handlers must be quick.</summary>
    public event Action? CeremoniesChanged;

    /// <summary>What holders say they evaluated, by log, each in the order of the log.</summary>
    public IReadOnlyList<(Origin Log, IReadOnlyList<StatedCount> Counts)> Counts() =>
        [.. InOrder().Select(l => (l.Origin, (IReadOnlyList<StatedCount>)l.Row.Counts.ToArray()))];

    /// <summary>What was said in ceremonies, by log, each in the order of the log; logs of a member in the order of their epochs.</summary>
    public IReadOnlyList<(Origin Log, IReadOnlyList<CeremonyEntry> Entries)> Ceremonies() =>
        [.. InOrder().Select(l => (l.Origin, (IReadOnlyList<CeremonyEntry>)l.Row.Ceremonies.ToArray()))];

    /// <summary>Reads what has come to the logs since.</summary>
    /// <param name="cancellationToken">Stops it between parts.</param>
    public async Task ReadOnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            foreach (var head in heads.All())
            {
                if (Origin.Parse(head.Origin) is { Log: Origin.Receipts } origin)
                {
                    await FollowAsync(origin, head.HeadSize, cancellationToken);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether a log was read up to its head.</summary>
    public bool IsCaughtUp(string origin) =>
        heads.Get(origin) is not { } head || (_logs.TryGetValue(origin, out var log) ? log.Row.Read : 0) == head.HeadSize;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ReadOnAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not read is read after the next start.
        }
    }

    private IEnumerable<Followed> InOrder() =>
        _logs.Values.OrderBy(l => l.Origin.Member, StringComparer.Ordinal).ThenBy(l => l.Origin.Epoch);

    private async Task FollowAsync(Origin origin, long size, CancellationToken cancel)
    {
        try
        {
            if (!_logs.TryGetValue(origin.Text, out var log))
            {
                _logs[origin.Text] = log = await LoadAsync(origin);
                SayChanged(log.Row.Ceremonies.Count > 0);
            }

            if (size < log.Row.Read)
            {
                // It forked, or a damaged row was begun anew: what stands behind its end does not count.
                SayChanged(log.Take(Before(log.Row, size)));
            }

            while (log.Row.Read < size)
            {
                cancel.ThrowIfCancellationRequested();
                if (!await ReadPartAsync(log, size))
                {
                    return;
                }
            }
        }
        catch (CorruptStateException)
        {
            // Said where it was found; the log is read on when it is mended.
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(origin.Text, failure);
        }
    }

    private async Task<bool> ReadPartAsync(Followed log, long size)
    {
        var range = await grains.GetGrain<IMemberLogGrain>(log.Origin.Text)
            .ReadAsync(log.Row.Read, Limits.MaxRangeEntries, Limits.MaxRangeBytes);
        if (range.From != log.Row.Read || range.Entries.Count == 0)
        {
            return false;
        }

        var next = new SellerStatementsRow
        {
            Read = Math.Min(size, range.End),
            Counts = [.. log.Row.Counts],
            Ceremonies = [.. log.Row.Ceremonies],
        };
        for (var index = range.From; index < next.Read; index++)
        {
            Take(log.Origin, index, range.Entries[(int)(index - range.From)], next);
        }

        next.Counts.RemoveRange(0, Math.Max(0, next.Counts.Count - MaxCounts));
        var isNews = next.Counts.LastOrDefault() != log.Row.Counts.LastOrDefault()
            || next.Ceremonies.Count != log.Row.Ceremonies.Count;
        if (isNews || next.Read - log.Saved >= SaveEvery)
        {
            log.ETag = await rows.WriteAsync(RowKind, log.Origin.Text, next, log.ETag);
            log.Saved = next.Read;
        }

        SayChanged(log.Take(next));
        return true;
    }

    /// <summary>Takes an entry, if it is of the two kinds: most are receipts, which are not looked into.</summary>
    private static void Take(Origin origin, long index, StoredEntry entry, SellerStatementsRow row)
    {
        if (!Leaf.TryDecode(entry.Leaf, out var leaf, out _)
            || leaf.Kind is not (EntryKind.Evaluations or EntryKind.Ceremony)
            || !LogEntry.TryInterpret(
                origin, index, MerkleHash.Leaf(entry.Leaf), entry.Leaf, entry.Salt, entry.Payload, out var meaning, out _))
        {
            return;
        }

        if (meaning.Payload is EvaluationsPayload evaluations)
        {
            row.Counts.AddRange(evaluations.Counts.Select(
                c => new StatedCount(index, evaluations.Day, c.Member, c.Type, c.Epoch, c.Evaluated, c.Refused)));
        }
        else if (meaning.Payload is CeremonyPayload ceremony && row.Ceremonies.Count < ProtocolLimits.MaxCeremonyEntries)
        {
            row.Ceremonies.Add(new CeremonyEntry(index, meaning.Issued, ceremony.Message.ToArray()));
        }
    }

    private async Task<Followed> LoadAsync(Origin origin)
    {
        var (row, etag, damage) = await rows.ReadDisposableAsync<SellerStatementsRow>(RowKind, origin.Text, r => r.Fault());
        if (damage is not null)
        {
            damages.Note(RowKind, origin.Text, $"{damage.Message} The log is read again: nothing is lost.");
        }

        return new Followed(origin) { Row = row, ETag = etag, Saved = row.Read };
    }

    private static SellerStatementsRow Before(SellerStatementsRow row, long size) => new()
    {
        Read = size,
        Counts = [.. row.Counts.Where(c => c.Index < size)],
        Ceremonies = [.. row.Ceremonies.Where(c => c.Index < size)],
    };

    private void SayChanged(bool isChanged)
    {
        if (isChanged)
        {
            CeremoniesChanged?.Invoke();
        }
    }

    /// <summary>A log and what was found in it. The row is replaced, never changed: others read it meanwhile.</summary>
    private sealed class Followed(Origin origin)
    {
        private SellerStatementsRow _row = new();

        public Origin Origin => origin;

        public SellerStatementsRow Row
        {
            get => Volatile.Read(ref _row);
            init => _row = value;
        }

        public string? ETag { get; set; }

        public long Saved { get; set; }

        /// <summary>Puts another row in place; whether it says something else of ceremonies.</summary>
        public bool Take(SellerStatementsRow row)
        {
            var isChanged = row.Ceremonies.Count != Row.Ceremonies.Count;
            Volatile.Write(ref _row, row);
            return isChanged;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Reading {Origin} for what it says of keys for seller tags failed; it is tried again.")]
    private partial void LogFailed(string origin, Exception failure);
}
