namespace FederationNode.Contracts.Sellers;

/// <summary>
/// At a holder of keys for seller tags: counts what one member asks for under one key. Key: <c>MEMBER/TYPE/EPOCH</c>.
/// </summary>
[Alias("fednode.ITagQuotaGrain")]
public interface ITagQuotaGrain : IGrainWithStringKey
{
    /// <summary>
    /// Counts elements before they are evaluated, all or none. When it returns, the count is durable; when it throws, it is not
    /// known whether they were counted, and they must not be evaluated.
    /// </summary>
    /// <param name="elements">How many, from 1.</param>
    /// <param name="perDay">The most in a day of UTC.</param>
    /// <param name="perMinute">The most in a minute.</param>
    [Alias("Take")]
    Task<QuotaTaken> TakeAsync(int elements, long perDay, long perMinute);

    /// <summary>
    /// What was counted on the days before <paramref name="today"/> that were not forgotten, oldest first. On the days that it
    /// names nothing is counted any more, wherever the clock goes. Durable when it returns.
    /// </summary>
    /// <param name="today">In days of UTC since 1970.</param>
    [Alias("CloseDays")]
    Task<IReadOnlyList<CountedDay>> CloseDaysAsync(long today);

    /// <summary>Forgets the counts of the days before <paramref name="day"/>: they are in the log. Durable when it returns.</summary>
    /// <param name="day">In days of UTC since 1970.</param>
    [Alias("ForgetDays")]
    Task ForgetDaysAsync(long day);
}

/// <summary>What a member asked a holder for under one key on one day.</summary>
/// <param name="Day">In days of UTC since 1970.</param>
/// <param name="Evaluated">Elements that were granted.</param>
/// <param name="Refused">Elements that were refused.</param>
[GenerateSerializer, Immutable, Alias("fednode.CountedDay")]
public sealed record CountedDay(
    [property: Id(0)] long Day, [property: Id(1)] long Evaluated, [property: Id(2)] long Refused);

/// <summary>What became of a request.</summary>
/// <param name="Limit">The limit that it went beyond, <c>day</c> or <c>minute</c>; null: it was counted.</param>
/// <param name="RetryAfterSeconds">Until there is more; 0 if it was counted.</param>
/// <param name="Left">Elements that are left: of the limit that it went beyond, else of the day.</param>
[GenerateSerializer, Immutable, Alias("fednode.QuotaTaken")]
public sealed record QuotaTaken(
    [property: Id(0)] string? Limit,
    [property: Id(1)] long RetryAfterSeconds,
    [property: Id(2)] long Left);
