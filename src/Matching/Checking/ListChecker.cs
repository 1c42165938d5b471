using System.Collections.Immutable;
using System.Runtime.InteropServices;
using FederationNode.Matching.Images;
using FederationNode.Matching.Keywords;
using FederationNode.Matching.Lists;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Checking;

/// <summary>
/// Asks a list about items, as of one time, one policy and one roster. Cheap to make: make one for each question, so that
/// nothing changes between two of its items. Immutable; safe from any thread. An item without a match allocates nothing
/// but what the matcher does.
/// </summary>
/// <param name="matcher">Finds the indicators that an item matches.</param>
/// <param name="lookup">What everybody says of an indicator.</param>
/// <param name="policy">What turns that into verdicts.</param>
/// <param name="counts">Whether the roster lets a member's word count.</param>
/// <param name="now">Unix seconds: listings that have expired do not count.</param>
/// <param name="limits">How much of what is found is reported.</param>
public sealed class ListChecker(
    IndicatorMatcher matcher,
    IndicatorLookup lookup,
    VerdictPolicy policy,
    Func<string, bool> counts,
    long now,
    CheckLimits limits)
{
    private const string StaleReason =
        "review: the list may be out of date, and policy.json has such items reviewed (whenStale is closed)";

    /// <summary>The logs in quarantine.</summary>
    public QuarantineTable Quarantines { get; init; } = QuarantineTable.Empty;

    /// <summary>Whether the list may be out of date.</summary>
    public bool IsStale { get; init; }

    /// <summary>Looks for keywords in a text.</summary>
    /// <param name="text">UTF-16, not normalised; the caller bounds it.</param>
    /// <param name="longest">
    /// Whether keywords that overlap a longer one are left out, unless they are graver. The item's verdict is the same.
    /// </param>
    public ItemVerdict CheckText(string text, bool longest = false)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchText(text, scratch.Found);
        if (scratch.Found.Count > 0)
        {
            policy.Allowed.FindPhrases(text, scratch.Phrases);
        }

        return Finish(scratch, longest ? text.Length : 0);
    }

    /// <summary>Looks for images within Hamming distance 31 of a PDQ hash.</summary>
    public ItemVerdict CheckPdq(PdqHash hash)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchPdq(hash, scratch.Found);
        return Finish(scratch);
    }

    /// <summary>Looks for images within Hamming distance 31 of any orientation of an image.</summary>
    public ItemVerdict CheckPdq(PdqResult image)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchPdq(image, scratch.Found);
        return Finish(scratch);
    }

    /// <summary>Looks for the image with this SHA-256.</summary>
    public ItemVerdict CheckImage(Hash256 sha256)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchImage(sha256, scratch.Found);
        return Finish(scratch);
    }

    /// <summary>Looks for the sellers with this tag.</summary>
    public ItemVerdict CheckSeller(Hash256 tag)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchSeller(tag, scratch.Found);
        return Finish(scratch);
    }

    /// <summary>
    /// Looks for the sellers with each of many tags: says what <see cref="CheckSeller"/> says of each, several times as fast.
    /// </summary>
    /// <param name="tags">The tags.</param>
    /// <param name="verdicts">Receives the verdict on each; at least as many.</param>
    public void CheckSellers(ReadOnlySpan<Hash256> tags, Span<ItemVerdict> verdicts)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchSellers(tags, scratch.Placed);
        FinishAll(scratch, verdicts[..tags.Length]);
    }

    /// <summary>
    /// Looks for the images with each of many SHA-256: says what <see cref="CheckImage"/> says of each, several times as fast.
    /// </summary>
    /// <param name="hashes">The hashes.</param>
    /// <param name="verdicts">Receives the verdict on each; at least as many.</param>
    public void CheckImages(ReadOnlySpan<Hash256> hashes, Span<ItemVerdict> verdicts)
    {
        var scratch = CheckScratch.Take();
        matcher.MatchImages(hashes, scratch.Placed);
        FinishAll(scratch, verdicts[..hashes.Length]);
    }

    /// <summary>Judges what was found; of a text whose longest keywords are wanted with its length, else 0.</summary>
    private ItemVerdict Finish(CheckScratch scratch, int longestOf = 0)
    {
        var verdict = scratch.Found.Count == 0 ? ItemVerdict.None : Judge(scratch, longestOf);
        scratch.Return();
        return Settle(verdict);
    }

    /// <summary>The verdicts on many items, whose matches stand in the order of the items.</summary>
    private void FinishAll(CheckScratch scratch, Span<ItemVerdict> verdicts)
    {
        verdicts.Fill(Settle(ItemVerdict.None));
        var placed = CollectionsMarshal.AsSpan(scratch.Placed);
        for (var start = 0; start < placed.Length;)
        {
            var place = placed[start].Place;
            scratch.Found.Clear();
            scratch.Judged.Clear();
            for (; start < placed.Length && placed[start].Place == place; start++)
            {
                scratch.Found.Add(placed[start].Match);
            }

            verdicts[place] = Settle(Judge(scratch));
        }

        scratch.Return();
    }

    private ItemVerdict Settle(ItemVerdict verdict) =>
        IsStale && policy.WhenStale == StaleRule.Closed && verdict.Verdict < Verdict.Review
            ? verdict with { Verdict = Verdict.Review, Reason = StaleReason }
            : verdict;

    private ItemVerdict Judge(CheckScratch scratch, int longestOf = 0)
    {
        scratch.Found.Sort(ByIndicator);
        var found = CollectionsMarshal.AsSpan(scratch.Found);
        for (var start = 0; start < found.Length;)
        {
            var end = start + 1;
            while (end < found.Length && found[end].IndicatorId == found[start].IndicatorId)
            {
                end++;
            }

            AddPlaces(found[start..end], scratch, longestOf > 0 ? int.MaxValue : limits.Places);
            start = end;
        }

        var judged = scratch.Judged;
        if (judged.Count == 0)
        {
            return ItemVerdict.None;
        }

        if (longestOf > 0)
        {
            // Before any place is left out for there being too many: it may be the longest.
            LongestPlaces.Keep(judged, longestOf);
        }

        judged.Sort(ByGravity);
        if (longestOf > 0)
        {
            LongestPlaces.Limit(judged, limits.Places);
        }

        var reported = CollectionsMarshal.AsSpan(judged)[..Math.Min(judged.Count, limits.Matches)];
        return new ItemVerdict(reported[0].Judgement.Verdict, ImmutableArray.Create<JudgedMatch>(reported));
    }

    /// <summary>The places of one indicator that speak of a listing in force: the gravest, then the first.</summary>
    private void AddPlaces(ReadOnlySpan<IndicatorMatch> places, CheckScratch scratch, int most)
    {
        if (!lookup(places[0].IndicatorId, out var state))
        {
            return;
        }

        scratch.Places.Clear();
        scratch.Known.Clear();
        foreach (var place in places)
        {
            var judgement = JudgeOnce(place, state, scratch);
            if (!judgement.Listings.IsEmpty)
            {
                scratch.Places.Add(new JudgedMatch(place, Allow(place, judgement, scratch.Phrases)));
            }
        }

        scratch.Places.Sort(ByGravity);
        scratch.Judged.AddRange(CollectionsMarshal.AsSpan(scratch.Places)[..Math.Min(scratch.Places.Count, most)]);
    }

    /// <summary>A keyword within a phrase that the policy allows does not count.</summary>
    private Judgement Allow(IndicatorMatch place, Judgement judgement, List<KeywordHit> phrases)
    {
        foreach (var phrase in phrases)
        {
            if (phrase.Start <= place.Start && place.Start + place.Length <= phrase.Start + phrase.Length)
            {
                return judgement with { Verdict = Verdict.None, Reason = policy.Allowed.ReasonForPhrase(phrase.RuleId) };
            }
        }

        return judgement;
    }

    /// <summary>Places at which the same contexts hold, and that are hidden in the same way, have the same judgement.</summary>
    private Judgement JudgeOnce(IndicatorMatch place, IndicatorState state, CheckScratch scratch)
    {
        foreach (var earlier in scratch.Known)
        {
            if (earlier.Match.Evasions == place.Evasions && earlier.Match.Contexts.AsSpan().SequenceEqual(place.Contexts.AsSpan()))
            {
                return earlier.Judgement;
            }
        }

        // What is looked up as a whole has no context that could not hold.
        var judgement = policy.Judge(
            state, now, counts, place.Contexts.IsEmpty ? null : place.Applies, Quarantines, place.Evasions, scratch.Counts);
        scratch.Known.Add(new JudgedMatch(place, judgement));
        return judgement;
    }

    private static int ByIndicator(IndicatorMatch a, IndicatorMatch b) =>
        a.IndicatorId.CompareTo(b.IndicatorId) is var byId and not 0 ? byId : ByPlace(a, b);

    private static int ByPlace(IndicatorMatch a, IndicatorMatch b) =>
        a.Start.CompareTo(b.Start) is var byStart and not 0 ? byStart
        : a.Length.CompareTo(b.Length) is var byLength and not 0 ? byLength
        : a.Distance.CompareTo(b.Distance);

    private static int ByGravity(JudgedMatch a, JudgedMatch b) =>
        b.Judgement.Verdict.CompareTo(a.Judgement.Verdict) is var byVerdict and not 0 ? byVerdict
        : b.Confidence.CompareTo(a.Confidence) is var byConfidence and not 0 ? byConfidence
        : ByIndicator(a.Match, b.Match);
}
