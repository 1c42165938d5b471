using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Replica;
using FederationNode.Detector.Telemetry;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Images;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Detector;

/// <summary>
/// A local copy of the node's list, which answers within microseconds and without the node: the same matcher and the same
/// judgement, so the same verdicts. It follows the list by itself while <see cref="RunAsync"/> runs. Checks are
/// synchronous and safe from any thread beside updates; they take no lock, and one that matches nothing allocates nothing
/// (but one small object a second). What was withdrawn or has expired is found no more.
/// </summary>
public sealed partial class FederationReplica : IDisposable
{
    private static readonly ImageLimits s_imageLimits = new()
    {
        MaxFileBytes = Limits.MaxCheckImage,
        MaxPixels = Limits.MaxCheckPixels,
    };

    // Written by the one that follows; each reader takes it once.
    private volatile Held? _held;
    private volatile Moment? _moment;

    /// <summary>Checks a text.</summary>
    /// <param name="text">UTF-16, as it comes, at most 100,000 code units.</param>
    /// <param name="longest">
    /// Whether keywords that overlap a longer one are left out, unless they are graver. The verdict is the same.
    /// </param>
    /// <exception cref="ArgumentException">The text is too long.</exception>
    /// <exception cref="InvalidOperationException">The replica is not ready: see <see cref="WaitReadyAsync"/>.</exception>
    public ItemVerdict Check(string text, bool longest = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= Limits.MaxCheckText
            ? Count(Open().CheckText(text, longest))
            : throw new ArgumentException(
                $"A text has at most {Limits.MaxCheckText} UTF-16 code units, not {text.Length}: check it in parts.", nameof(text));
    }

    /// <summary>Checks a seller.</summary>
    /// <param name="tag">The seller's tag.</param>
    /// <exception cref="InvalidOperationException">The replica is not ready.</exception>
    public ItemVerdict CheckSeller(Hash256 tag) => Count(Open().CheckSeller(tag));

    /// <summary>Checks an image of which the SHA-256 of the file is known.</summary>
    /// <exception cref="InvalidOperationException">The replica is not ready.</exception>
    public ItemVerdict CheckImage(Hash256 sha256) => Count(Open().CheckImage(sha256));

    /// <summary>Checks a PDQ hash as it is, within Hamming distance 31.</summary>
    /// <exception cref="InvalidOperationException">The replica is not ready.</exception>
    public ItemVerdict CheckImage(PdqHash hash) => Count(Open().CheckPdq(hash));

    /// <summary>
    /// Checks an image file by its SHA-256 and, where its PDQ hash is reliable, in all eight orientations. Decoding takes
    /// milliseconds and memory for the pixels (160 MB for 40 million): bound how many threads do it at once.
    /// </summary>
    /// <param name="file">A JPEG, PNG or WebP file, at most 20,971,520 bytes and 40,000,000 pixels.</param>
    /// <exception cref="InvalidOperationException">The replica is not ready.</exception>
    public ImageVerdict CheckImage(ReadOnlySpan<byte> file)
    {
        var checker = Open();
        var sha256 = Hash256.Of(file);
        var exact = checker.CheckImage(sha256);
        if (!PdqImage.TryHash(file, s_imageLimits, out var picture, out var error))
        {
            _ = Count(exact);
            return new ImageVerdict(
                exact.Verdict,
                exact.Matches,
                new CheckedImage(sha256.ToString(), null, null, false, null, null),
                error,
                exact.Reason);
        }

        var near = picture.IsReliable ? checker.CheckPdq(picture) : ItemVerdict.None;
        var matches = exact.Matches.Concat(near.Matches)
            .OrderByDescending(m => m.Judgement.Verdict)
            .ThenByDescending(m => m.Confidence)
            .ThenBy(m => m.Match.IndicatorId)
            .Take(Limits.MaxCheckMatches)
            .ToList();
        var gravest = near.Verdict > exact.Verdict ? near : exact;
        _ = Count(gravest);
        return new ImageVerdict(
            gravest.Verdict,
            matches,
            new CheckedImage(
                sha256.ToString(), picture.Hash.ToString(), picture.Quality, picture.IsReliable, picture.Width, picture.Height),
            null,
            gravest.Reason);
    }

    /// <summary>Checks an item as <see cref="FederationDetector.CheckAsync"/> would, and answers in the same shape.</summary>
    /// <exception cref="ArgumentException">The node would refuse the item; says why.</exception>
    /// <exception cref="InvalidOperationException">The replica is not ready.</exception>
    public CheckVerdict Check(CheckItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (item.Longest && item.Kind != VerdictShapes.Text)
        {
            throw new ArgumentException($"The longest keywords are for items of kind {VerdictShapes.Text} only.", nameof(item));
        }

        var verdict = item.Kind switch
        {
            VerdictShapes.Text when item.Value.Length > 0 => Check(item.Value, item.Longest),
            VerdictShapes.Text => throw new ArgumentException("The text is empty.", nameof(item)),
            IndicatorKind.ImagePdq when PdqHash.TryParse(item.Value, out var hash, out _) => CheckImage(hash),
            IndicatorKind.ImageSha256 => CheckImage(HashOf(item)),
            IndicatorKind.Seller => CheckSeller(HashOf(item)),
            IndicatorKind.ImagePdq => throw NoHash(),
            _ => throw new ArgumentException(
                $"The kind of an item is {VerdictShapes.Text}, {IndicatorKind.ImagePdq}, {IndicatorKind.ImageSha256} or "
                + $"{IndicatorKind.Seller}.",
                nameof(item)),
        };
        return VerdictShapes.Of(verdict, item.Kind, item.Id);
    }

    private static Hash256 HashOf(CheckItem item) =>
        Hash256.TryParseLowerHex(item.Value, out var hash) ? hash : throw NoHash();

    private static ArgumentException NoHash() => new("The value of an item is 64 lower-case hexadecimal digits.", "item");

    private static ItemVerdict Count(ItemVerdict verdict)
    {
        DetectorMetrics.CheckedByReplica(verdict.Verdict);
        return verdict;
    }

    private ListChecker Open()
    {
        var held = _held ?? throw new InvalidOperationException(
            "The replica has no list yet: wait for WaitReadyAsync, or ask the node.");
        var (time, policy) = (_clock.GetUtcNow(), GivenPolicy);
        var (now, isStale) = (time.ToUnixTimeSeconds(), IsStaleAt(time));
        if (_moment is { } moment && moment.Held == held && ReferenceEquals(moment.Policy, policy) && moment.Now == now
            && moment.IsStale == isStale)
        {
            return moment.Checker;
        }

        // Whoever comes first within a second makes it for all; if two do, either is right.
        moment = new Moment(held, policy, now, isStale, held.Open(PolicyOf(policy, held.Place.Member), now, isStale));
        _moment = moment;
        return moment.Checker;
    }

    private sealed record Moment(Held Held, VerdictPolicy? Policy, long Now, bool IsStale, ListChecker Checker);
}
