using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>Why a holder gave no good answer.</summary>
/// <param name="Holder">The member.</param>
/// <param name="Reason">In words, without a full stop.</param>
/// <param name="Status">The HTTP status of its refusal; 0: there was no answer, or a wrong one.</param>
/// <param name="RetryAfter">When it takes more, if it said so.</param>
internal sealed record HolderFailure(string Holder, string Reason, int Status = 0, TimeSpan? RetryAfter = null);

/// <summary>Too few holders of a key gave a good answer, so there is no tag.</summary>
internal sealed class HoldersMissingException : Exception
{
    /// <summary>Says how many of how many answered, and who did not.</summary>
    /// <param name="key">The key.</param>
    /// <param name="good">The numbers of those who gave a good answer.</param>
    /// <param name="failures">Who did not, and why.</param>
    /// <param name="slow">The numbers of those who were not waited for any longer.</param>
    public HoldersMissingException(
        SharedKey key, IReadOnlyCollection<int> good, IReadOnlyList<HolderFailure> failures, IReadOnlyCollection<int> slow)
        : base(Describe(key, good, failures, slow))
    {
        Failures = failures;

        // Enough holders would answer, those that were not asked among them, but for what this member has asked before.
        var refused = failures.Where(f => f.Status == StatusCodes.Status429TooManyRequests)
            .Select(f => f.RetryAfter ?? TimeSpan.FromSeconds(1)).Order().ToList();
        var needed = key.Threshold - (key.Holders.Length - failures.Count - slow.Count);
        RetryAfter = needed >= 1 && refused.Count >= needed ? refused[needed - 1] : null;
    }

    /// <summary>Who gave no good answer.</summary>
    public IReadOnlyList<HolderFailure> Failures { get; }

    /// <summary>When enough holders may take more, if only that is in the way; else null.</summary>
    public TimeSpan? RetryAfter { get; }

    private static string Describe(
        SharedKey key, IReadOnlyCollection<int> good, IReadOnlyList<HolderFailure> failures, IReadOnlyCollection<int> slow)
    {
        var answered = Names(key, good);
        var late = Names(key, slow);
        var spared = key.Holders.Except(answered).Except(late).Except(failures.Select(f => f.Holder)).ToList();
        List<string> reasons = [.. failures.Select(f => $"{f.Holder}: {f.Reason}"), .. late.Select(h => $"{h}: has not answered yet")];
        return $"{answered.Count} of the {key.Threshold} holders that a tag {key.Scheme} takes answered"
            + $"{(answered.Count == 0 ? "" : $" ({string.Join(", ", answered)})")}. No good answer came from {string.Join("; ", reasons)}."
            + (spared.Count == 0 ? "" : $" Not asked, since they would be too few: {string.Join(", ", spared)}.");
    }

    private static List<string> Names(SharedKey key, IReadOnlyCollection<int> numbers) =>
        [.. numbers.Order().Select(n => key.Holders[n - 1])];
}
