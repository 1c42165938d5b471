using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>Takes back the member's own listing of an indicator. docs/protocol.md, "withdrawal".</summary>
/// <param name="IndicatorId">The indicator.</param>
/// <param name="Reason">Why, as a code: <c>error</c>, <c>legal</c>, <c>owner-request</c>, <c>superseded</c>, ...</param>
public sealed record WithdrawalPayload(Hash256 IndicatorId, string Reason) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Withdrawal;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    internal static WithdrawalPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(3, "A withdrawal");
        reader.ExpectVersion("The withdrawal");
        return new WithdrawalPayload(reader.ReadHash("An indicator id"), reader.ReadCode("A reason"));
    }

    internal static void Write(ref MessagePackWriter writer, WithdrawalPayload withdrawal)
    {
        writer.WriteArrayHeader(3);
        writer.Write(1);
        writer.WriteHash(withdrawal.IndicatorId);
        writer.Write(withdrawal.Reason);
    }
}

/// <summary>
/// What a member thinks of other members' listings of an indicator. It may name an indicator that nobody lists yet.
/// docs/protocol.md, "opinion".
/// </summary>
/// <param name="IndicatorId">The indicator.</param>
/// <param name="Lister">The member whose listing is meant; empty: everybody's.</param>
/// <param name="Stance"><c>confirm</c>, <c>dispute</c>, or <c>none</c> to take an earlier opinion back.</param>
/// <param name="Reason">Why, as a code: <c>false-positive</c>, <c>legal-trade</c>, <c>seen-too</c>, ...</param>
public sealed record OpinionPayload(Hash256 IndicatorId, string Lister, string Stance, string Reason) : Payload
{
    /// <summary>Agrees with the listing.</summary>
    public const string Confirm = "confirm";

    /// <summary>Contests the listing: under the default policy it then blocks nobody.</summary>
    public const string Dispute = "dispute";

    /// <summary>Takes an earlier opinion back.</summary>
    public const string None = "none";

    /// <inheritdoc/>
    public override string Kind => EntryKind.Opinion;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    internal static OpinionPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(5, "An opinion");
        reader.ExpectVersion("The opinion");
        var indicator = reader.ReadHash("An indicator id");
        var lister = reader.ReadText(Names.MaxName, "A lister");
        var stance = reader.ReadText(8, "A stance");
        var reason = reader.ReadCode("A reason");
        if (lister.Length > 0 && !Names.IsName(lister))
        {
            throw new CanonicalReader.ShapeException("A lister is a member's name, or empty.");
        }

        return stance is Confirm or Dispute or None
            ? new OpinionPayload(indicator, lister, stance, reason)
            : throw new CanonicalReader.ShapeException("A stance is confirm, dispute or none.");
    }

    internal static void Write(ref MessagePackWriter writer, OpinionPayload opinion)
    {
        writer.WriteArrayHeader(5);
        writer.Write(1);
        writer.WriteHash(opinion.IndicatorId);
        writer.Write(opinion.Lister);
        writer.Write(opinion.Stance);
        writer.Write(opinion.Reason);
    }
}

/// <summary>
/// What a member's detectors did on one day in one category: counts since the day began, so that the newest entry
/// for a day replaces the earlier ones. docs/protocol.md, "tally".
/// </summary>
/// <param name="Day">Days since 1970-01-01 UTC.</param>
/// <param name="Category">The category, as in listings.</param>
/// <param name="Matches">Items checked that matched something on the list.</param>
/// <param name="Blocks">Items of which the verdict was block.</param>
/// <param name="Removals">Items that the member says it removed.</param>
public sealed record TallyPayload(long Day, string Category, long Matches, long Blocks, long Removals) : Payload
{
    private const long MaxCount = 1L << 53;

    /// <inheritdoc/>
    public override string Kind => EntryKind.Tally;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    internal static TallyPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(6, "A tally");
        reader.ExpectVersion("The tally");
        return new TallyPayload(
            reader.ReadNumber(ProtocolLimits.MaxTime / 86_400, "A day"),
            reader.ReadCode("A category"),
            reader.ReadNumber(MaxCount, "A count of matches"),
            reader.ReadNumber(MaxCount, "A count of blocks"),
            reader.ReadNumber(MaxCount, "A count of removals"));
    }

    internal static void Write(ref MessagePackWriter writer, TallyPayload tally)
    {
        writer.WriteArrayHeader(6);
        writer.Write(1);
        writer.Write(tally.Day);
        writer.Write(tally.Category);
        writer.Write(tally.Matches);
        writer.Write(tally.Blocks);
        writer.Write(tally.Removals);
    }
}

/// <summary>
/// Orders the erasure of the payload and salt of an earlier entry of the same log, on every node. The leaf, all proofs
/// and all roots stay as they are. An erase entry itself cannot be erased. docs/protocol.md, "erase".
/// </summary>
/// <param name="Index">Index of the entry to erase; smaller than the erase entry's own.</param>
/// <param name="Reason">Why, as a code.</param>
public sealed record ErasePayload(long Index, string Reason) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Erase;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    internal static ErasePayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(3, "An erase order");
        reader.ExpectVersion("The erase order");
        return new ErasePayload(reader.ReadNumber(ProtocolLimits.MaxLogSize, "An index"), reader.ReadCode("A reason"));
    }

    internal static void Write(ref MessagePackWriter writer, ErasePayload erase)
    {
        writer.WriteArrayHeader(3);
        writer.Write(1);
        writer.Write(erase.Index);
        writer.Write(erase.Reason);
    }
}

/// <summary>
/// Says that a time has come: salt and payload of every earlier entry of the same log that ended at least
/// <see cref="ProtocolLimits.LapseDelay"/> before it are erased. docs/protocol.md, "lapse".
/// </summary>
/// <param name="Time">Unix seconds, not after the leaf's time of issue.</param>
public sealed record LapsePayload(long Time) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Lapse;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    internal static LapsePayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(2, "A lapse entry");
        reader.ExpectVersion("The lapse entry");
        return new LapsePayload(reader.ReadNumber(ProtocolLimits.MaxTime, "A time"));
    }

    internal static void Write(ref MessagePackWriter writer, LapsePayload lapse)
    {
        writer.WriteArrayHeader(2);
        writer.Write(1);
        writer.Write(lapse.Time);
    }
}
