namespace FederationNode.Protocol.Entries;

/// <summary>
/// The kinds of entry that this version gives a meaning. A leaf may name any other code: such an entry is kept,
/// replicated and does nothing. docs/protocol.md, "Entry kinds".
/// </summary>
public static class EntryKind
{
    /// <summary>The full state of what a member asserts about one indicator.</summary>
    public const string Listing = "listing";

    /// <summary>Takes back the member's own listing of an indicator.</summary>
    public const string Withdrawal = "withdrawal";

    /// <summary>Confirms or disputes another member's listing.</summary>
    public const string Opinion = "opinion";

    /// <summary>Cumulative matches, blocks and removals of one day and category.</summary>
    public const string Tally = "tally";

    /// <summary>Orders the erasure of the payload of an earlier entry of the same log.</summary>
    public const string Erase = "erase";

    /// <summary>Says that a time has come: what ended long enough before it lapses, all earlier entries of the same log.</summary>
    public const string Lapse = "lapse";

    /// <summary>Quotes the newest heads of other logs that the member has seen.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>States what the member durably holds of other logs, and since when. Only in a receipts log.</summary>
    public const string Receipt = "receipt";

    /// <summary>States how far the member has carried out what other logs order to erase. Only in a receipts log.</summary>
    public const string Erasure = "erasure";

    /// <summary>States how much a holder of keys for seller tags evaluated on a day, and for whom. Only in a receipts log.</summary>
    public const string Evaluations = "evaluations";

    /// <summary>Carries a message of a key ceremony. Only in a receipts log.</summary>
    public const string Ceremony = "ceremony";

    /// <summary>Carries a signed roster document. Only in the secretariat's roster log.</summary>
    public const string Roster = "roster";

    /// <summary>
    /// Whether entries of this kind have others erased: without their own payload a node that reads the log again would
    /// bring back what it had erased, so nothing erases them.
    /// </summary>
    public static bool IsOrder(string kind) => kind is Erase or Lapse;

    /// <summary>Longest payload of an entry of <paramref name="kind"/>, in bytes.</summary>
    public static int MaxPayload(string kind) =>
        kind == Roster ? ProtocolLimits.MaxRosterPayload : ProtocolLimits.MaxPayload;
}
