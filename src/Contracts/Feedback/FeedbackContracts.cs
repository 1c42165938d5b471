namespace FederationNode.Contracts.Feedback;

/// <summary>
/// What became of matches at this member: daily counts for the log, and what a person should look at. Everything but the
/// counts stays at this node. Key: the member's name.
/// </summary>
[Alias("fednode.IFeedbackGrain")]
public interface IFeedbackGrain : IGrainWithStringKey
{
    /// <summary>Takes a piece of feedback. When it returns without a refusal, it is durable.</summary>
    [Alias("Take")]
    Task<FeedbackTaken> TakeAsync(FeedbackNote note);

    /// <summary>Adds to the counts of a day.</summary>
    [Alias("Count")]
    Task CountAsync(long day, [Immutable] IReadOnlyList<CategoryCount> counts);

    /// <summary>Items of the queue, the newest first.</summary>
    /// <param name="before">Only those with a smaller number; null: from the newest.</param>
    /// <param name="state">Only those in this state; null: all.</param>
    /// <param name="most">Items at most.</param>
    [Alias("ReadQueue")]
    Task<IReadOnlyList<QueuedItem>> ReadQueueAsync(long? before, string? state, int most);

    /// <summary>Puts an item of the queue into another state; null if there is none of this number.</summary>
    [Alias("SetState")]
    Task<QueuedItem?> SetStateAsync(long number, string state);

    /// <summary>Writes the counts of days that are over into the log, as far as it takes them now.</summary>
    /// <param name="today">The day that it is; it is left out.</param>
    /// <returns>Entries written.</returns>
    [Alias("WriteTallies")]
    Task<int> WriteTalliesAsync(long today);
}

/// <summary>What became of an item.</summary>
/// <param name="Outcome">One of <see cref="FeedbackOutcome"/>.</param>
/// <param name="IndicatorIds">The indicators that it matched, in hexadecimal.</param>
/// <param name="Categories">What they stand for, each once.</param>
/// <param name="ItemId">The caller's name for the item, or null.</param>
/// <param name="Note">A person's words, or empty.</param>
/// <param name="Count">How many items.</param>
/// <param name="At">When it came, in unix seconds.</param>
/// <param name="Key">The idempotency key, or null.</param>
[GenerateSerializer, Immutable, Alias("fednode.FeedbackNote")]
public sealed record FeedbackNote(
    [property: Id(0)] string Outcome,
    [property: Id(1)] IReadOnlyList<string> IndicatorIds,
    [property: Id(2)] IReadOnlyList<string> Categories,
    [property: Id(3)] string? ItemId,
    [property: Id(4)] string Note,
    [property: Id(5)] long Count,
    [property: Id(6)] long At,
    [property: Id(7)] string? Key);

/// <summary>What was done with feedback.</summary>
/// <param name="Refusal">Why nothing was, or none.</param>
/// <param name="Repeated">Whether the same had been taken before.</param>
/// <param name="Number">Its number in the queue, or null if it is not in there.</param>
[GenerateSerializer, Immutable, Alias("fednode.FeedbackTaken")]
public sealed record FeedbackTaken(
    [property: Id(0)] FeedbackRefusal Refusal, [property: Id(1)] bool Repeated, [property: Id(2)] long? Number);

/// <summary>Why feedback was not taken.</summary>
public enum FeedbackRefusal
{
    /// <summary>It was.</summary>
    None,

    /// <summary>The key was used for other feedback.</summary>
    KeyReused,

    /// <summary>The queue is full of items that nobody has looked at.</summary>
    QueueFull,
}

/// <summary>Counts of one category.</summary>
/// <param name="Category">The category.</param>
/// <param name="Matches">Items that matched.</param>
/// <param name="Blocks">Items blocked.</param>
/// <param name="Removals">Items removed.</param>
[GenerateSerializer, Immutable, Alias("fednode.CategoryCount")]
public sealed record CategoryCount(
    [property: Id(0)] string Category,
    [property: Id(1)] long Matches,
    [property: Id(2)] long Blocks,
    [property: Id(3)] long Removals);

/// <summary>Something for a person to look at.</summary>
/// <param name="Number">Its number; later ones have greater.</param>
/// <param name="Outcome"><c>false-positive</c> or <c>review</c>.</param>
/// <param name="State">One of <see cref="QueueState"/>.</param>
/// <param name="IndicatorIds">The indicators, in hexadecimal.</param>
/// <param name="ItemId">The caller's name for the item, or null.</param>
/// <param name="Note">A person's words, or empty.</param>
/// <param name="At">When it came, in unix seconds.</param>
[GenerateSerializer, Immutable, Alias("fednode.QueuedItem")]
public sealed record QueuedItem(
    [property: Id(0)] long Number,
    [property: Id(1)] string Outcome,
    [property: Id(2)] string State,
    [property: Id(3)] IReadOnlyList<string> IndicatorIds,
    [property: Id(4)] string? ItemId,
    [property: Id(5)] string Note,
    [property: Id(6)] long At);

/// <summary>What can become of an item.</summary>
public static class FeedbackOutcome
{
    /// <summary>A copy of the list found it; the node's own checks are counted by the node.</summary>
    public const string Matched = "matched";

    /// <summary>It was kept from sale on the word of a copy of the list.</summary>
    public const string Blocked = "blocked";

    /// <summary>It was taken off sale.</summary>
    public const string Removed = "removed";

    /// <summary>It has nothing to do with what the list says.</summary>
    public const string FalsePositive = "false-positive";

    /// <summary>A person should look at it.</summary>
    public const string Review = "review";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Matched, Blocked, Removed, FalsePositive, Review];

    /// <summary>Whether a person is to look at it.</summary>
    public static bool IsQueued(string outcome) => outcome is FalsePositive or Review;
}

/// <summary>How far an item of the queue has come.</summary>
public static class QueueState
{
    /// <summary>Nobody has decided yet.</summary>
    public const string Open = "open";

    /// <summary>Something was done about it.</summary>
    public const string Resolved = "resolved";

    /// <summary>There is nothing to do.</summary>
    public const string Dismissed = "dismissed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Open, Resolved, Dismissed];
}
