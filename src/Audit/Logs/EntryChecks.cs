using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Audit.Logs;

/// <summary>
/// The checks of single entries: payload against leaf. Findings wait until it is known which leaves were
/// changed, because a changed leaf makes its payload look wrong, too. Entries come in the order of the log.
/// </summary>
internal sealed class EntryChecks(string originText, LogContents contents, Lifetimes lifetimes)
{
    // Of which faults may take all and lighter findings half, so that many small things cannot hide a large one.
    private const int MaxWaiting = 8192;

    private readonly Origin? _origin = Origin.TryParse(originText, out var origin, out _) ? origin : null;
    private readonly List<Finding> _waiting = [];
    private readonly HashSet<long> _withoutPayload = [];
    private readonly HashSet<long> _malformed = [];
    private readonly HashSet<long> _unerasable = [];

    // Of each listing, when it ended by its leaf; and the lapse entries, with the times that they say have come.
    private readonly List<(long Index, long End)> _ends = [];
    private readonly List<(long Index, long Time)> _lapses = [];
    private readonly SortedDictionary<long, long> _orders = [];

    /// <summary>Takes an entry that could not be read, so that the list of times keeps its order.</summary>
    public void Skip() => contents.Issued.Add(LogContents.NotIssued);

    /// <summary>Takes an entry.</summary>
    /// <param name="index">Where it stands.</param>
    /// <param name="leafHash">Hash of the leaf's bytes.</param>
    /// <param name="bytes">The leaf's bytes.</param>
    /// <param name="payload">What stands beside it, or null for nil.</param>
    /// <param name="payloadKnown">False if the payload tile could not be read at this place.</param>
    public void Take(long index, Hash256 leafHash, ReadOnlySpan<byte> bytes, SaltedPayload? payload, bool payloadKnown)
    {
        if (!Leaf.TryDecode(bytes, out var leaf, out var error))
        {
            contents.Issued.Add(LogContents.NotIssued);
            _malformed.Add(index);
            Note(Severity.Info, FindingKind.EntryWithoutMeaning, index, $"The entry does nothing. {error}");
            if (payload is not null)
            {
                Note(
                    Severity.Fault,
                    FindingKind.PayloadUnexpected,
                    index,
                    "A leaf without meaning has no payload, but there is one.");
            }

            return;
        }

        contents.Issued.Add(leaf.Issued);
        if (EntryKind.IsOrder(leaf.Kind))
        {
            _unerasable.Add(index);
        }

        if (_origin is { Log: Origin.Indicators } && leaf.Origin == originText && lifetimes.EndOf(leaf) is { } end)
        {
            _ends.Add((index, end));
        }

        if (payload is null)
        {
            if (payloadKnown)
            {
                _withoutPayload.Add(index);
            }

            return;
        }

        if (payload.Payload.Length > EntryKind.MaxPayload(leaf.Kind)
            || !leaf.Opens(payload.Salt.Span, payload.Payload.Span))
        {
            Note(Severity.Fault, FindingKind.PayloadChanged, index,
                "Salt and payload do not open the commitment in the leaf: the payload is not the one that was logged.");
            return;
        }

        Interpret(index, leafHash, bytes, payload);
    }

    /// <summary>
    /// Ends the walk: hands over what was found about entries whose leaf is sound, and which of them are to be erased.
    /// </summary>
    public void Finish(FindingList findings, IReadOnlySet<long> changedLeaves)
    {
        var lapsedByRoster = new HashSet<long>();
        var latest = _lapses.Select(l => l.Time).DefaultIfEmpty().Max();
        foreach (var (index, end) in _ends.Where(e => Lifetimes.HasLapsed(e.End, Math.Max(latest, lifetimes.AsOf))))
        {
            if (_lapses.Find(l => l.Index > index && Lifetimes.HasLapsed(end, l.Time)) is { Time: > 0 } lapse)
            {
                _orders.TryAdd(index, lapse.Index);
            }
            else if (Lifetimes.HasLapsed(end, lifetimes.AsOf))
            {
                // Nobody ordered it, so nobody has it acknowledged.
                lapsedByRoster.Add(index);
            }
        }

        foreach (var index in _withoutPayload.Where(i => !_orders.ContainsKey(i) && !lapsedByRoster.Contains(i)).Order())
        {
            Note(
                Severity.Fault,
                FindingKind.PayloadMissing,
                index,
                "The payload is not there, no entry of this log orders its erasure, and it has not lapsed.");
        }

        contents.Erased = _orders.Count;
        contents.Erasures.AddRange(_orders
            .Where(o => !_malformed.Contains(o.Key) && !changedLeaves.Contains(o.Key))
            .Select(o => new Erasure(o.Key, o.Value, _withoutPayload.Contains(o.Key))));
        foreach (var finding in _waiting.Where(f => !changedLeaves.Contains(f.Index!.Value)))
        {
            findings.Add(finding with { Source = findings.Source });
        }
    }

    private void Interpret(long index, Hash256 leafHash, ReadOnlySpan<byte> bytes, SaltedPayload payload)
    {
        string? reason = "The log's name is not an origin.";
        if (_origin is null
            || !LogEntry.TryInterpret(
                _origin, index, leafHash, bytes, payload.Salt.Span, payload.Payload.Span, out var entry, out reason))
        {
            Note(Severity.Info, FindingKind.EntryWithoutMeaning, index, $"The entry does nothing. {reason}");
            return;
        }

        contents.Take(entry);
        switch (entry.Payload)
        {
            case ErasePayload erase when !_unerasable.Contains(erase.Index):
                _orders.TryAdd(erase.Index, index);
                break;
            case LapsePayload lapse:
                _lapses.Add((index, lapse.Time));
                break;
            case ListingPayload listing:
                CheckLifetime(entry, listing);
                break;
            default:
                break;
        }
    }

    /// <summary>Whoever issues a listing must keep to the roster of its time, of which only the last one is at hand here.</summary>
    private void CheckLifetime(LogEntry entry, ListingPayload listing)
    {
        var (kind, lasts) = (listing.Indicator.Kind, listing.Expires - entry.Issued);
        if (lasts > lifetimes.LimitOf(kind))
        {
            var wasKnown = entry.Issued >= lifetimes.AsOf || lasts > Lifetimes.DefaultOf(kind);
            Note(
                wasKnown ? Severity.Warning : Severity.Info,
                FindingKind.ListingTooLong,
                entry.Index,
                $"The listing claims to last {lasts} seconds. By the roster indicators of kind {kind} last {lifetimes.LimitOf(kind)}, "
                    + $"so it ends at {entry.Issued + lifetimes.LimitOf(kind)}.");
        }
    }

    private void Note(Severity severity, string kind, long index, string explanation)
    {
        if (_waiting.Count < (severity == Severity.Fault ? MaxWaiting : MaxWaiting / 2))
        {
            _waiting.Add(new Finding(severity, kind, originText, index, explanation));
        }
    }
}
