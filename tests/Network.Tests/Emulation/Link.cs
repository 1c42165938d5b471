namespace FederationNode.Network.Tests.Emulation;

/// <summary>
/// One direction between two places, by its rules. Pure: time comes in as microseconds, chance from the seed, so the
/// n-th packet has the same fate in every run, whatever other links do.
/// </summary>
internal sealed class Link(ulong seed)
{
    private ulong _random = seed;
    private long _freeAt;
    private long _lastDue;

    public LinkRules Rules { get; set; } = LinkRules.Perfect;

    public LinkCounts Counts { get; private set; } = new();

    /// <summary>When a packet that enters now comes out; null if it does not.</summary>
    /// <param name="now">Microseconds from any start; never goes back.</param>
    /// <param name="bytes">Size of the packet.</param>
    public long? Enter(long now, int bytes)
    {
        if (Rules.Cut)
        {
            Counts = Counts with { Cut = Counts.Cut + 1 };
            return null;
        }

        // Both are thrown whether they are needed or not: a change of one rule does not move the other's chance.
        var (lost, late) = (NextChance() < Rules.Loss, NextChance());
        if (lost)
        {
            Counts = Counts with { Lost = Counts.Lost + 1 };
            return null;
        }

        var sent = now;
        if (Rules.Rate > 0)
        {
            var start = Math.Max(now, _freeAt);
            if ((start - now) * Rules.Rate / 8_000_000 > Rules.Queue)
            {
                Counts = Counts with { Overflowed = Counts.Overflowed + 1 };
                return null;
            }

            sent = _freeAt = start + (bytes * 8_000_000L / Rules.Rate);
        }

        var due = sent + (long)Rules.Delay.TotalMicroseconds + (long)(late * Rules.Jitter.TotalMicroseconds);
        return _lastDue = Math.Max(due, _lastDue);
    }

    /// <summary>Whether a packet whose time has come does come out: the link may have been cut meanwhile.</summary>
    public bool Leave(int bytes)
    {
        Counts = Rules.Cut
            ? Counts with { Cut = Counts.Cut + 1 }
            : Counts with { Passed = Counts.Passed + 1, Bytes = Counts.Bytes + bytes };
        return !Rules.Cut;
    }

    /// <summary>0 to below 1; SplitMix64.</summary>
    private double NextChance()
    {
        unchecked
        {
            _random += 0x9E3779B97F4A7C15;
            var z = (_random ^ (_random >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}

/// <summary>What became of the packets of a link so far.</summary>
internal sealed record LinkCounts(long Passed = 0, long Bytes = 0, long Lost = 0, long Overflowed = 0, long Cut = 0)
{
    public override string ToString() =>
        $"{Passed} packets with {Bytes / 1024} KiB passed, {Lost} lost, {Overflowed} over the queue, {Cut} cut";
}
