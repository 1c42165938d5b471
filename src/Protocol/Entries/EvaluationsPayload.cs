using System.Collections.Immutable;
using FederationNode.Protocol.Sellers;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>What one member asked a holder for under one key on one day.</summary>
/// <param name="Member">Who asked.</param>
/// <param name="Type">The identifier type of the key, such as <c>tel</c>.</param>
/// <param name="Epoch">The epoch of the key, from 1.</param>
/// <param name="Evaluated">Elements that were granted, 0 to 2^53.</param>
/// <param name="Refused">Elements that were refused for they went beyond a limit, 0 to 2^53.</param>
public readonly record struct EvaluationCount(string Member, string Type, int Epoch, long Evaluated, long Refused)
{
    /// <summary>The order in which counts stand in a payload: by member, type and epoch.</summary>
    public static IComparer<EvaluationCount> Order { get; } = Comparer<EvaluationCount>.Create((a, b) =>
        string.CompareOrdinal(a.Member, b.Member) is not 0 and var byMember ? byMember
        : string.CompareOrdinal(a.Type, b.Type) is not 0 and var byType ? byType
        : a.Epoch.CompareTo(b.Epoch));
}

/// <summary>
/// "So many elements I evaluated, and refused, for these members on this day." What a holder says of one member, key and day it
/// says once, when the day is over. docs/protocol.md, "evaluations".
/// </summary>
/// <param name="Day">Days of UTC since 1970.</param>
/// <param name="Counts">1 to 256 counts in <see cref="EvaluationCount.Order"/>, no two of one member, type and epoch.</param>
public sealed record EvaluationsPayload(long Day, ImmutableArray<EvaluationCount> Counts) : Payload
{
    /// <summary>Most counts in one entry.</summary>
    public const int MaxCounts = 256;

    /// <summary>Largest count: 2^53.</summary>
    public const long MaxCount = 1L << 53;

    private const long MaxDay = 2_932_896;
    private const int MaxTypeName = 40;

    /// <inheritdoc/>
    public override string Kind => EntryKind.Evaluations;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(EvaluationsPayload? other) => other is not null && Day == other.Day && Counts.SequenceEqual(other.Counts);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Day, Counts.Length);

    internal static EvaluationsPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(3, "An entry of evaluations");
        reader.ExpectVersion("The entry of evaluations");
        var day = reader.ReadNumber(MaxDay, "A day");
        var length = reader.ReadCount(MaxCounts, "A list of counts");
        var counts = ImmutableArray.CreateBuilder<EvaluationCount>(length);
        for (var i = 0; i < length; i++)
        {
            counts.Add(ReadCount(ref reader));
            if (i > 0 && EvaluationCount.Order.Compare(counts[i - 1], counts[i]) >= 0)
            {
                throw new CanonicalReader.ShapeException("Counts are of different members, types or epochs, rising.");
            }
        }

        return length > 0
            ? new EvaluationsPayload(day, counts.MoveToImmutable())
            : throw new CanonicalReader.ShapeException("An entry of evaluations has at least one count.");
    }

    internal static void Write(ref MessagePackWriter writer, EvaluationsPayload evaluations)
    {
        writer.WriteArrayHeader(3);
        writer.Write(1);
        writer.Write(evaluations.Day);
        writer.WriteArrayHeader(evaluations.Counts.Length);
        foreach (var count in evaluations.Counts)
        {
            writer.WriteArrayHeader(5);
            writer.Write(count.Member);
            writer.Write(count.Type);
            writer.Write(count.Epoch);
            writer.Write(count.Evaluated);
            writer.Write(count.Refused);
        }
    }

    private static EvaluationCount ReadCount(ref MessagePackReader reader)
    {
        reader.ExpectArray(5, "A count");
        var member = reader.ReadText(Names.MaxName, "A member");
        var type = reader.ReadText(MaxTypeName, "A type of identifier");
        var epoch = (int)reader.ReadNumber(SellerScheme.MaxEpoch, "An epoch");
        var count = new EvaluationCount(
            member, type, epoch, reader.ReadNumber(MaxCount, "A count"), reader.ReadNumber(MaxCount, "A count"));
        return !Names.IsName(member) ? throw new CanonicalReader.ShapeException($"\"{member}\" is not the name of a member.")
            : !IndicatorScheme.IsSellerType(type) ? throw new CanonicalReader.ShapeException($"\"{type}\" is not a type of identifier.")
            : epoch == 0 ? throw new CanonicalReader.ShapeException("Epochs are numbered from 1.")
            : count;
    }
}
