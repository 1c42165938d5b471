using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using FederationNode.Contracts.Feedback;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Feedback;

/// <inheritdoc cref="IFeedbackGrain"/>
/// <remarks>
/// Counts and keys are one row, items one each: an item is written first, so that what the row names is there. A crash
/// between an entry in the log and the row writes the entry again, which changes nothing: the newest of a day counts.
/// </remarks>
public sealed partial class FeedbackGrain(
    RowStore rows,
    NodeIdentity identity,
    RosterBoard roster,
    LogAppender appender,
    DamageBoard damages,
    ILogger<FeedbackGrain> logger) : Grain, IFeedbackGrain
{
    /// <summary>Kind of the row with counts, keys and the queue's numbers.</summary>
    public const string RowKind = "feedback";

    /// <summary>Kind of the rows of the queue's items.</summary>
    public const string ItemKind = "queue";

    /// <summary>Most items in the queue; the oldest that are decided make room.</summary>
    public const int MaxQueue = 2000;

    private const int MaxKeys = 512;
    private const int MaxDays = 40;
    private const int MaxCategories = 256;

    private FeedbackRow _row = new();
    private string? _etag;

    /// <summary>What is wrong with a row, or null.</summary>
    public static string? FaultOf(FeedbackRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var isSound = row is { Days: not null, Keys: not null, Queue: not null, Next: > 0 }
            && row.Days.Values.All(d => d is not null && d.Values.All(c => c is { Length: 3 } && c.All(n => n >= 0)))
            && row.Keys.All(k => k is { Key: not null, Said: not null })
            && row.Queue.All(q => q.Key > 0 && q.Key < row.Next && QueueState.All.Contains(q.Value));
        return isSound ? null : "a part of it is missing or out of range";
    }

    /// <summary>What is wrong with the row of an item, or null.</summary>
    public static string? FaultOf(QueueRow row) =>
        row is { Outcome: not null, IndicatorIds: not null, Note: not null } ? null : "a part of it is missing";

    /// <summary>The key of an item's row.</summary>
    public static string KeyOf(long number) => number.ToString("D12", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_row, _etag, var damage) = await rows.ReadDisposableAsync<FeedbackRow>(RowKind, identity.Member, FaultOf);
        if (damage is not null)
        {
            damages.Note(
                RowKind,
                identity.Member,
                $"{damage.Message} Counts that were not in the log yet and the queue of feedback are lost, unless the "
                    + "database is restored from a copy; they begin anew.");
        }
    }

    /// <inheritdoc/>
    public async Task<FeedbackTaken> TakeAsync(FeedbackNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var (key, said) = note.Key is null ? ([], []) : (Hash(note.Key), Hash(note with { At = 0, Key = null, Categories = [] }));
        if (note.Key is not null && _row.Keys.Find(k => k.Key.AsSpan().SequenceEqual(key)) is { } earlier)
        {
            return earlier.Said.AsSpan().SequenceEqual(said)
                ? new FeedbackTaken(FeedbackRefusal.None, true, earlier.Number == 0 ? null : earlier.Number)
                : new FeedbackTaken(FeedbackRefusal.KeyReused, false, null);
        }

        long? number = null;
        if (FeedbackOutcome.IsQueued(note.Outcome))
        {
            if (!await MakeRoomAsync())
            {
                return new FeedbackTaken(FeedbackRefusal.QueueFull, false, null);
            }

            number = _row.Next;
            await WriteItemAsync(number.Value, note);
        }

        await ChangeAsync(() =>
        {
            if (number is { } its)
            {
                _row.Queue[its] = QueueState.Open;
                _row.Next = its + 1;
            }
            else
            {
                Add(note.At / 86_400, [.. note.Categories.Select(c => CountOf(c, note))]);
            }

            if (note.Key is not null)
            {
                _row.Keys.Add(new KeyedFeedback { Key = key, Said = said, Number = number ?? 0 });
                _row.Keys.RemoveRange(0, Math.Max(0, _row.Keys.Count - MaxKeys));
            }
        });
        return new FeedbackTaken(FeedbackRefusal.None, false, number);
    }

    /// <inheritdoc/>
    public Task CountAsync(long day, IReadOnlyList<CategoryCount> counts) => ChangeAsync(() => Add(day, counts));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueuedItem>> ReadQueueAsync(long? before, string? state, int most)
    {
        var numbers = _row.Queue.Reverse()
            .Where(q => (before is null || q.Key < before) && (state is null || q.Value == state))
            .Take(most)
            .ToList();
        var items = new List<QueuedItem>(numbers.Count);
        foreach (var (number, its) in numbers)
        {
            if (await ReadItemAsync(number, its) is { } item)
            {
                items.Add(item);
            }
        }

        return items;
    }

    /// <inheritdoc/>
    public async Task<QueuedItem?> SetStateAsync(long number, string state)
    {
        if (!_row.Queue.ContainsKey(number))
        {
            return null;
        }

        await ChangeAsync(() => _row.Queue[number] = state);
        return await ReadItemAsync(number, state);
    }

    /// <inheritdoc/>
    public async Task<int> WriteTalliesAsync(long today)
    {
        var over = _row.Days.Where(d => d.Key < today).ToList();
        var entries = over
            .SelectMany(d => d.Value.Select(c => new TallyPayload(d.Key, c.Key, c.Value[0], c.Value[1], c.Value[2])))
            .ToList();
        if (over.Count == 0 || identity.WrittenLog(roster.Current, Protocol.Origin.Indicators) is not { } log)
        {
            return 0;
        }

        foreach (var part in entries.Chunk(Contracts.Limits.MaxAppendEntries))
        {
            var result = await appender.AppendAsync(
                log.Origin.Text, new AppendRequest([.. part.Select(t => new NewEntry(t.Kind, t.Encode()))]));
            if (result.Refusal != AppendRefusal.None)
            {
                LogNotWritten(result.Error!);
                return 0;
            }
        }

        await ChangeAsync(() => over.ForEach(d => _row.Days.Remove(d.Key)));
        return entries.Count;
    }

    private static CategoryCount CountOf(string category, FeedbackNote note) => new(
        category,
        note.Outcome == FeedbackOutcome.Matched ? note.Count : 0,
        note.Outcome == FeedbackOutcome.Blocked ? note.Count : 0,
        note.Outcome == FeedbackOutcome.Removed ? note.Count : 0);

    private static byte[] Hash<T>(T value) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(value));

    private void Add(long day, IReadOnlyList<CategoryCount> counts)
    {
        if (!_row.Days.TryGetValue(day, out var categories))
        {
            _row.Days[day] = categories = [];
        }

        foreach (var count in counts.Where(c => categories.ContainsKey(c.Category) || categories.Count < MaxCategories))
        {
            if (!categories.TryGetValue(count.Category, out var sums))
            {
                categories[count.Category] = sums = new long[3];
            }

            sums[0] += count.Matches;
            sums[1] += count.Blocks;
            sums[2] += count.Removals;
        }

        while (_row.Days.Count > MaxDays)
        {
            // The log took nothing for weeks: that is an alarm of its own.
            _row.Days.Remove(_row.Days.Keys.First());
        }
    }

    /// <summary>Changes the row; if it cannot be written, the change is undone and the caller is told.</summary>
    private async Task ChangeAsync(Action change)
    {
        change();
        try
        {
            _etag = await rows.WriteAsync(RowKind, identity.Member, _row, _etag);
            damages.Clear(RowKind, identity.Member);
        }
        catch
        {
            // Whether it was written is not known: what is stored says so to the next one.
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task<bool> MakeRoomAsync()
    {
        if (_row.Queue.Count < MaxQueue)
        {
            return true;
        }

        var (oldest, state) = _row.Queue.FirstOrDefault(q => q.Value != QueueState.Open);
        if (state is null)
        {
            return false;
        }

        await ChangeAsync(() => _row.Queue.Remove(oldest));
        if (await ReadRowAsync(oldest) is { ETag: { } etag })
        {
            await rows.ClearAsync(ItemKind, KeyOf(oldest), etag);
        }

        return true;
    }

    private async Task WriteItemAsync(long number, FeedbackNote note)
    {
        // One may be left behind by a crash before its number was taken.
        var (_, etag) = await ReadRowAsync(number);
        var row = new QueueRow
        {
            Outcome = note.Outcome,
            IndicatorIds = [.. note.IndicatorIds],
            ItemId = note.ItemId,
            Note = note.Note,
            At = note.At,
        };
        await rows.WriteAsync(ItemKind, KeyOf(number), row, etag);
    }

    private async Task<QueuedItem?> ReadItemAsync(long number, string state) =>
        await ReadRowAsync(number) is { Row: { } row }
            ? new QueuedItem(number, row.Outcome, state, row.IndicatorIds, row.ItemId, row.Note, row.At)
            : null;

    /// <summary>An item's row: one that is damaged is left out, and may be overwritten.</summary>
    private async Task<(QueueRow? Row, string? ETag)> ReadRowAsync(long number)
    {
        var (row, etag, damage) = await rows.ReadDisposableAsync<QueueRow>(ItemKind, KeyOf(number), FaultOf);
        if (damage is not null)
        {
            damages.Note(ItemKind, KeyOf(number), $"{damage.Message} This item of the queue of feedback is lost.");
        }

        return (etag is null || damage is not null ? null : row, etag);
    }

    [LoggerMessage(1, LogLevel.Warning, "Daily tallies could not be written and are tried again: {Error}")]
    private partial void LogNotWritten(string error);
}
