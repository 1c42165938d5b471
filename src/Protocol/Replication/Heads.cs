using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Protocol.Replication;

/// <summary>How far a node has got with one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries held, up to a signed checkpoint; of a frozen log at most where it is frozen.</param>
/// <param name="Root">RFC 6962 root over them.</param>
/// <param name="FrozenAt">Entries that count since the log forked, or null while no fork is known.</param>
/// <param name="Held">
/// Entries held without a gap, at least <paramref name="Size"/>: in the middle of a transfer more, and others can have them.
/// </param>
public sealed record Head(string Origin, long Size, Hash256 Root, long? FrozenAt, long Held);

/// <summary>How much of a log somebody holds.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries held, up to a signed checkpoint.</param>
public readonly record struct LogSize(string Origin, long Size);

/// <summary>Entries that are not to wait for those before them.</summary>
/// <param name="Origin">The log.</param>
/// <param name="From">Index of the first.</param>
/// <param name="End">Index after the last.</param>
public sealed record UrgentRun(string Origin, long From, long End);

/// <summary>
/// Asks a peer for its heads. The asker says where it stopped reading the peer's changes; nobody remembers anything on
/// an asker's behalf.
/// </summary>
/// <param name="Digest">Digest of the asker's own heads.</param>
/// <param name="Instance">What the peer's last answer said, or 0.</param>
/// <param name="Since">The version that the peer's last answer said, or 0.</param>
/// <param name="Yours">
/// Signed checkpoints of the peer's own logs that have more entries than the peer showed: a peer that an old backup set
/// back learns it so, by its own signature.
/// </param>
/// <param name="Wait">Milliseconds for which an answer without news may be held back; 0: answer at once.</param>
public sealed record HeadsQuestion(Hash256 Digest, ulong Instance, long Since, IReadOnlyList<byte[]> Yours, int Wait);

/// <summary>The heads that changed since the asker last asked, or all of them.</summary>
/// <param name="Digest">Digest of all the answerer's heads.</param>
/// <param name="Instance">Tells one run of the answerer from another: versions of different runs have no order.</param>
/// <param name="Version">Counts the answerer's changes in this run, up to the last one that this answer tells.</param>
/// <param name="Heads">
/// The heads that changed after the version asked for; all, if it was of another run. At most
/// <see cref="HeadsVector.MaxHeadsShown"/>: if there are as many, there may be more.
/// </param>
/// <param name="Urgent">Urgent runs that came after the version asked for; at most 8 a log.</param>
/// <param name="Links">The members that the answerer can reach, or null if that did not change either.</param>
/// <param name="Paused">Whether the answerer takes nothing now, for its storage is full or failing.</param>
/// <param name="Yours">
/// Signed checkpoints of the asker's own logs that the answerer holds, if the asker reads this run for the first time.
/// </param>
public sealed record HeadsAnswer(
    Hash256 Digest,
    ulong Instance,
    long Version,
    IReadOnlyList<Head> Heads,
    IReadOnlyList<UrgentRun> Urgent,
    IReadOnlyList<string>? Links,
    bool Paused,
    IReadOnlyList<byte[]> Yours);

/// <summary>The heads of one node, with when each last changed. Not thread-safe.</summary>
public sealed class HeadsVector(ulong instance)
{
    /// <summary>Most urgent runs that are shown of one log; the oldest goes first.</summary>
    public const int MaxUrgentRuns = 8;

    /// <summary>
    /// Most heads in one answer: who asks takes no more, and asks on. With as many, of the longest names, and all else
    /// that an answer may have, it fits its body.
    /// </summary>
    public const int MaxHeadsShown = 2048;

    /// <summary>Most urgent runs in one answer: who asks takes no more. The newest are shown.</summary>
    public const int MaxUrgentShown = 1024;

    private readonly SortedDictionary<string, List<(UrgentRun Run, long Changed)>> _urgent = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (Head Head, long Changed)> _heads = new(StringComparer.Ordinal);
    private SortedSet<string> _links = new(StringComparer.Ordinal);
    private Hash256? _digest;
    private long _linksChanged;
    private bool _paused;

    /// <summary>Tells this run from others.</summary>
    public ulong Instance => instance;

    /// <summary>Number of changes so far.</summary>
    public long Version { get; private set; }

    /// <summary>Whether the storage takes nothing now.</summary>
    public bool Paused
    {
        get => _paused;
        set
        {
            Version += _paused == value ? 0 : 1;
            _paused = value;
        }
    }

    /// <summary>
    /// <c>SHA-256("fednode/heads/1" || 0x00 || rows)</c>. A row is, for each log with entries or a fork, in the order of
    /// the origins' bytes: origin, 0x00, size and frozen size as 8 bytes each, most significant first (all ones: not
    /// frozen), root.
    /// </summary>
    public Hash256 Digest => _digest ??= ComputeDigest(_heads.Values.Select(h => h.Head));

    /// <summary>All heads in the order of their origins.</summary>
    public IEnumerable<Head> All => _heads.Values.Select(h => h.Head);

    /// <summary>Puts a head in the place of the one before.</summary>
    public void Put(Head head)
    {
        if (_heads.TryGetValue(head.Origin, out var before) ? before.Head == head : head is { Size: 0, FrozenAt: null })
        {
            return;
        }

        _heads[head.Origin] = (head, ++Version);
        _digest = null;
    }

    /// <summary>Shows entries that peers should not wait for.</summary>
    public void PutUrgent(UrgentRun run)
    {
        if (!_urgent.TryGetValue(run.Origin, out var runs))
        {
            _urgent[run.Origin] = runs = new(MaxUrgentRuns);
        }

        if (!runs.Exists(r => r.Run == run))
        {
            runs.RemoveRange(0, Math.Max(0, runs.Count - MaxUrgentRuns + 1));
            runs.Add((run, ++Version));
        }
    }

    /// <summary>Takes back urgent runs of a log from an index on: it is frozen there.</summary>
    public void DropUrgent(string origin, long from)
    {
        if (_urgent.TryGetValue(origin, out var runs))
        {
            runs.RemoveAll(r => r.Run.End > from);
        }
    }

    /// <summary>Whether an answer to a question would tell anything new.</summary>
    public bool HasNews(HeadsQuestion question) => question.Instance != instance || question.Since < Version;

    /// <summary>Says whom the node can reach.</summary>
    public void PutLinks(IEnumerable<string> members)
    {
        var links = new SortedSet<string>(members, StringComparer.Ordinal);
        if (!links.SetEquals(_links))
        {
            _links = links;
            _linksChanged = ++Version;
        }
    }

    /// <summary>Whether the asker has not read anything of this run.</summary>
    public bool IsFirst(HeadsQuestion question) => question.Instance != instance || question.Since == 0;

    /// <summary>
    /// Answers a peer. Of more heads than an answer takes those that changed first are in it, and its version is that of
    /// the last of them: the rest goes with the next answer.
    /// </summary>
    /// <param name="question">What it asks.</param>
    /// <param name="yours">The checkpoints held of its own logs; used if <see cref="IsFirst"/>.</param>
    public HeadsAnswer Answer(HeadsQuestion question, IReadOnlyList<byte[]> yours)
    {
        var since = IsFirst(question) ? -1 : question.Since;
        var version = Version;
        var changed = since >= Version ? [] : _heads.Values.Where(h => h.Changed > since).ToList();
        if (changed.Count > MaxHeadsShown)
        {
            changed = [.. changed.OrderBy(h => h.Changed).Take(MaxHeadsShown)];
            version = changed[^1].Changed;
        }

        return new HeadsAnswer(
            Digest,
            instance,
            version,
            [.. changed.Select(h => h.Head)],
            since >= Version ? [] : UrgentSince(since),
            since >= _linksChanged ? null : [.. _links],
            Paused,
            IsFirst(question) ? yours : []);
    }

    private IReadOnlyList<UrgentRun> UrgentSince(long since)
    {
        var changed = _urgent.Values.SelectMany(r => r).Where(r => r.Changed > since).ToList();
        if (changed.Count > MaxUrgentShown)
        {
            // Of hundreds of logs there are more of them: an answer with all would be refused as malformed.
            changed = [.. changed.OrderByDescending(r => r.Changed).Take(MaxUrgentShown)];
        }

        return [.. changed.Select(r => r.Run)];
    }

    /// <summary>The digest of some heads, which are in the order of their origins.</summary>
    public static Hash256 ComputeDigest(IEnumerable<Head> heads)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData("fednode/heads/1\0"u8);
        Span<byte> numbers = stackalloc byte[17];
        foreach (var head in heads)
        {
            sha.AppendData(Encoding.UTF8.GetBytes(head.Origin));
            numbers[0] = 0;
            BinaryPrimitives.WriteInt64BigEndian(numbers[1..], head.Size);
            BinaryPrimitives.WriteInt64BigEndian(numbers[9..], head.FrozenAt ?? -1);
            sha.AppendData(numbers);
            sha.AppendData(head.Root.Span);
        }

        Hash256 digest = default;
        sha.GetHashAndReset(digest);
        return digest;
    }
}
