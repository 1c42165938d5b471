using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Protocol.Replication;

/// <summary>How far a node has got with one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries held, up to a signed checkpoint; of a frozen log at most where it is frozen.</param>
/// <param name="Root">RFC 6962 root over them.</param>
/// <param name="FrozenAt">Entries that count since the log forked, or null while no fork is known.</param>
public sealed record Head(string Origin, long Size, Hash256 Root, long? FrozenAt);

/// <summary>
/// Asks a peer for its heads. The asker says where it stopped reading the peer's changes; nobody remembers anything on
/// an asker's behalf.
/// </summary>
/// <param name="Digest">Digest of the asker's own heads.</param>
/// <param name="Instance">What the peer's last answer said, or 0.</param>
/// <param name="Since">The version that the peer's last answer said, or 0.</param>
public sealed record HeadsQuestion(Hash256 Digest, ulong Instance, long Since);

/// <summary>The heads that changed since the asker last asked, or all of them.</summary>
/// <param name="Digest">Digest of all the answerer's heads.</param>
/// <param name="Instance">Tells one run of the answerer from another: versions of different runs have no order.</param>
/// <param name="Version">Counts the answerer's changes in this run.</param>
/// <param name="Heads">The heads that changed after the version asked for; all, if it was of another run.</param>
/// <param name="Links">The members that the answerer can reach, or null if that did not change either.</param>
/// <param name="Paused">Whether the answerer takes nothing now, for its storage is full or failing.</param>
public sealed record HeadsAnswer(
    Hash256 Digest,
    ulong Instance,
    long Version,
    IReadOnlyList<Head> Heads,
    IReadOnlyList<string>? Links,
    bool Paused);

/// <summary>The heads of one node, with when each last changed. Not thread-safe.</summary>
public sealed class HeadsVector(ulong instance)
{
    private readonly SortedDictionary<string, (Head Head, long Changed)> _heads = new(StringComparer.Ordinal);
    private SortedSet<string> _links = new(StringComparer.Ordinal);
    private Hash256? _digest;
    private long _linksChanged;

    /// <summary>Tells this run from others.</summary>
    public ulong Instance => instance;

    /// <summary>Number of changes so far.</summary>
    public long Version { get; private set; }

    /// <summary>Whether the storage takes nothing now.</summary>
    public bool Paused { get; set; }

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

    /// <summary>Answers a peer.</summary>
    public HeadsAnswer Answer(HeadsQuestion question)
    {
        var since = question.Instance == instance ? question.Since : -1;
        return new HeadsAnswer(
            Digest,
            instance,
            Version,
            since >= Version ? [] : [.. _heads.Values.Where(h => h.Changed > since).Select(h => h.Head)],
            since >= _linksChanged ? null : [.. _links],
            Paused);
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
