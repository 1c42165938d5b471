namespace FederationNode.Protocol.Sellers.Quotas;

/// <summary>What one member has asked for under one key.</summary>
/// <param name="Day">The day of the count, in days of UTC since 1970.</param>
/// <param name="OfDay">Elements on that day.</param>
/// <param name="Minute">The minute of the count, in minutes since 1970.</param>
/// <param name="OfMinute">Elements in that minute.</param>
public readonly record struct QuotaCount(long Day, long OfDay, long Minute, long OfMinute)
{
    private const long DaySeconds = 86_400;
    private const long MinuteSeconds = 60;

    /// <summary>
    /// Counts a request, all of it or nothing. A clock that goes back does not give more: the day and the minute stay those
    /// that were counted last.
    /// </summary>
    /// <param name="quota">The limits.</param>
    /// <param name="elements">How many elements, from 1.</param>
    /// <param name="now">The time, in unix seconds.</param>
    public QuotaStep Take(TagQuota quota, int elements, long now)
    {
        ArgumentNullException.ThrowIfNull(quota);
        ArgumentOutOfRangeException.ThrowIfLessThan(elements, 1);
        var (day, minute) = (Math.Max(Day, now / DaySeconds), Math.Max(Minute, now / MinuteSeconds));
        var ofDay = day == Day ? OfDay : 0;
        var ofMinute = minute == Minute ? OfMinute : 0;
        if (ofDay + elements > quota.Day)
        {
            return new QuotaStep(this, QuotaLimit.Day, ((day + 1) * DaySeconds) - now, Math.Max(0, quota.Day - ofDay));
        }

        return ofMinute + elements > quota.Minute
            ? new QuotaStep(this, QuotaLimit.Minute, ((minute + 1) * MinuteSeconds) - now, Math.Max(0, quota.Minute - ofMinute))
            : new QuotaStep(
                new QuotaCount(day, ofDay + elements, minute, ofMinute + elements), QuotaLimit.None, 0, quota.Day - ofDay - elements);
    }
}

/// <summary>What became of a request.</summary>
/// <param name="Count">The count now.</param>
/// <param name="Beyond">The limit that it went beyond, or none.</param>
/// <param name="RetryAfter">Seconds until there is more; 0 if it was counted.</param>
/// <param name="Left">Elements that are left: of the limit that it went beyond, else of the day.</param>
public readonly record struct QuotaStep(QuotaCount Count, QuotaLimit Beyond, long RetryAfter, long Left);
