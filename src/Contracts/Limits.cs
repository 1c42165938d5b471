using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Contracts;

/// <summary>Sizes that the node enforces at its borders, before it decodes. docs/protocol.md, "Limits".</summary>
public static class Limits
{
    /// <summary>Most entries in one append request.</summary>
    public const int MaxAppendEntries = 4096;

    /// <summary>Most entries that wait for an own log that may not sign yet.</summary>
    public const int MaxDeferredEntries = 4096;

    /// <summary>Most entries in one range between peers.</summary>
    public const int MaxRangeEntries = 4096;

    /// <summary>Most days of what holders evaluated in one answer.</summary>
    public const int MaxEvaluationDays = 92;

    /// <summary>Bytes of entries after which a range ends.</summary>
    public const int MaxRangeBytes = 4 * 1024 * 1024;

    /// <summary>Entries up to this many bytes go inline with a push; larger ones are pulled.</summary>
    public const int MaxPushBytes = 16 * 1024;

    /// <summary>Bytes of entries that a node that cannot be dialled puts into one push.</summary>
    public const int MaxBulkPushBytes = 192 * 1024;

    /// <summary>Largest body of a push, in bytes: entries of a push in bulk, one outsized entry, proof and checkpoint.</summary>
    public const int MaxPushBody = 512 * 1024;

    /// <summary>Bytes of a range answer beside the entries asked for: one outsized entry, framing, proof, checkpoint.</summary>
    public const int MaxRangeOverhead = ProtocolLimits.MaxRosterPayload + (256 * 1024);

    /// <summary>Largest body of a range answer, in bytes.</summary>
    public const int MaxRangeBody = MaxRangeBytes + MaxRangeOverhead;

    /// <summary>Most heads in one answer.</summary>
    public const int MaxHeads = HeadsVector.MaxHeadsShown;

    /// <summary>Most urgent runs shown with heads.</summary>
    public const int MaxUrgentRuns = HeadsVector.MaxUrgentShown;

    /// <summary>Most checkpoints of a peer's own logs in a question for heads, or in the answer.</summary>
    public const int MaxOwnHeads = 16;

    /// <summary>Longest time that an answer to a question for heads is held back, in milliseconds.</summary>
    public const int MaxHeadsWait = 30_000;

    /// <summary>Largest body of heads, in bytes.</summary>
    public const int MaxHeadsBody = 1024 * 1024;

    /// <summary>Most entries in an urgent run, which is kept above what is held without a gap.</summary>
    public const int MaxUrgentEntries = 64;

    /// <summary>Most urgent runs that are kept of one log.</summary>
    public const int MaxOverlayRuns = 1024;

    /// <summary>Most hashes in a proof: 2 for each level of the largest tree.</summary>
    public const int MaxProofHashes = 128;

    /// <summary>Largest body of a request for seller tags, in bytes: 4,000 points.</summary>
    public const int MaxEvaluateBody = 160 * 1024;

    /// <summary>Most raw identifiers in one request for seller tags to the local API.</summary>
    public const int MaxSellerTagItems = 1000;

    /// <summary>Most requests for seller tags to the local API at the same time.</summary>
    public const int MaxSellerTagRequests = 16;

    /// <summary>Largest body of a request to the local API, in bytes.</summary>
    public const int MaxApiBody = 8 * 1024 * 1024;

    /// <summary>Most items in one check.</summary>
    public const int MaxCheckItems = 1000;

    /// <summary>Longest name that a caller gives an item, in UTF-16 code units.</summary>
    public const int MaxItemId = 128;

    /// <summary>Longest text of one item, in UTF-16 code units.</summary>
    public const int MaxCheckText = 100_000;

    /// <summary>Longest line of a check as a stream of lines, in bytes without the line feed.</summary>
    public const int MaxCheckLine = 1024 * 1024;

    /// <summary>Most checks as streams of lines at the same time.</summary>
    public const int MaxCheckStreams = 64;

    /// <summary>Seconds without a byte after which a check as a stream of lines ends.</summary>
    public const int CheckStreamIdleSeconds = 60;

    /// <summary>Longest time that a check may be given, in milliseconds; one that names none gets half of it.</summary>
    public const int MaxCheckTimeout = 60_000;

    /// <summary>Most parts of a check as a form.</summary>
    public const int MaxCheckParts = 16;

    /// <summary>Largest body of a check as a form, in bytes.</summary>
    public const int MaxCheckForm = 64 * 1024 * 1024;

    /// <summary>Largest image file in a form, in bytes.</summary>
    public const int MaxCheckImage = 20 * 1024 * 1024;

    /// <summary>Most pixels of an image in a form.</summary>
    public const int MaxCheckPixels = 40_000_000;

    /// <summary>Most checks as forms at the same time.</summary>
    public const int MaxCheckForms = 16;

    /// <summary>Most rows on one page of indicators or changes.</summary>
    public const int MaxPage = 1000;

    /// <summary>Longest idempotency key, in characters.</summary>
    public const int MaxIdempotencyKey = 128;

    /// <summary>Most matches reported for one item of a check, the gravest first.</summary>
    public const int MaxCheckMatches = 1000;

    /// <summary>Most places of one indicator reported for one text.</summary>
    public const int MaxCheckPlaces = 10;

    /// <summary>Most server-sent streams of changes at the same time.</summary>
    public const int MaxChangeStreams = 64;

    /// <summary>Most snapshots under way at the same time.</summary>
    public const int MaxSnapshots = 4;

    /// <summary>Longest cursor of the changes, in characters.</summary>
    public const int MaxCursor = 32_768;
}
