using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FederationNode.Contracts.Logs;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Lists;

/// <summary>
/// The list in memory: the view merged from the entries of all indicators logs, and the matcher over it. Safe from any
/// thread, but the entries of one log are applied by one caller at a time.
/// </summary>
public sealed class MergedList
{
    private const int SecondsBetweenCounts = 60;

    /// <summary>Behind every entry that a log can have.</summary>
    private const long NoPlaceYet = ProtocolLimits.MaxLogSize;

    /// <summary>Entries applied while readers wait; a few milliseconds.</summary>
    private const int Slice = 128;

    /// <summary>Of a longer range the matcher takes what it needs beside the view, by a thread of its own.</summary>
    private const int MaxByOneThread = 256;

    /// <summary>After a change of more indicators the digest is not worked out before somebody asks for it.</summary>
    private const int MaxPrompt = 256;

    /// <summary>Entries looked at for the digest of live ones while others wait; a millisecond.</summary>
    private const int LivePart = 16_384;

    /// <summary>Buckets of the digest that are worked out while readers wait; a few milliseconds.</summary>
    private const int DigestPart = 64;

    private const int MostDigestParts = 16_384;

    /// <summary>Values of erased listings taken out of the matcher while others wait; a few milliseconds.</summary>
    private const int MostForgotten = 1_024;

    /// <summary>The tables of keywords are not made anew more often: a second of a million keywords.</summary>
    private const int SecondsBetweenCompactions = 600;

    /// <summary>Changes aside that are remembered: 32 MB at most, of a node that read long outlines.</summary>
    private const int MaxAside = 1 << 20;

    private readonly ConcurrentDictionary<string, long> _applied = new(StringComparer.Ordinal);
    private readonly ReadersGate _gate = new();

    // Held while something is put into the matcher; taken under the gate or without it.
    private readonly Lock _matching = new();

    // Where the parts of outlines that are in the view end; only of logs of which less is applied.
    private readonly ConcurrentDictionary<string, long> _outlined = new(StringComparer.Ordinal);

    // Entries of each log that are in the view: ahead of what is applied, which is said when readers find it.
    private readonly Dictionary<string, long> _taken = new(StringComparer.Ordinal);
    // By member, when the newest of its entries that are in the view was issued; under the gate.
    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private readonly View _view = new(Seed());
    private readonly UrgentEntries _urgent = new();
    private readonly AsideChanges _aside = new(MaxAside);
    private readonly Dictionary<Hash256, bool> _urgentOnly = [];
    private long _countedAt;
    private long _version;

    // Who is working the digest out, part by part; under the gate.
    private int _settling;
    private IdOrder? _order;
    private Snapshot _snapshot;

    // Values of listings that were erased, to be taken out of the matcher where nobody else lists them; under the gate.
    private readonly Dictionary<Hash256, Indicator> _erased = [];
    private long _forgets;
    private long _compactedAt;

    /// <summary>Makes an empty list, which has the digest of the empty view.</summary>
    public MergedList() => _snapshot = new Snapshot(_view.Digest(), 0, 0, 0);

    /// <summary>Digest and size of the list now.</summary>
    public Snapshot Current
    {
        get
        {
            // Readers get in between, for after much was applied this takes seconds. So do changes, but not for ever.
            for (var part = 0; ; part++)
            {
                using (_gate.Write())
                {
                    _settling += part == 0 ? 1 : 0;
                    if (_snapshot.Version == _version || part == MostDigestParts || _view.PrepareDigest(DigestPart))
                    {
                        _settling--;
                        return Settle();
                    }
                }
            }
        }
    }

    /// <summary>Digest and size of the list now, or, while much is being applied, a little earlier. Costs nothing.</summary>
    public Snapshot Latest => Volatile.Read(ref _snapshot);

    /// <summary>The size of the list now, with the digest of <see cref="Latest"/>: cheap, also while much is being applied.</summary>
    public Snapshot Glance
    {
        get
        {
            using (_gate.Read())
            {
                return Latest with { Indicators = Indicators, InForce = InForce };
            }
        }
    }

    private long Indicators => _view.IndicatorCount + _urgentOnly.Count;

    private long InForce => _view.ActiveCount + _urgentOnly.Values.Count(a => a);

    /// <summary>The matcher; safe from any thread.</summary>
    public IndicatorMatcher Matcher { get; } = new(Seed());

    /// <summary>Entries of each indicators log that are applied, by origin.</summary>
    public IReadOnlyDictionary<string, long> Applied => _applied;

    /// <summary>Entries of a log that are applied.</summary>
    public long AppliedOf(string origin) => _applied.GetValueOrDefault(origin);

    /// <summary>
    /// Where what is in the list of a log's outline ends, or 0. Above what is applied of the log, the list has the live
    /// entries only.
    /// </summary>
    public long OutlinedOf(string origin) => _outlined.GetValueOrDefault(origin);

    /// <summary>What everybody says of an indicator, or false if nobody says anything.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state)
    {
        using (_gate.Read())
        {
            state = StateOf(id);
            return state is not null;
        }
    }

    /// <summary>Up to <paramref name="count"/> indicators in the order of their ids, after <paramref name="after"/>.</summary>
    public IReadOnlyList<IndicatorState> Page(Hash256? after, int count)
    {
        using (_gate.Write())
        {
            if (_order is null || _order.Version != _version)
            {
                _order = new IdOrder(_version, [.. _view.IndicatorIds.Concat(_urgentOnly.Keys)]);
            }

            return [.. _order.After(after, count).Select(StateOf).OfType<IndicatorState>()];
        }
    }

    /// <summary>
    /// Where the list stands now, beside <see cref="Applied"/>. Who reads this first, then <see cref="Applied"/> and then
    /// indicators misses nothing by going on from both.
    /// </summary>
    public ListPosition Position
    {
        get
        {
            using (_gate.Read())
            {
                return new ListPosition(_aside.Run, _aside.End);
            }
        }
    }

    /// <summary>
    /// The next indicators that changed other than by an entry applied in its turn, or null if it is not known any more
    /// what changed since the position.
    /// </summary>
    /// <param name="position">The position; of no run: from the beginning.</param>
    /// <param name="most">Changes at most.</param>
    public (IReadOnlyList<Hash256> Indicators, ListPosition Next)? ChangedAside(ListPosition? position, int most)
    {
        using (_gate.Read())
        {
            var start = position ?? new ListPosition(_aside.Run, 0);
            if (!_aside.Reaches(start))
            {
                return null;
            }

            var ids = _aside.After(start.Aside, most);
            return (ids, start with { Aside = start.Aside + ids.Count });
        }
    }

    /// <summary>
    /// Walks over all indicators in no particular order, while the list changes: readers wait only for a part of it. An
    /// indicator that changes meanwhile may be given as it was or as it is, twice or not at all.
    /// </summary>
    /// <param name="place">0 at first, then what the call before gave.</param>
    /// <param name="part">Entries looked at while others wait; 256 are a millisecond.</param>
    /// <param name="states">Takes the indicators of this part.</param>
    /// <returns>The place of the next part, or null after the last one.</returns>
    public int? Walk(int place, int part, List<IndicatorState> states)
    {
        using (_gate.Read())
        {
            if (place == 0)
            {
                // Those that only urgent entries speak of: few.
                states.AddRange(_urgentOnly.Keys.Select(StateOf).OfType<IndicatorState>());
            }

            var end = Math.Min(place + part, _view.RowEnd);
            states.AddRange(_view.IndicatorsAmong(place, end).Select(StateOf).OfType<IndicatorState>());
            return end == _view.RowEnd ? null : end;
        }
    }

    /// <summary>Applies entries of one log, which follow those applied before.</summary>
    /// <param name="origin">The indicators log.</param>
    /// <param name="from">Index of the first entry.</param>
    /// <param name="entries">Verified entries.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <returns>The entries that do nothing, each with the reason.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The entries do not follow those applied before.</exception>
    public IReadOnlyList<(long Index, string Reason)> Apply(
        Origin origin, long from, IReadOnlyList<StoredEntry> entries, long now, Func<string, bool> counts)
    {
        var range = Interpret(origin, from, entries);
        Finish(ApplyRange(range, now, counts));
        return range.Without;
    }

    /// <summary>
    /// Applies entries of a log that were read ahead, like <see cref="Apply(Origin, long, IReadOnlyList{StoredEntry}, long, Func{string, bool})"/>,
    /// but leaves the digest alone: there is more to come.
    /// </summary>
    /// <returns>The entries that do nothing, each with the reason.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The entries do not follow those applied before.</exception>
    internal IReadOnlyList<(long Index, string Reason)> Apply(InterpretedRange range, long now, Func<string, bool> counts)
    {
        ApplyRange(range, now, counts);
        return range.Without;
    }

    /// <summary>Returns how many indicators it touches.</summary>
    private int ApplyRange(InterpretedRange range, long now, Func<string, bool> counts)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(range.From, AppliedOf(range.Origin.Text));
        var (changed, forgets) = (0, Volatile.Read(ref _forgets));
        if (range.Meaningful.Count <= MaxByOneThread)
        {
            PutMatcher(range.Meaningful);
            changed = Take(range, now, counts);
        }
        else
        {
            // A match means nothing before the view has it, and nobody is told of the range before both have.
            Parallel.Invoke(() => PutMatcher(range.Meaningful), () => changed = Take(range, now, counts));
        }

        if (forgets != Volatile.Read(ref _forgets))
        {
            // What was put before the view had it may have been taken for something that nobody lists.
            PutMatcher(range.Meaningful);
            using (_gate.Write())
            {
                // And what the range itself has erased, to be forgotten after it was put, is there again.
                foreach (var indicator in range.Meaningful.Select(e => e.Entry.Payload).OfType<ListingPayload>().Select(l => l.Indicator))
                {
                    if (!_view.HasListing(indicator.Id))
                    {
                        _erased[indicator.Id] = indicator;
                    }
                }
            }
        }

        _applied[range.Origin.Text] = range.End;
        return changed;
    }

    /// <summary>Finds out what entries mean, which takes most of the time, needs no list and may go on beside one.</summary>
    internal static InterpretedRange Interpret(Origin origin, long from, IReadOnlyList<StoredEntry> entries)
    {
        var without = new List<(long, string)>();
        var meaningful = Interpret(origin, from, entries, without);
        return new InterpretedRange(origin, from, from + entries.Count, meaningful, without);
    }

    /// <summary>Takes a range into the view; returns how many indicators it touches.</summary>
    private int Take(InterpretedRange range, long now, Func<string, bool> counts)
    {
        var rest = CollectionsMarshal.AsSpan(range.Meaningful);
        var touched = new HashSet<Hash256>(Slice);
        var changed = 0;
        for (var from = range.From; from < range.End; from += Slice)
        {
            var behind = Math.Min(from + Slice, range.End);
            touched.Clear();
            using (_gate.Write())
            {
                var count = 0;
                for (; count < rest.Length && rest[count].Entry.Index < behind; count++)
                {
                    TakeIntoView(rest[count], touched);
                }

                rest = rest[count..];
                _taken[range.Origin.Text] = behind;
                var inTurn = _urgent.Drop(range.Origin.Text, behind);
                _aside.Add(inTurn);
                touched.UnionWith(inTurn);
                Recount(touched, now, counts);
            }

            changed += touched.Count;
        }

        return changed;
    }

    /// <summary>
    /// Applies a part of a log's outline. Of the entries that are not whole it is only known that they count no more;
    /// they are applied when the log is held so far, and then change nothing.
    /// </summary>
    /// <param name="origin">The indicators log.</param>
    /// <param name="part">The part, verified.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves out entries that are not in the list.</exception>
    public void ApplyOutline(Origin origin, LogOutline part, long now, Func<string, bool> counts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part.From, Math.Max(OutlinedOf(origin.Text), AppliedOf(origin.Text)));
        var touched = new HashSet<Hash256>();
        var changed = 0;
        for (var i = 0; i < part.Whole.Count || i == 0; i += Slice)
        {
            touched.Clear();
            var meaningful = Interpret(origin, part.Whole.Skip(i).Take(Slice).Select(w => (w.Index, w.Entry)), []);
            using (_gate.Write())
            {
                meaningful.ForEach(e => Take(e, touched));

                // What is urgent gives way only to what is in the view, or is erased: that it is dead is a mere claim.
                touched.UnionWith(_urgent.DropThese(
                    origin.Text,
                    [.. meaningful.Select(e => e.Entry.Payload is ErasePayload order ? order.Index : e.Entry.Index)]));
                _aside.Add(touched);
                Recount(touched, now, counts);
            }

            changed += touched.Count;
        }

        _outlined[origin.Text] = part.End;
        Finish(changed);
    }

    /// <summary>The log is applied as far as its outline went, which is no more.</summary>
    public void EndOutline(string origin) => _outlined.TryRemove(origin, out _);

    /// <summary>
    /// The entries of a part of a log that an outline of it must have whole: the live ones, and orders to erase.
    /// </summary>
    /// <param name="origin">The log; as much of it as <paramref name="asOf"/> is applied.</param>
    /// <param name="from">First index.</param>
    /// <param name="end">The index after the last one.</param>
    /// <param name="asOf">Where the log is thought to end.</param>
    public IReadOnlyList<long> WholeOf(Origin origin, long from, long end, long asOf)
    {
        using (_gate.Read())
        {
            return [.. _view.Live(origin, from, end, asOf).Concat(_view.Orders(origin, from, end)).Order()];
        }
    }

    /// <summary>
    /// Takes the values of erased listings out of the matcher where no other listing has them, some at a time. The texts of
    /// keywords leave the memory when their tables are made anew, now and then.
    /// </summary>
    /// <param name="now">Unix seconds.</param>
    public void ForgetErased(long now)
    {
        using (_gate.Write())
        {
            List<Indicator> some = [.. _erased.Values.Take(MostForgotten)];
            if (some.Count > 0)
            {
                some.ForEach(i => _erased.Remove(i.Id));
                lock (_matching)
                {
                    Matcher.Remove(some.FindAll(i => !_view.HasListing(i.Id) && !_urgent.HasListing(i.Id)));
                    Volatile.Write(ref _forgets, _forgets + 1);
                }
            }
        }

        lock (_matching)
        {
            if (Matcher.IsWorn && now - _compactedAt >= SecondsBetweenCompactions)
            {
                _compactedAt = now;
                Matcher.Compact();
            }
        }
    }

    /// <summary>The entries of a log about an indicator that are in the view and not erased, by index, rising.</summary>
    public IReadOnlyList<long> EntriesAbout(Hash256 id, Origin origin)
    {
        using (_gate.Read())
        {
            return _view.EntriesAbout(id, origin);
        }
    }

    /// <summary>The orders to erase in a part of a log that is in the view, each with the index that it names, in their order.</summary>
    public IReadOnlyList<(long Order, long Erased)> Erasures(Origin origin, long from, long end)
    {
        using (_gate.Read())
        {
            return [.. _view.Erasures(origin, from, end).Order()];
        }
    }

    /// <summary>
    /// Another roster came into force: listings end by it from now on. Detectors wait while the list is looked through, some
    /// hundredths of a second of millions.
    /// </summary>
    /// <param name="lifetimes">What it says.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    public void Put(Lifetimes lifetimes, long now, Func<string, bool> counts)
    {
        var touched = new HashSet<Hash256>();
        using (_gate.Write())
        {
            var lapsed = new List<ListingPayload>();

            // Copies of the list know when each listing ends. Where these are too many to be told, they read it anew.
            _view.Put(lifetimes, lapsed, id =>
            {
                _aside.Add([id]);
                touched.Add(id);
            });
            Forget(lapsed, touched);
            Recount(touched, now, counts);
        }

        Finish(touched.Count);
    }

    /// <summary>Entries of a log that have lapsed by a roster and not by an entry, but the first of them.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="skip">How many are left out.</param>
    public IReadOnlyList<long> LapsedByRoster(Origin origin, int skip)
    {
        using (_gate.Read())
        {
            return _view.LapsedByRoster(origin, skip);
        }
    }

    /// <summary>Whether a listing of a log lapses when a time has come. Looks some at a time, with the list free in between.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="time">Unix seconds.</param>
    public bool AnyLapsesBy(Origin origin, long time)
    {
        for (var from = 0L; from < AppliedOf(origin.Text); from += LivePart)
        {
            using (_gate.Read())
            {
                if (_view.AnyLapsesBy(origin, from, from + LivePart, time))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The newest time that an entry in the list was issued at, by the members other than one, in unix seconds; or 0.</summary>
    /// <param name="member">The member that is left out.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    public long NewestOfOthers(string member, Func<string, bool> counts)
    {
        using (_gate.Read())
        {
            return _newest.Where(n => n.Key != member && counts(n.Key)).Select(n => n.Value).DefaultIfEmpty().Max();
        }
    }

    /// <summary>
    /// Entries that a part of an outline left out although they were live, or none if that cannot be told, because
    /// something was erased since.
    /// </summary>
    /// <param name="origin">The log; as much of it is applied as was known to who gave the part.</param>
    /// <param name="part">The part.</param>
    public IReadOnlyList<long> LeftOut(Origin origin, LogOutline part)
    {
        using (_gate.Read())
        {
            return _view.Orders(origin, part.AsOf, long.MaxValue).Any()
                ? []
                : [.. _view.Live(origin, part.From, part.End, part.AsOf).Except(part.Whole.Select(w => w.Index))];
        }
    }

    /// <summary>
    /// A digest of which entries of a log are live, if it ended at a size: docs/protocol.md, "Outlines". Of millions it
    /// takes a processor for a while, with the list free in between.
    /// </summary>
    /// <param name="origin">The log; as much of it is applied, or in the list by its outline.</param>
    /// <param name="size">Where the log is thought to end.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Hash256 LiveDigest(Origin origin, long size, CancellationToken cancellationToken)
    {
        using var digest = new LiveDigest();
        for (var from = 0L; from < size; from += LivePart)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (_gate.Read())
            {
                foreach (var index in _view.Live(origin, from, Math.Min(size, from + LivePart), size))
                {
                    digest.Add(index);
                }
            }
        }

        return digest.Finish();
    }

    /// <summary>
    /// Lets urgent entries count, which came before those below them. They are not in the digest, which speaks of what is
    /// held without a gap; they give way to the same entries when these are applied.
    /// </summary>
    public void Overlie(
        Origin origin, long from, IReadOnlyList<StoredEntry> entries, long now, Func<string, bool> counts)
    {
        var touched = new HashSet<Hash256>();
        var meaningful = Interpret(origin, from, entries, []);
        using (_gate.Write())
        {
            foreach (var entry in meaningful.Select(m => Ending(m.Entry)).Where(e => e.Index >= _taken.GetValueOrDefault(origin.Text)))
            {
                if (_urgent.Add(entry) is { } id)
                {
                    touched.Add(id);
                    PutMatcher(entry);
                }
            }

            _aside.Add(touched);
            Recount(touched, now, counts);
        }

        Finish(touched.Count);
    }

    /// <summary>
    /// Lets what waits for an own log count, as the member's newest word, in the place of what waited before.
    /// </summary>
    public void Defer(
        Origin origin, IReadOnlyList<NewEntry> waiting, long now, Func<string, bool> counts)
    {
        using (_gate.Write())
        {
            var touched = new HashSet<Hash256>(_urgent.DropFrom(origin.Text, NoPlaceYet));
            for (var i = 0; i < waiting.Count; i++)
            {
                if (Payload.TryDecode(waiting[i].Kind, waiting[i].Payload, out var payload, out _)
                    && Ending(new LogEntry(origin, NoPlaceYet + i, default, now, payload)) is var entry
                    && _urgent.Add(entry) is { } id)
                {
                    touched.Add(id);
                    PutMatcher(entry);
                }
            }

            _aside.Add(touched);
            Recount(touched, now, counts);
        }

        Finish(waiting.Count);
    }

    /// <summary>Takes the entries of a log from an index on out of the list: they do not count any more.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="size">Entries of it that stay in the list.</param>
    /// <param name="end">Where the log ends: what is urgent from there on goes, too.</param>
    /// <param name="now">Unix seconds, by which listings expire.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <returns>Indexes of entries below that count again, to be given to <see cref="Restore"/>.</returns>
    public IReadOnlyList<long> Truncate(Origin origin, long size, long end, long now, Func<string, bool> counts)
    {
        IReadOnlyList<long> restored;
        HashSet<Hash256> touched;
        using (_gate.Write())
        {
            touched = [.. _view.Truncate(origin, size, out restored)];
            _taken[origin.Text] = Math.Min(_taken.GetValueOrDefault(origin.Text), size);
            touched.UnionWith(_urgent.DropFrom(origin.Text, end));
            _aside.Add(touched);
            _aside.Restart();
            Recount(touched, now, counts);
        }

        _applied[origin.Text] = Math.Min(AppliedOf(origin.Text), size);
        if (OutlinedOf(origin.Text) > size)
        {
            _outlined.TryRemove(origin.Text, out _);
        }

        Finish(touched.Count);
        return restored;
    }

    /// <summary>Applies an entry again that had been erased by one that does not count any more.</summary>
    public void Restore(Origin origin, long index, StoredEntry stored, long now, Func<string, bool> counts)
    {
        var touched = new HashSet<Hash256>();
        var meaningful = Interpret(origin, index, [stored], []);
        using (_gate.Write())
        {
            meaningful.ForEach(e => Take(e, touched));
            _aside.Add(touched);
            Recount(touched, now, counts);
        }

        Finish(touched.Count);
    }

    /// <summary>An entry beside the view ends by the roster, too.</summary>
    private LogEntry Ending(LogEntry entry) => entry.Payload is ListingPayload listing
        ? entry with { Ends = _view.Lifetimes.EndOf(ListingTerm.Of(listing), entry.Issued) }
        : entry;

    private static ulong Seed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>The entries that have a meaning; this takes most of the time and holds nobody up.</summary>
    private static List<PreparedEntry> Interpret(
        Origin origin, long from, IEnumerable<StoredEntry> entries, List<(long, string)> without) =>
        Interpret(origin, entries.Select((e, i) => (from + i, e)), without);

    private static List<PreparedEntry> Interpret(
        Origin origin, IEnumerable<(long Index, StoredEntry Entry)> entries, List<(long, string)> without)
    {
        var meaningful = new List<PreparedEntry>();
        foreach (var (index, stored) in entries)
        {
            if (LogEntry.TryInterpret(
                    origin, index, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out var reason))
            {
                meaningful.Add(PreparedEntry.Of(entry, stored.Payload));
            }
            else
            {
                without.Add((index, reason));
            }
        }

        return meaningful;
    }

    private void Take(PreparedEntry prepared, HashSet<Hash256> touched)
    {
        if (TakeIntoView(prepared, touched))
        {
            PutMatcher(prepared.Entry);
        }
    }

    private bool TakeIntoView(PreparedEntry prepared, HashSet<Hash256> touched)
    {
        var (member, issued) = (prepared.Entry.Member, prepared.Entry.Issued);
        if (issued > _newest.GetValueOrDefault(member))
        {
            _newest[member] = issued;
        }

        var erased = prepared.Entry.Payload is ErasePayload order ? _view.ListingAt(prepared.Entry.Origin, order.Index) : null;
        List<ListingPayload> lapsed = [];
        var changed = _view.Apply(prepared, lapsed);
        Forget(lapsed, touched);
        if (changed is not { } id)
        {
            if (prepared.Entry.Payload is ListingPayload late && _view.IsErased(prepared.Entry.Origin, prepared.Entry.Index))
            {
                _erased[late.Indicator.Id] = late.Indicator;
            }

            return false;
        }

        if (erased is not null)
        {
            _erased[erased.Indicator.Id] = erased.Indicator;
        }

        touched.Add(id);
        if (prepared.Entry.Payload is ErasePayload)
        {
            // When somebody reads the entry in its log, it may be gone what it had been about.
            _aside.Add([id]);
        }

        return true;
    }

    /// <summary>What has lapsed leaves the matcher behind that, and who follows the list is told aside.</summary>
    private void Forget(List<ListingPayload> lapsed, HashSet<Hash256> touched)
    {
        foreach (var indicator in lapsed.Select(l => l.Indicator))
        {
            _erased[indicator.Id] = indicator;
            touched.Add(indicator.Id);
        }

        if (lapsed.Count > 0)
        {
            _aside.Add([.. lapsed.Select(l => l.Indicator.Id).Distinct()]);
        }
    }

    /// <summary>What was withdrawn stays in the matcher, and what was erased until <see cref="ForgetErased"/>: what a match means is asked of the view.</summary>
    private void PutMatcher(LogEntry entry)
    {
        if (entry.Payload is ListingPayload listing)
        {
            lock (_matching)
            {
                Matcher.Put(listing);
            }
        }
    }

    private void PutMatcher(List<PreparedEntry> entries) => entries.ForEach(e => PutMatcher(e.Entry));

    private IndicatorState? StateOf(Hash256 id) =>
        _view.TryGet(id, out var state) ? _urgent.Over(state) : _urgent.Over(id);

    /// <summary>
    /// Keeps the number of indicators in force: looks at what changed, and at everything only once a minute, because
    /// listings expire and members come and go without a change.
    /// </summary>
    private void Recount(HashSet<Hash256> touched, long now, Func<string, bool> counts)
    {
        _version++;
        foreach (var id in touched)
        {
            _view.CountActive(id, now, counts);
            _urgentOnly.Remove(id);
            if (!_view.Contains(id) && _urgent.Over(id) is { } urgent)
            {
                _urgentOnly[id] = urgent.Active(now, counts).Any();
            }
        }

        if (now - _countedAt >= SecondsBetweenCounts)
        {
            _countedAt = now;
            _view.CountActive(now, counts);
        }
    }

    private void Finish(int changed)
    {
        if (changed > MaxPrompt)
        {
            return;
        }

        using (_gate.Write())
        {
            if (_settling > 0)
            {
                // They find this change, too: a takedown does not wait for the digest of a whole list.
                return;
            }
        }

        _ = Current;
    }

    private Snapshot Settle()
    {
        if (_snapshot.Version != _version)
        {
            Volatile.Write(ref _snapshot, new Snapshot(_view.Digest(), Indicators, InForce, _version));
        }

        return _snapshot;
    }

    /// <summary>The list at one moment.</summary>
    /// <param name="Digest">Digest of the merged view.</param>
    /// <param name="Indicators">Indicators that anybody says something about.</param>
    /// <param name="InForce">Those with a listing in force at the time of the last change.</param>
    /// <param name="Version">Counts changes in this run.</param>
    public sealed record Snapshot(Hash256 Digest, long Indicators, long InForce, long Version);

    /// <summary>The ids in their order, as of one version: paging is rare, and a tree of millions costs too much.</summary>
    private sealed class IdOrder
    {
        private readonly Hash256[] _ids;

        public IdOrder(long version, Hash256[] ids)
        {
            Version = version;
            _ids = ids;
            Array.Sort(_ids);
        }

        public long Version { get; }

        public ArraySegment<Hash256> After(Hash256? after, int count)
        {
            var at = after is { } id ? Array.BinarySearch(_ids, id) : ~0;
            at = at >= 0 ? at + 1 : ~at;
            return new ArraySegment<Hash256>(_ids, at, Math.Min(count, _ids.Length - at));
        }
    }
}
