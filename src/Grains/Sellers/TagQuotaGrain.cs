using System.Globalization;
using FederationNode.Contracts.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Sellers.Quotas;
using Microsoft.Extensions.DependencyInjection;

namespace FederationNode.Grains.Sellers;

/// <inheritdoc cref="ITagQuotaGrain"/>
/// <remarks>
/// Nothing is granted before it is in the database, by compare-and-set: a restart forgets nothing, and of two activations the
/// second to write reads again what the first has counted. What is refused is written with the next that is granted, and after
/// <see cref="RefusedDelay"/> at the latest: a member that asks in vain must not cost a write each time.
/// </remarks>
public sealed class TagQuotaGrain(
    RowStore rows,
    DamageBoard damages,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock) : Grain, ITagQuotaGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "tag-quota";

    /// <summary>Most days that wait for the log; of more the oldest are forgotten.</summary>
    public const int MaxDays = 60;

    /// <summary>How long refused elements may be in memory alone.</summary>
    public static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(1);

    private const long DaySeconds = 86_400;

    // Each time another activation was faster it has counted something: that ends with what it was asked for.
    private const int MaxAttempts = 100;

    private readonly SortedDictionary<long, long> _refused = [];
    private SortedDictionary<long, long[]> _days = [];
    private QuotaCount _count;
    private string? _etag;
    private IGrainTimer? _timer;
    private bool _isStale;

    private string Key => this.GetPrimaryKeyString();

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The key of the grain and of its row.</summary>
    public static string KeyOf(string member, string type, int epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{member}/{type}/{epoch}");

    /// <summary>What is wrong with a row, or null.</summary>
    public static string? FaultOf(TagQuotaRow row) =>
        row is not { Day: >= 0, OfDay: >= 0, Minute: >= 0, OfMinute: >= 0 } ? "a count is below zero"
        : row.Days?.All(d => d is { Key: >= 0, Value: [>= 0, >= 0] }) == false ? "the counts of a day are missing or below zero"
        : null;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => LoadAsync();

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_refused.Count > 0)
        {
            await WriteAsync(() => _count);
        }
    }

    /// <inheritdoc/>
    public async Task<QuotaTaken> TakeAsync(int elements, long perDay, long perMinute)
    {
        var step = default(QuotaStep);
        var isTaken = await WriteAsync(() =>
        {
            step = _count.Take(new TagQuota(perDay, perMinute), elements, Now);
            if (step.Beyond != QuotaLimit.None)
            {
                return null;
            }

            CountsOf(step.Count.Day)[0] += elements;
            return step.Count;
        });
        if (isTaken)
        {
            return new QuotaTaken(null, 0, step.Left);
        }

        var day = Math.Max(_count.Day, Now / DaySeconds);
        _refused[day] = _refused.GetValueOrDefault(day) + elements;
        _timer ??= this.RegisterGrainTimer(
            WriteRefusedAsync, new GrainTimerCreationOptions(RefusedDelay, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        return new QuotaTaken(step.Beyond == QuotaLimit.Day ? "day" : "minute", step.RetryAfter, step.Left);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CountedDay>> CloseDaysAsync(long today)
    {
        // Another activation may have counted since.
        await LoadAsync();
        if (_refused.Keys.Any(d => d < today) || (_count.Day < today && _days.Keys.Any(d => d < today)))
        {
            await WriteAsync(() => _count.Day < today ? _count with { Day = today, OfDay = 0 } : _count);
        }

        return [.. _days.Where(d => d.Key < today).Select(d => new CountedDay(d.Key, d.Value[0], d.Value[1]))];
    }

    /// <inheritdoc/>
    public async Task ForgetDaysAsync(long day)
    {
        if (_days.Keys.Any(d => d < day))
        {
            await WriteAsync(() =>
            {
                foreach (var past in _days.Keys.Where(d => d < day).ToList())
                {
                    _days.Remove(past);
                }

                return _count;
            });
        }
    }

    private async Task WriteRefusedAsync()
    {
        _timer?.Dispose();
        _timer = null;
        await WriteAsync(() => _count);
    }

    /// <summary>Writes what a change makes of the row as it is stored, and what was refused; false if it makes nothing.</summary>
    private async Task<bool> WriteAsync(Func<QuotaCount?> change)
    {
        if (_isStale)
        {
            await LoadAsync();
        }

        for (var attempt = 1; ; attempt++)
        {
            if (change() is not { } count)
            {
                return false;
            }

            var refused = _refused.ToList();
            foreach (var (day, elements) in refused)
            {
                CountsOf(day)[1] += elements;
            }

            while (_days.Count > MaxDays)
            {
                // The log took nothing for weeks: that is an alarm of its own.
                _days.Remove(_days.Keys.First());
            }

            try
            {
                _etag = await rows.WriteAsync(RowKind, Key, RowOf(count), _etag);
                _count = count;
                refused.ForEach(r => _refused.Remove(r.Key));
                damages.Clear(RowKind, Key);
                return true;
            }
            catch (RowConflictException) when (attempt < MaxAttempts)
            {
                await LoadAsync();
            }
            catch
            {
                // Whether it was written is not known: what is stored says so to the next one.
                _isStale = true;
                DeactivateOnIdle();
                throw;
            }
        }
    }

    private long[] CountsOf(long day) => _days.TryGetValue(day, out var counts) ? counts : _days[day] = new long[2];

    private async Task LoadAsync()
    {
        (var row, _etag, var damage) = await rows.ReadDisposableAsync<TagQuotaRow>(RowKind, Key, FaultOf);
        _count = new QuotaCount(row.Day, row.OfDay, row.Minute, row.OfMinute);
        _days = row.Days ?? [];
        _isStale = false;
        if (damage is not null)
        {
            damages.Note(
                RowKind,
                Key,
                $"{damage.Message} What this member has asked for today is lost, and is counted anew; what was not in the log yet is "
                    + "lost, too.");
        }
    }

    private TagQuotaRow RowOf(QuotaCount count) => new()
    {
        Day = count.Day,
        OfDay = count.OfDay,
        Minute = count.Minute,
        OfMinute = count.OfMinute,
        Days = _days,
    };
}
