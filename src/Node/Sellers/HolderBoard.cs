using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FederationNode.Contracts.Api;
using FederationNode.Grains;

namespace FederationNode.Node.Sellers;

/// <summary>
/// How the holders of keys for seller tags have answered this node since it started: for its status, its alarms, the meter
/// <c>fednode.seller.answers</c>, and whom to ask first. Safe from any thread.
/// </summary>
internal sealed class HolderBoard([FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    private static readonly Meter s_meter = new("FederationNode.Sellers");
    private static readonly Counter<long> s_answers = s_meter.CreateCounter<long>(
        "fednode.seller.answers", "{answer}", "Requests for seller tags to a holder, by holder and outcome.");

    // Asked last for so long after it failed: the others spare callers the wait.
    private static readonly TimeSpan s_trouble = TimeSpan.FromSeconds(30);

    // A wrong answer needs a person; so long it is told of.
    private static readonly TimeSpan s_distrust = TimeSpan.FromDays(1);

    // Keyed by names that the roster vouches for.
    private readonly ConcurrentDictionary<string, Record> _records = new(StringComparer.Ordinal);

    /// <summary>The holders asked so far, in the order of their names.</summary>
    public IReadOnlyList<HolderRow> Rows() =>
    [
        .. _records.OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => new HolderRow(r.Key, r.Value.Good, r.Value.Failed, r.Value.Wrong, r.Value.Slow, r.Value.LastError)),
    ];

    /// <summary>Holders that answered wrongly within a day, and how.</summary>
    public IReadOnlyList<(string Holder, string Fault)> Distrusted()
    {
        var now = clock.GetUtcNow();
        return
        [
            .. _records.Where(r => r.Value.Fault is not null && now - r.Value.WrongAt < s_distrust)
                .OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Value.Fault!)),
        ];
    }

    /// <summary>0: answers well, as far as is known; 1: failed a moment ago; 2: answered wrongly within a day.</summary>
    public int Rank(string holder)
    {
        var now = clock.GetUtcNow();
        return !_records.TryGetValue(holder, out var record) ? 0
            : record.Fault is not null && now - record.WrongAt < s_distrust ? 2
            : now < record.TroubledUntil ? 1
            : 0;
    }

    /// <summary>It gave a good answer.</summary>
    public void Good(string holder) =>
        Note(holder, "good", r => r with { Good = r.Good + 1, TroubledUntil = default, LastError = null });

    /// <summary>It gave no answer, or refused.</summary>
    public void Failed(string holder, string reason) => Note(
        holder,
        "failed",
        r => r with { Failed = r.Failed + 1, TroubledUntil = clock.GetUtcNow() + s_trouble, LastError = reason });

    /// <summary>It had not answered when another was asked beside it.</summary>
    public void Slow(string holder) =>
        Note(holder, "slow", r => r with { Slow = r.Slow + 1, TroubledUntil = clock.GetUtcNow() + s_trouble });

    /// <summary>Its answer was wrong.</summary>
    public void Wrong(string holder, string fault) => Note(
        holder, "wrong", r => r with { Wrong = r.Wrong + 1, WrongAt = clock.GetUtcNow(), Fault = fault, LastError = fault });

    private void Note(string holder, string outcome, Func<Record, Record> change)
    {
        s_answers.Add(1, new KeyValuePair<string, object?>("holder", holder), new("outcome", outcome));
        _records.AddOrUpdate(holder, _ => change(new Record()), (_, record) => change(record));
    }

    private sealed record Record
    {
        public long Good { get; init; }

        public long Failed { get; init; }

        public long Wrong { get; init; }

        public long Slow { get; init; }

        public DateTimeOffset TroubledUntil { get; init; }

        public DateTimeOffset WrongAt { get; init; }

        public string? Fault { get; init; }

        public string? LastError { get; init; }
    }
}
