namespace FederationNode.Protocol.Replication;

/// <content>
/// How fast foreign logs may grow. What is beyond a log's allowance is not fetched for now: what is held stays a prefix,
/// so nothing is ever skipped. What more than a third of the other members hold is free: they kept to the same rule, or
/// took it over years, and a node that starts empty must be able to follow.
/// </content>
public sealed partial class Replicator
{
    private const long DayMilliseconds = 86_400_000;

    /// <summary>Index up to which a log's entries are taken now; for what peers push.</summary>
    public long AllowedEnd(string origin) => _byOrigin.TryGetValue(origin, out var log) ? AllowedEnd(log) : 0;

    private long AllowedEnd(Log log)
    {
        if (log.Own)
        {
            return ProtocolLimits.MaxLogSize;
        }

        Refill(log);
        return Math.Max(log.Held + log.Allowance, Vouched(log));
    }

    private void Refill(Log log)
    {
        var gained = (_now - log.AllowanceAt) / DayMilliseconds * _options.QuotaPerDay
            + ((_now - log.AllowanceAt) % DayMilliseconds * _options.QuotaPerDay / DayMilliseconds);
        if (gained > 0)
        {
            log.Allowance = Math.Min(_options.QuotaBurst, log.Allowance + gained);
            log.AllowanceAt = _now;
        }
    }

    /// <summary>
    /// Takes what a log has grown off its allowance, free or not: otherwise those who come late would each have some left
    /// and take the log further in turns.
    /// </summary>
    private void Charge(Log log, long before, long after)
    {
        if (!log.Own && after > before)
        {
            Refill(log);
            log.Allowance = Math.Max(0, log.Allowance - (after - before));
        }
    }

    /// <summary>Entries that more than a third of the members beside the log's own show: at least one honest one does.</summary>
    private long Vouched(Log log)
    {
        var shown = new List<long>(_everybody.Count);
        foreach (var peer in _everybody)
        {
            if (peer.Name != log.Owner)
            {
                shown.Add(Believed(peer, log));
            }
        }

        if (shown.Count == 0)
        {
            return 0;
        }

        shown.Sort();
        return Math.Max(0, shown[^((shown.Count / 3) + 1)]);
    }

    private void NoteQuota(Log log, bool over)
    {
        if (log.Of is not null)
        {
            // Said of the log itself.
            return;
        }

        if (over && !log.OverQuota)
        {
            Do(new Noted(Note.OverQuota, log.Owner, log.Origin));
        }

        log.OverQuota = over;
    }

    /// <summary>When enough of an empty allowance is filled again for another range, or a part of one.</summary>
    private long NextQuotaDue(Log log) =>
        log.OverQuota && _options.QuotaPerDay > 0
            ? log.AllowanceAt + Math.Max(1_000, DayMilliseconds / _options.QuotaPerDay * Math.Min(_options.QuotaBurst, _options.SmallGap))
            : long.MaxValue;
}
