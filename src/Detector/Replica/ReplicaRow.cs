using System.Collections.Immutable;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Detector.Replica;

/// <summary>
/// What everybody says of one indicator, as bytes: a listed indicator takes some 200 of them, and few are ever looked at.
/// Listings, then opinions: each a count, then for each the origin, the index, the time of issue, the payload's length and
/// its canonical bytes. Numbers are 7 bits a byte, the lowest first. Withdrawals are left out: they say nothing in a verdict.
/// </summary>
internal static class ReplicaRow
{
    private static readonly string[] s_severities = ["low", "medium", "high", "critical"];

    /// <summary>Turns a row of the API into bytes; null if nobody lists the indicator.</summary>
    /// <exception cref="DetectorException">The row contradicts itself, or is none that this version understands.</exception>
    public static byte[]? Encode(Hash256 id, IndicatorSummary row)
    {
        var listings = row.Listings.Where(l => l.Action is not null).ToList();
        if (listings.Count == 0)
        {
            return null;
        }

        using var bytes = new MemoryStream(256);
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        try
        {
            var indicator = new Indicator(row.Kind, row.Scheme, ValueOf(row));
            if (row.Id != id.ToString() || indicator.Id != id)
            {
                throw new FormatException("its value has another id");
            }

            writer.Write7BitEncodedInt(listings.Count);
            foreach (var listing in listings)
            {
                Write(writer, listing.Origin, listing.Index, listing.Since, ListingOf(indicator, listing));
            }

            writer.Write7BitEncodedInt(row.Opinions.Count);
            foreach (var opinion in row.Opinions)
            {
                Write(
                    writer,
                    opinion.Origin,
                    opinion.Index,
                    opinion.Since,
                    new OpinionPayload(id, opinion.Lister, opinion.Stance, opinion.Reason));
            }
        }
        catch (FormatException e)
        {
            throw new DetectorException(200, $"The node's row of indicator {id} cannot be used: {e.Message}.", e);
        }

        return bytes.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no row.</exception>
    public static IndicatorState Decode(Hash256 id, byte[] row)
    {
        using var reader = new BinaryReader(new MemoryStream(row, writable: false), Encoding.UTF8);
        try
        {
            return new IndicatorState(id, ReadEntries(reader, EntryKind.Listing), ReadEntries(reader, EntryKind.Opinion));
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException($"What is kept of indicator {id} is damaged.", e);
        }
    }

    private static void Write(BinaryWriter writer, string origin, long index, long issued, Payload payload)
    {
        var bytes = payload.Encode();

        // What a node would refuse in a log must not count here, whatever the wire says.
        if (!Origin.TryParse(origin, out _, out var error) || !Payload.TryDecode(payload.Kind, bytes, out _, out error))
        {
            throw new FormatException(error.TrimEnd('.'));
        }

        writer.Write(origin);
        writer.Write7BitEncodedInt64(index);
        writer.Write7BitEncodedInt64(issued);
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    private static ImmutableArray<LogEntry> ReadEntries(BinaryReader reader, string kind)
    {
        var entries = ImmutableArray.CreateBuilder<LogEntry>();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var (origin, index, issued) = (reader.ReadString(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
            var bytes = reader.ReadBytes(reader.Read7BitEncodedInt());
            if (!Origin.TryParse(origin, out var log, out var error) || !Payload.TryDecode(kind, bytes, out var payload, out error))
            {
                throw new FormatException(error);
            }

            entries.Add(new LogEntry(log, index, default, issued, payload));
        }

        return entries.ToImmutable();
    }

    private static byte[] ValueOf(IndicatorSummary row) => row.Kind == IndicatorKind.Keyword
        ? Encoding.UTF8.GetBytes(row.Value)
        : Convert.FromHexString(row.Value);

    private static ListingPayload ListingOf(Indicator indicator, ListingSummary listing)
    {
        var severity = Array.IndexOf(s_severities, listing.Severity);
        return severity < 0 || listing.Confidence is not { } confidence || listing.Expires is not { } expires
            ? throw new FormatException("a listing lacks its severity, confidence or expiry")
            : new ListingPayload
            {
                Indicator = indicator,
                Category = listing.Category ?? "",
                Taxon = listing.Taxon ?? "",
                Cites = listing.Cites ?? "",
                Severity = severity,
                Confidence = confidence,
                Action = listing.Action!,
                Expires = expires,
                Jurisdictions = [.. listing.Jurisdictions ?? []],
                Exceptions = [.. listing.Exceptions ?? []],
                Tlp = listing.Tlp ?? "amber",
                Context = listing.Context is { } c
                    ? new KeywordContext(c.Language, c.Match, [.. c.AnyOf ?? []], [.. c.AllOf ?? []], [.. c.NoneOf ?? []], c.Window)
                    : null,
            };
    }
}
