using System.Collections.Immutable;
using FederationNode.Protocol;

namespace FederationNode.Matching.Policy;

/// <summary>What a <see cref="FloodMeter"/> must remember over a restart.</summary>
/// <param name="Seen">When the logs were last looked at, in unix seconds; 0: never.</param>
/// <param name="Marks">Sizes of each log at some times, by origin, the oldest first.</param>
/// <param name="Quarantines">The logs in quarantine.</param>
public sealed record FloodMemory(
    long Seen, ImmutableDictionary<string, ImmutableArray<SizeMark>> Marks, ImmutableArray<Quarantine> Quarantines)
{
    /// <summary>Nothing was looked at yet.</summary>
    public static FloodMemory Empty { get; } =
        new(0, ImmutableDictionary.Create<string, ImmutableArray<SizeMark>>(StringComparer.Ordinal), []);

    /// <summary>Whether it says the same of all logs as another, but for when they were last looked at.</summary>
    public bool IsAs(FloodMemory other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Quarantines.AsSpan().SequenceEqual(other.Quarantines.AsSpan()) && Marks.Count == other.Marks.Count
            && Marks.All(m => other.Marks.TryGetValue(m.Key, out var marks) && marks.AsSpan().SequenceEqual(m.Value.AsSpan()));
    }
}

/// <summary>How long a log was at a time.</summary>
/// <param name="At">Unix seconds.</param>
/// <param name="Size">Entries.</param>
public readonly record struct SizeMark(long At, long Size);

/// <summary>
/// Notices logs that grow by more than the policy lets pass, by when this node has applied what was added. The time in an
/// entry is the writer's claim: who backdates would spread a flood over the past. Pure: the memory before, the sizes and the
/// time give the memory after.
/// </summary>
public static class FloodMeter
{
    private const int MarksInWindow = 12;

    /// <summary>Looks at the logs.</summary>
    /// <param name="memory">What was remembered.</param>
    /// <param name="limit">What the policy lets pass.</param>
    /// <param name="self">This member, whose own logs are let alone.</param>
    /// <param name="sizes">Applied entries of each indicators log.</param>
    /// <param name="now">Unix seconds.</param>
    /// <remarks>
    /// What was there when the first look was taken is no flood, however much it is. After a pause of the node the limit is
    /// that of the whole pause. Marks are kept for one window and one mark before it.
    /// </remarks>
    public static FloodMemory Look(
        FloodMemory memory, FloodLimit limit, string self, IEnumerable<KeyValuePair<string, long>> sizes, long now)
    {
        var marks = memory.Marks.ToBuilder();
        var quarantines = memory.Quarantines.ToDictionary(q => q.Log, StringComparer.Ordinal);
        foreach (var (log, size) in sizes)
        {
            var member = Origin.Parse(log).Member;
            if (member == self)
            {
                continue;
            }

            var kept = Kept(memory, log, size, limit, now);
            var isReleased = limit.Released.Contains(member);
            var quarantine = isReleased
                ? null
                : Judge(quarantines.GetValueOrDefault(log), log, member, kept[0], size, limit, now);
            if (quarantine is not null)
            {
                quarantines[log] = quarantine;
            }
            else if (quarantines.Remove(log) || isReleased)
            {
                // What was let go must not be held against it at the next look.
                kept = [new SizeMark(now, size)];
            }

            marks[log] = now - kept[^1].At >= limit.Window / MarksInWindow ? kept.Add(new SizeMark(now, size)) : kept;
        }

        return new FloodMemory(
            now, marks.ToImmutable(), [.. quarantines.Values.OrderBy(q => q.Log, StringComparer.Ordinal)]);
    }

    /// <summary>The marks that are still needed: the newest that is a window old, or the oldest, comes first.</summary>
    private static ImmutableArray<SizeMark> Kept(FloodMemory memory, string log, long size, FloodLimit limit, long now)
    {
        if (!memory.Marks.TryGetValue(log, out var marks))
        {
            return [memory.Seen == 0 ? new SizeMark(now, size) : new SizeMark(Math.Min(now, memory.Seen), 0)];
        }

        // A log that forked is shorter; a clock that was set back has marks ahead of it.
        marks = marks.RemoveAll(m => m.Size > size || m.At > now);
        if (marks.IsEmpty)
        {
            return [new SizeMark(now, size)];
        }

        var first = 0;
        while (first + 1 < marks.Length && marks[first + 1].At <= now - limit.Window)
        {
            first++;
        }

        return marks[first..];
    }

    private static Quarantine? Judge(
        Quarantine? held, string log, string member, SizeMark from, long size, FloodLimit limit, long now)
    {
        var seconds = Math.Max(limit.Window, now - from.At);
        var grown = size - from.Size;
        if (grown > (double)limit.Entries * seconds / limit.Window)
        {
            return held is null ? new Quarantine(log, member, from.Size, grown, seconds, now)
                : held with { Last = now, From = Math.Min(held.From, from.Size), Entries = Math.Max(held.Entries, grown) };
        }

        return held is not null && (limit.HoldHours == 0 || now - held.Last < limit.HoldHours * 3600L) ? held : null;
    }
}
