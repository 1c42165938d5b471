using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// The merged view of all logs: a pure function of the set of entries put into it. Order and repetition make no
/// difference, so nodes with equal logs have equal views and equal digests (docs/protocol.md, "Merge").
/// Not safe for concurrent use. Takes about 145 bytes an entry and what its payload does not share with others.
/// </summary>
/// <remarks>
/// A cell is the register that one member writes: its listing of an indicator, its opinion on it, a tally. All its
/// entries are kept, not only the newest, because an erasure of the newest lets the one before it count again, on every
/// node alike. Exactly one member writes a cell, so two entries are never in conflict: the greatest (epoch, index) wins.
/// However a member chooses its entries, putting one in or erasing one takes no longer for all that it wrote before.
/// </remarks>
public sealed class View
{
    private readonly EntryRows _rows = new();
    private readonly PayloadStore _payloads = new();
    private readonly CellIndex _cells;
    private readonly GroupIndex _listings;
    private readonly GroupIndex _opinions;
    private readonly GroupIndex _tallies;
    private readonly List<LogRows> _logs = [];
    private readonly Dictionary<string, int> _logNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _memberNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [""];
    private readonly Dictionary<string, int> _textNumbers = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly ViewDigest _digest;
    private readonly SchemeEnds _ends = new();

    /// <summary>An empty view.</summary>
    /// <param name="seed">A number that members cannot guess, where they choose what is listed.</param>
    public View(ulong seed = 0)
    {
        _cells = new CellIndex(_rows, log => _logs[log].Member, seed);
        _listings = new GroupIndex(_rows, seed);
        _opinions = new GroupIndex(_rows, seed);
        _tallies = new GroupIndex(_rows, seed);
        _digest = new ViewDigest(_rows, WriteKey, EpochOf);
    }

    /// <summary>Number of indicators of which the view holds a listing, withdrawal or opinion.</summary>
    public int IndicatorCount { get; private set; }

    /// <summary>The ids of those indicators, in no particular order.</summary>
    public IEnumerable<Hash256> IndicatorIds => _listings.All()
        .Concat(_opinions.All().Where(row => _listings.Find(_rows[row].Group) == 0))
        .Select(row => _rows[row].Group);

    /// <summary>Where the numbers of the view's rows end; they begin at 0 and are used again.</summary>
    public int RowEnd => _rows.End;

    /// <summary>
    /// The indicators whose first row is one of these: over all rows, each indicator once. To walk over millions in parts.
    /// </summary>
    /// <param name="from">First row number.</param>
    /// <param name="end">The number after the last one; at most <see cref="RowEnd"/>.</param>
    public IEnumerable<Hash256> IndicatorsAmong(int from, int end)
    {
        for (var row = Math.Max(1, from); row < end; row++)
        {
            // A free row has no group, so nothing is found.
            var group = _rows[row].Group;
            if (_listings.Find(group) is var listing and not 0 ? listing == row : _opinions.Find(group) == row)
            {
                yield return group;
            }
        }
    }

    /// <summary>
    /// Puts an entry into the view. Entries may come in any order and more than once.
    /// </summary>
    /// <returns>The indicator whose state may have changed, or null if none did.</returns>
    public Hash256? Apply(LogEntry entry) => Apply(PreparedEntry.Of(entry), []);

    /// <inheritdoc cref="Apply(LogEntry)"/>
    /// <param name="prepared">The entry.</param>
    /// <param name="lapsed">Takes the listings that leave the view by a lapse entry: their states may have changed, too.</param>
    public Hash256? Apply(PreparedEntry prepared, ICollection<ListingPayload> lapsed)
    {
        var entry = prepared.Entry;
        if (entry.Origin.Log != Origin.Indicators)
        {
            return null;
        }

        var number = LogOf(entry.Origin);
        var log = _logs[number];
        if (entry.Payload is ErasePayload erase)
        {
            log.Orders[entry.Index] = erase.Index;
            log.Erased.Add(erase.Index);
            return log.Remove(erase.Index) is var erased and not 0 ? Remove(erased) : null;
        }

        if (entry.Payload is LapsePayload lapse)
        {
            if (log.TryAddLapse(entry.Index, lapse.Time))
            {
                LetLapse(log, entry.Index, lapsed);
            }

            return null;
        }

        if (prepared.Kind is not { } kind || log.Erased.Contains(entry.Index) || log.RowOf(entry.Index) != 0
            || (entry.Payload is ListingPayload claim && HasLapsed(log, entry, claim)))
        {
            return null;
        }

        var row = _rows.Add();
        ref var added = ref _rows[row];
        added.Kind = kind;
        added.LeafHash = entry.LeafHash;
        added.Index = entry.Index;
        added.Issued = entry.Issued;
        if (entry.Payload is ListingPayload listing)
        {
            (added.Expires, added.Scheme, added.HasTerm) = (listing.Expires, _ends.NumberOf(listing.Indicator), entry.HasTerm);
        }

        added.Log = number;
        added.Sub = entry.Payload is OpinionPayload opinion ? TextNumber(opinion.Lister) : 0;
        added.Payload = _payloads.Add(prepared.Payload, kind == RowKind.Listing);
        added.Group = prepared.Group;
        log.Add(entry.Index, row);
        return Put(row);
    }

    /// <summary>When listings end: by the roster in force.</summary>
    public Lifetimes Lifetimes => _ends.Lifetimes;

    /// <summary>Another roster came into force: listings end by it from now on, and some may have lapsed.</summary>
    /// <param name="lifetimes">What it says.</param>
    /// <param name="lapsed">Takes the listings that leave the view.</param>
    /// <param name="changed">Told of each indicator of which a listing that stays ends at another time now; may be told again.</param>
    public void Put(Lifetimes lifetimes, ICollection<ListingPayload> lapsed, Action<Hash256>? changed = null)
    {
        var before = _ends.Put(lifetimes);
        foreach (var log in _logs)
        {
            LetLapse(log, long.MaxValue, lapsed);
            foreach (var (_, row) in changed is null ? [] : log.Between(0, long.MaxValue))
            {
                if (_rows[row].Kind == RowKind.Listing && before.EndOf(ref _rows[row]) != _ends.EndOf(ref _rows[row]))
                {
                    changed!(_rows[row].Group);
                }
            }
        }
    }

    /// <summary>
    /// Whether the payload of this entry is to be erased: an erase entry orders it, or it is a listing that came here and
    /// has lapsed. An order to erase an erase or lapse entry does nothing: without its payload, a node that replays the log
    /// would bring back what it had erased.
    /// </summary>
    public bool IsErased(Origin origin, long index) =>
        _logNumbers.TryGetValue(origin.Text, out var number) && _logs[number] is var log
        && (log.Lapsed.ContainsKey(index)
            || (log.Erased.Contains(index) && !log.Orders.ContainsKey(index) && !log.Lapses.ContainsKey(index)));

    /// <summary>
    /// Entries of a log that have lapsed by a roster and not by an entry, by index, in the order in which that was found
    /// since this view was made.
    /// </summary>
    /// <param name="origin">The log.</param>
    /// <param name="skip">How many of them are left out.</param>
    public IReadOnlyList<long> LapsedByRoster(Origin origin, int skip) =>
        _logNumbers.TryGetValue(origin.Text, out var number) ? [.. _logs[number].LapsedByRoster.Skip(skip)] : [];

    /// <summary>Whether a listing of a log, in a part of it, lapses when a time has come.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="from">First index looked at.</param>
    /// <param name="end">The index after the last one.</param>
    /// <param name="time">Unix seconds.</param>
    public bool AnyLapsesBy(Origin origin, long from, long end, long time) =>
        _logNumbers.TryGetValue(origin.Text, out var number)
        && _logs[number].Between(from, end).Any(e => _rows[e.Row].Kind == RowKind.Listing && Lifetimes.HasLapsed(EndIn(e.Row), time));

    /// <summary>
    /// Takes all entries of a log from an index on out of the view: they do not count since the log forked, or was closed.
    /// </summary>
    /// <param name="origin">The log.</param>
    /// <param name="size">Entries of it that count.</param>
    /// <param name="restored">
    /// Indexes below that were erased only by entries that no longer count: to be applied again.
    /// </param>
    /// <returns>The indicators whose state may have changed.</returns>
    public IReadOnlyCollection<Hash256> Truncate(Origin origin, long size, out IReadOnlyList<long> restored)
    {
        var touched = new HashSet<Hash256>();
        restored = [];
        if (!_logNumbers.TryGetValue(origin.Text, out var number))
        {
            return touched;
        }

        var log = _logs[number];
        foreach (var row in log.RemoveFrom(size))
        {
            if (Remove(row) is { } id)
            {
                touched.Add(id);
            }
        }

        foreach (var order in log.Orders.Keys.Where(o => o >= size).ToList())
        {
            log.Orders.Remove(order);
        }

        var still = log.Orders.Values.ToHashSet();
        restored = [.. log.Erased.Where(e => e < size && !still.Contains(e)).Concat(Unlapse(log, size)).Order().Distinct()];
        log.Erased.IntersectWith(still);
        return touched;
    }

    /// <summary>
    /// The live entries of a log in a part of it, in their order: those that the log, if it ended at
    /// <paramref name="size"/>, would give its cells as values. docs/protocol.md, "Outlines".
    /// </summary>
    /// <param name="origin">The log.</param>
    /// <param name="from">First index looked at.</param>
    /// <param name="end">The index after the last one.</param>
    /// <param name="size">Where the log is thought to end; at least <paramref name="end"/>.</param>
    public IEnumerable<long> Live(Origin origin, long from, long end, long size)
    {
        if (!_logNumbers.TryGetValue(origin.Text, out var number))
        {
            yield break;
        }

        foreach (var (index, row) in _logs[number].Between(from, end))
        {
            // In a cell the newest comes first; what another epoch's log says is that log's.
            var newer = _rows[row].InCell.Before;
            if (newer == 0 || _rows[newer].Log != number || _rows[newer].Index >= size)
            {
                yield return index;
            }
        }
    }

    /// <summary>The erase and lapse entries of a log in a part of it, in no particular order.</summary>
    public IEnumerable<long> Orders(Origin origin, long from, long end) => Erasures(origin, from, end).Select(e => e.Order).Distinct();

    /// <summary>
    /// The same entries, each with the indexes that it has erased; also one that names an order, and does nothing. A lapse
    /// entry by which nothing lapsed that came here with its payload names itself.
    /// </summary>
    public IEnumerable<(long Order, long Erased)> Erasures(Origin origin, long from, long end)
    {
        if (!_logNumbers.TryGetValue(origin.Text, out var number))
        {
            return [];
        }

        // There may be very many of them, or very many entries.
        var orders = _logs[number].Orders;
        var erasures = end - from < orders.Count
            ? Enumerable.Range(0, (int)Math.Max(0, end - from)).Select(i => from + i)
                .Where(orders.ContainsKey).Select(o => (o, orders[o]))
            : orders.Where(o => o.Key >= from && o.Key < end).Select(o => (o.Key, o.Value));
        var log = _logs[number];
        List<long> lapses = [.. log.Lapses.Keys.Where(o => o >= from && o < end)];
        if (lapses.Count == 0)
        {
            return erasures;
        }

        List<(long Order, long Index)> lapsed = [.. log.Lapsed.Select(l => (l.Value.Order, l.Key)).Where(l => l.Order >= from && l.Order < end)];
        return erasures.Concat(lapsed).Concat(lapses.Except(lapsed.Select(l => l.Order)).Select(o => (o, o)));
    }

    /// <summary>
    /// The entries of a log that say something of an indicator, by index, rising: listings, withdrawals and opinions, also
    /// those that a newer one has taken the place of; without those that are erased.
    /// </summary>
    public IReadOnlyList<long> EntriesAbout(Hash256 id, Origin origin)
    {
        if (!_logNumbers.TryGetValue(origin.Text, out var number))
        {
            return [];
        }

        var entries = new List<long>();
        foreach (var first in (int[])[_listings.Find(id), _opinions.Find(id)])
        {
            for (var value = first; value != 0; value = _rows[value].InGroup.Next)
            {
                for (var row = value; row != 0; row = _rows[row].InCell.Next)
                {
                    if (_rows[row].Log == number)
                    {
                        entries.Add(_rows[row].Index);
                    }
                }
            }
        }

        entries.Sort();
        return entries;
    }

    /// <summary>The listing that an entry is, if it is one in the view; else null.</summary>
    public ListingPayload? ListingAt(Origin origin, long index) =>
        _logNumbers.TryGetValue(origin.Text, out var number) && _logs[number].RowOf(index) is var row and not 0
        && _rows[row].Kind == RowKind.Listing
            ? (ListingPayload)EntryOf(row).Payload
            : null;

    /// <summary>Whether an entry that is not erased lists the indicator, also one that a newer one has taken the place of.</summary>
    public bool HasListing(Hash256 id)
    {
        for (var value = _listings.Find(id); value != 0; value = _rows[value].InGroup.Next)
        {
            for (var row = value; row != 0; row = _rows[row].InCell.Next)
            {
                if (_rows[row].Kind == RowKind.Listing)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether anybody says anything about an indicator.</summary>
    public bool Contains(Hash256 id) => _listings.Find(id) != 0 || _opinions.Find(id) != 0;

    /// <summary>What everybody says about an indicator, or false if nobody says anything.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state)
    {
        var (listing, opinion) = (_listings.Find(id), _opinions.Find(id));
        state = listing == 0 && opinion == 0 ? null : new IndicatorState(id, InOrder(listing), InOrder(opinion));
        return state is not null;
    }

    /// <summary>
    /// Indicators with a listing in force, as of when each was last looked at by <see cref="CountActive(Hash256, long,
    /// Func{string, bool})"/>: time passes without a change.
    /// </summary>
    public int ActiveCount { get; private set; }

    /// <summary>
    /// Looks whether a listing of the indicator is in force: not withdrawn, not expired, by a member that counts.
    /// </summary>
    /// <param name="id">The indicator.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isMember">Whether a member's word counts, by the roster.</param>
    public void CountActive(Hash256 id, long now, Func<string, bool> isMember)
    {
        var first = _listings.Find(id);
        if (first != 0)
        {
            CountActive(first, now, isMember);
        }
    }

    /// <summary>Looks at all indicators.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isMember">Whether a member's word counts, by the roster.</param>
    public void CountActive(long now, Func<string, bool> isMember)
    {
        foreach (var first in _listings.All())
        {
            CountActive(first, now, isMember);
        }
    }

    /// <summary>The newest tally of each member, category and day.</summary>
    public IEnumerable<LogEntry> Tallies() => _tallies.All().SelectMany(EntriesOf);

    /// <summary>
    /// The digest of the view. Equal on any two nodes that put the same entries in, however they came by them.
    /// </summary>
    public Hash256 Digest() => _digest.Compute();

    /// <summary>Does a part of the work for <see cref="Digest"/>, so that a caller can do something else in between.</summary>
    /// <param name="buckets">Buckets to work out at most, of 65,536.</param>
    /// <returns>Whether nothing is left to do.</returns>
    public bool PrepareDigest(int buckets) => _digest.Refresh(buckets);

    private void CountActive(int first, long now, Func<string, bool> isMember)
    {
        var row = first;
        while (row != 0 && !IsActive(ref _rows[row], now, isMember))
        {
            row = _rows[row].InGroup.Next;
        }

        Count(first, row != 0);
    }

    private void Count(int first, bool active)
    {
        if (_rows[first].IsCounted != active)
        {
            _rows[first].IsCounted = active;
            ActiveCount += active ? 1 : -1;
        }
    }

    private bool IsActive(ref EntryRow row, long now, Func<string, bool> isMember) =>
        row.Kind == RowKind.Listing && _ends.EndOf(ref row) > now && isMember(_logs[row.Log].Origin.Member);

    /// <summary>Takes out what has lapsed of a log's entries below an index.</summary>
    private void LetLapse(LogRows log, long below, ICollection<ListingPayload> lapsed)
    {
        var due = new List<(long Index, int Row, long Order)>();
        foreach (var (index, row) in log.Between(0, below))
        {
            if (_rows[row].Kind == RowKind.Listing && WhyLapsed(log, index, EndIn(row)) is { } order)
            {
                due.Add((index, row, order));
            }
        }

        foreach (var (index, row, order) in due)
        {
            var listing = (ListingPayload)EntryOf(row).Payload;
            Note(log, index, new Lapsed(order, _rows[row].HasTerm ? ListingTerm.Of(listing) : null, _rows[row].Issued));
            lapsed.Add(listing);
            log.Remove(index);
            Remove(row);
        }
    }

    /// <summary>Whether a listing that comes only now has lapsed already.</summary>
    private bool HasLapsed(LogRows log, LogEntry entry, ListingPayload listing)
    {
        if (log.Lapsed.ContainsKey(entry.Index))
        {
            return true;
        }

        var term = entry.HasTerm ? ListingTerm.Of(listing) : null;
        if (WhyLapsed(log, entry.Index, EndOf(term, entry.Issued)) is not { } order)
        {
            return false;
        }

        Note(log, entry.Index, new Lapsed(order, term, entry.Issued));
        return true;
    }

    /// <summary>By which lapse entry what ended has lapsed, or <see cref="Lapsed.ByRoster"/>; null: it has not.</summary>
    private long? WhyLapsed(LogRows log, long index, long end) =>
        log.LapseOf(index, end) ?? (Lifetimes.HasLapsed(end, Lifetimes.AsOf) ? Lapsed.ByRoster : null);

    private static void Note(LogRows log, long index, Lapsed lapsed)
    {
        log.Lapsed[index] = lapsed;
        if (lapsed.Order == Lapsed.ByRoster)
        {
            log.LapsedByRoster.Add(index);
        }
    }

    /// <summary>Forgets the lapse entries from an index on; which listings below have not lapsed without them.</summary>
    private List<long> Unlapse(LogRows log, long size)
    {
        log.RemoveLapsesFrom(size);
        var back = new List<long>();
        foreach (var (index, lapsed) in log.Lapsed.Where(l => l.Key >= size || l.Value.Order >= size).ToList())
        {
            log.Lapsed.Remove(index);
            if (index >= size)
            {
                continue;
            }

            if (WhyLapsed(log, index, EndOf(lapsed.Term, lapsed.Issued)) is { } order)
            {
                Note(log, index, lapsed with { Order = order });
            }
            else
            {
                back.Add(index);
            }
        }

        return back;
    }

    /// <summary>When what a row holds ends as everybody can tell who has only the leaf.</summary>
    private long EndIn(int row) => _rows[row].HasTerm ? _ends.EndOf(ref _rows[row]) : _rows[row].Issued + ProtocolLimits.MaxLifetime;

    private long EndOf(ListingTerm? term, long issued) =>
        term is null ? issued + ProtocolLimits.MaxLifetime : Lifetimes.EndOf(term, issued);

    private GroupIndex IndexOf(RowKind kind) => kind switch
    {
        RowKind.Tally => _tallies,
        RowKind.Opinion => _opinions,
        _ => _listings,
    };

    /// <summary>Puts a row into its cell.</summary>
    private Hash256? Put(int row)
    {
        ref var added = ref _rows[row];
        var value = _cells.Find(_cells.CellOf(row));
        if (value == 0)
        {
            _cells.Put(_cells.CellOf(row), row);
            AddToGroup(row);
            _digest.Add(row);
        }
        else if (PositionOf(row) > PositionOf(value))
        {
            added.InCell.Next = value;
            _rows[value].InCell.Before = row;
            ReplaceValue(value, row);
        }
        else
        {
            // Entries of a log come nearly always in its order, so that this is the exception, and short.
            var before = value;
            while (_rows[before].InCell.Next is var next and not 0 && PositionOf(next) > PositionOf(row))
            {
                before = next;
            }

            added.InCell = new Link { Before = before, Next = _rows[before].InCell.Next };
            if (added.InCell.Next != 0)
            {
                _rows[added.InCell.Next].InCell.Before = row;
            }

            _rows[before].InCell.Next = row;
        }

        return added.Kind == RowKind.Tally ? null : added.Group;
    }

    /// <summary>Takes a row out, and wipes its payload.</summary>
    private Hash256? Remove(int row)
    {
        var removed = _rows[row];
        var (before, next) = (removed.InCell.Before, removed.InCell.Next);
        if (next != 0)
        {
            _rows[next].InCell.Before = before;
        }

        if (before != 0)
        {
            _rows[before].InCell.Next = next;
        }
        else
        {
            ReplaceValue(row, next);
        }

        _payloads.Wipe(removed.Payload);
        _rows.Free(row);
        return removed.Kind == RowKind.Tally ? null : removed.Group;
    }

    /// <summary>A cell has another value; 0: it is gone.</summary>
    private void ReplaceValue(int row, int by)
    {
        _digest.Replace(row, by);
        ReplaceInGroup(row, by);
        _cells.Put(_cells.CellOf(row), by);
    }

    private void AddToGroup(int row)
    {
        ref var added = ref _rows[row];
        var index = IndexOf(added.Kind);
        var first = index.Find(added.Group);
        if (first != 0)
        {
            added.InGroup.Next = first;
            _rows[first].InGroup.Before = row;
            (added.IsCounted, _rows[first].IsCounted) = (_rows[first].IsCounted, false);
        }
        else if (added.Kind != RowKind.Tally && !Contains(added.Group))
        {
            IndicatorCount++;
        }

        index.Put(added.Group, row);
    }

    private void ReplaceInGroup(int row, int by)
    {
        var (before, next) = (_rows[row].InGroup.Before, _rows[row].InGroup.Next);
        if (by != 0)
        {
            _rows[by].InGroup = _rows[row].InGroup;
        }

        if (next != 0)
        {
            _rows[next].InGroup.Before = by == 0 ? before : by;
        }

        var heir = by == 0 ? next : by;
        if (before != 0)
        {
            _rows[before].InGroup.Next = heir;
            return;
        }

        if (heir != 0)
        {
            (_rows[heir].IsCounted, _rows[row].IsCounted) = (_rows[row].IsCounted, false);
        }
        else
        {
            Count(row, false);
        }

        var (group, kind) = (_rows[row].Group, _rows[row].Kind);
        IndexOf(kind).Put(group, heir);
        if (heir == 0 && kind != RowKind.Tally && !Contains(group))
        {
            IndicatorCount--;
        }
    }

    private IEnumerable<LogEntry> EntriesOf(int first)
    {
        for (var row = first; row != 0; row = _rows[row].InGroup.Next)
        {
            yield return EntryOf(row);
        }
    }

    /// <summary>The entries of a group by member, opinions of one member by lister.</summary>
    private ImmutableArray<LogEntry> InOrder(int first) =>
        first == 0 ? []
        : _rows[first].InGroup.Next == 0 ? [EntryOf(first)]
        :
        [
            .. EntriesOf(first).OrderBy(e => e.Member, StringComparer.Ordinal)
                .ThenBy(e => (e.Payload as OpinionPayload)?.Lister, StringComparer.Ordinal),
        ];

    private EntryPosition PositionOf(int row) => new(EpochOf(row), _rows[row].Index);

    private int EpochOf(int row) => _logs[_rows[row].Log].Origin.Epoch;

    private void WriteKey(int row, ref MessagePack.MessagePackWriter writer)
    {
        ref var entry = ref _rows[row];
        var member = _logs[entry.Log].Origin.Member;
        switch (entry.Kind)
        {
            case RowKind.Opinion:
                CellKey.WriteOpinion(ref writer, entry.Group, member, _texts[entry.Sub]);
                break;
            case RowKind.Tally:
                CellKey.WriteTally(ref writer, member, (TallyPayload)EntryOf(row).Payload);
                break;
            default:
                CellKey.WriteListing(ref writer, entry.Group, member);
                break;
        }
    }

    private LogEntry EntryOf(int row)
    {
        ref var entry = ref _rows[row];
        var bytes = _payloads.Get(entry.Payload, entry.Expires);
        Payload payload = entry.Kind switch
        {
            RowKind.Listing => CanonicalReader.ReadAgain(bytes, ListingPayload.Read),
            RowKind.Withdrawal => CanonicalReader.ReadAgain(bytes, WithdrawalPayload.Read),
            RowKind.Opinion => CanonicalReader.ReadAgain(bytes, OpinionPayload.Read),
            _ => CanonicalReader.ReadAgain(bytes, TallyPayload.Read),
        };
        return new LogEntry(_logs[entry.Log].Origin, entry.Index, entry.LeafHash, entry.Issued, payload)
        {
            Ends = entry.Kind == RowKind.Listing ? _ends.EndOf(ref entry) : 0,
            HasTerm = entry.HasTerm,
        };
    }

    private int LogOf(Origin origin)
    {
        if (!_logNumbers.TryGetValue(origin.Text, out var number))
        {
            if (!_memberNumbers.TryGetValue(origin.Member, out var member))
            {
                _memberNumbers[origin.Member] = member = _memberNumbers.Count;
            }

            _logNumbers[origin.Text] = number = _logs.Count;
            _logs.Add(new LogRows(origin, member));
        }

        return number;
    }

    private int TextNumber(string text)
    {
        if (!_textNumbers.TryGetValue(text, out var number))
        {
            _textNumbers[text] = number = _texts.Count;
            _texts.Add(text);
        }

        return number;
    }
}
