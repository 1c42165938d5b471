using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Indicators;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Matching.Checking;
using FederationNode.Node.Api.Checking;
using FederationNode.Node.Api.Indicators;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// The list of a stopped node: the same parts that answer in a running one, over entries read from the database.
/// </summary>
internal sealed class StoppedList
{
    private const int MaxRead = 4096;

    private readonly MergedList _list = new();
    private readonly RosterBoard _roster;
    private readonly IndicatorDescriber _describer;
    private readonly ItemChecker _checker;

    private StoppedList(RosterBoard roster, PolicyBoard policy)
    {
        _roster = roster;
        _list.Put(Lifetimes.Of(roster.Current), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), roster.Counts);
        _describer = new IndicatorDescriber(roster, policy, TimeProvider.System);
        _checker = new ItemChecker(_list, roster, policy);
    }

    /// <summary>Digest and size of the list.</summary>
    public MergedList.Snapshot Current => _list.Current;

    /// <summary>An empty list.</summary>
    /// <param name="folder">The node's folder.</param>
    /// <param name="roster">The roster in force.</param>
    /// <param name="policy">The policy and the logs in quarantine.</param>
    public static StoppedList Of(NodeFolder folder, RosterDocument roster, PolicyBoard policy) =>
        new(new RosterBoard(folder.ReadIdentity(folder.ReadConfig()), roster), policy);

    /// <summary>The list as it stands, for many items.</summary>
    /// <param name="isStale">Whether it is to be taken for one that may be out of date.</param>
    public ListChecker Open(bool isStale) => _checker.Open(_describer.Now, isStale);

    /// <summary>Applies a log up to its checkpoint.</summary>
    public async Task ApplyAsync(StoredLog log, long signed, CancellationToken cancel)
    {
        var origin = Origin.Parse(log.Origin);
        while (_list.AppliedOf(log.Origin) < signed)
        {
            cancel.ThrowIfCancellationRequested();
            var from = _list.AppliedOf(log.Origin);
            var entries = await log.ReadAsync(from, signed, MaxRead, Limits.MaxRangeBytes);
            _list.Apply(origin, from, entries, _describer.Now, _roster.Counts);
        }
    }

    /// <summary>As POST /v1/check answers. How old the list is, nobody knows: no peer was heard.</summary>
    public CheckResponse Check(CheckRequest request)
    {
        foreach (var (item, i) in request.Items.Select((item, i) => (item, i)))
        {
            if (ItemChecker.FaultOf(item) is { } fault)
            {
                throw new CliException(
                    ExitCode.Refused,
                    string.Create(CultureInfo.InvariantCulture, $"items[{i}]{(fault[0] == '.' ? "" : " ")}{fault}."));
            }
        }

        var opened = Open(isStale: true);
        var verdicts = request.Items
            .Select(item => ItemChecker.Answer(ItemChecker.Check(opened, AskedItem.Of(item)), item.Kind, item.Id, [])).ToList();
        return new CheckResponse(verdicts, Current.Digest.ToString(), Current.InForce, AgeSeconds: null, Stale: true);
    }

    /// <summary>The first indicators.</summary>
    public IndicatorPage Page(int limit)
    {
        if (limit is < 1 or > Limits.MaxPage)
        {
            throw new CliException(ExitCode.Refused, $"--limit is a number from 1 to {Limits.MaxPage}.");
        }

        var states = _list.Page(null, limit);
        var more = states.Count > 0 && _list.Page(states[^1].Id, 1).Count > 0;
        return new IndicatorPage([.. states.Select(s => _describer.Summarise(s))], more ? states[^1].Id.ToString() : null);
    }

    /// <summary>An indicator with its signed statements and what only this member knows of it.</summary>
    /// <exception cref="CliException">The id is malformed, or nobody says anything about it.</exception>
    public async Task<IndicatorDetail> ShowAsync(
        string id,
        RowStore rows,
        Func<LogEntry, CancellationToken, Task<EntryEvidence?>> evidence,
        CancellationToken cancel)
    {
        if (!Hash256.TryParseLowerHex(id, out var hash))
        {
            throw new CliException(ExitCode.Refused, "An indicator's id is 64 lower-case hexadecimal digits.");
        }

        if (!_list.TryGet(hash, out var state))
        {
            throw new CliException(ExitCode.Refused, "Nobody says anything about this indicator.");
        }

        var documents = new List<EvidenceDocument>();
        foreach (var entry in state.Listings.Concat(state.Opinions))
        {
            if (await evidence(entry, cancel) is { } proof)
            {
                documents.Add(_describer.Describe(new SignedStatement(entry.Origin.Text, proof)));
            }
        }

        var local = (await rows.ReadAsync<IndicatorRow>(IndicatorGrain.RowKind, id))?.Value ?? new IndicatorRow();
        return new IndicatorDetail(
            _describer.Summarise(state), documents, new LocalSummary(local.Note, local.Hits, local.LastHit));
    }
}
