using System.Globalization;
using FederationNode.Contracts.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Sellers.Quotas;
using Microsoft.Extensions.DependencyInjection;

namespace FederationNode.Grains.Sellers;

/// <inheritdoc cref="ITagQuotaGrain"/>
/// <remarks>
/// Nothing is granted before it is in the database, by compare-and-set: a restart forgets nothing, and of two activations the
/// second to write reads again what the first has counted.
/// </remarks>
public sealed class TagQuotaGrain(
    RowStore rows,
    DamageBoard damages,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock) : Grain, ITagQuotaGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "tag-quota";

    // Each time another activation was faster it has counted something: that ends with what it was asked for.
    private const int MaxAttempts = 100;

    private QuotaCount _count;
    private string? _etag;

    private string Key => this.GetPrimaryKeyString();

    /// <summary>The key of the grain and of its row.</summary>
    public static string KeyOf(string member, string type, int epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{member}/{type}/{epoch}");

    /// <summary>What is wrong with a row, or null.</summary>
    public static string? FaultOf(TagQuotaRow row) =>
        row is { Day: >= 0, OfDay: >= 0, Minute: >= 0, OfMinute: >= 0 } ? null : "a count is below zero";

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => LoadAsync();

    /// <inheritdoc/>
    public async Task<QuotaTaken> TakeAsync(int elements, long perDay, long perMinute)
    {
        for (var attempt = 1; ; attempt++)
        {
            var step = _count.Take(new TagQuota(perDay, perMinute), elements, clock.GetUtcNow().ToUnixTimeSeconds());
            if (step.Beyond != QuotaLimit.None)
            {
                return new QuotaTaken(step.Beyond == QuotaLimit.Day ? "day" : "minute", step.RetryAfter, step.Left);
            }

            try
            {
                _etag = await rows.WriteAsync(RowKind, Key, RowOf(step.Count), _etag);
                _count = step.Count;
                damages.Clear(RowKind, Key);
                return new QuotaTaken(null, 0, step.Left);
            }
            catch (RowConflictException) when (attempt < MaxAttempts)
            {
                await LoadAsync();
            }
            catch
            {
                // Whether it was written is not known: what is stored says so to the next one.
                DeactivateOnIdle();
                throw;
            }
        }
    }

    private async Task LoadAsync()
    {
        (var row, _etag, var damage) = await rows.ReadDisposableAsync<TagQuotaRow>(RowKind, Key, FaultOf);
        _count = new QuotaCount(row.Day, row.OfDay, row.Minute, row.OfMinute);
        if (damage is not null)
        {
            damages.Note(RowKind, Key, $"{damage.Message} What this member has asked for today is lost, and is counted anew.");
        }
    }

    private static TagQuotaRow RowOf(QuotaCount count) => new()
    {
        Day = count.Day,
        OfDay = count.OfDay,
        Minute = count.Minute,
        OfMinute = count.OfMinute,
    };
}
