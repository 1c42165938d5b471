using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers.Ceremonies;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>
/// The key ceremonies that the secretariat has planned, followed in the signed logs: every node comes to the same. One at a time
/// may use it: <see cref="UseAsync"/>.
/// </summary>
internal sealed class CeremonyBoard(ICeremonyLogs logs, NamedKeys named, NodeIdentity identity, RosterBoard roster) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private readonly List<(string Author, long Issued, CeremonyMessage Message)> _messages = [];
    private readonly List<PlannedCeremony> _planned = [];

    /// <summary>What is wrong with this node's part in a ceremony, by the ceremony.</summary>
    private readonly Dictionary<Hash256, string> _errors = [];

    /// <summary>Does something with the ceremonies as they are now, in the order of their plans.</summary>
    public async Task<T> UseAsync<T>(Func<IReadOnlyList<PlannedCeremony>, Task<T>> use, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (await named.ReadAsync())
            {
                // A key that is handed over may be known now.
                Reset();
            }

            // Thousands of multiplications where much was said: off the caller's thread.
            await Task.Run(ReadOn, cancellationToken);
            return await use(_planned);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Why this node cannot go on with a ceremony; null if nothing is wrong. For who uses the board.</summary>
    public string? ErrorOf(Hash256 ceremony) => _errors.GetValueOrDefault(ceremony);

    /// <summary>Notes it; true if it is news.</summary>
    public bool NoteError(Hash256 ceremony, string? error)
    {
        if (error is null)
        {
            return _errors.Remove(ceremony);
        }

        var isNews = ErrorOf(ceremony) != error;
        _errors[ceremony] = error;
        return isNews;
    }

    /// <summary>Whether the roster in force names the outcome of a ceremony.</summary>
    public bool IsInForce(PlannedCeremony planned) =>
        planned.Ceremony?.Key is { } key
        && roster.Current?.SellerKeyOf(key.Scheme.Type.Name, key.Scheme.Epoch)?.IsHeldAs(Protocol.Roster.SellerKey.Of(key)) == true;

    /// <summary>Whether the roster in force still names the key that a ceremony hands over, or none where it makes a new one.</summary>
    public bool IsStillWanted(PlannedCeremony planned)
    {
        var scheme = planned.Plan.Scheme;
        var key = roster.Current?.SellerKeyOf(scheme.Type.Name, scheme.Epoch);
        return planned.Plan.Base is not { } digest
            ? key is null
            : key is not null && named.Find(digest) is { } old && Protocol.Roster.SellerKey.Of(old).IsHeldAs(key);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private void Reset()
    {
        _taken.Clear();
        _messages.Clear();
        _planned.Clear();
    }

    private void ReadOn()
    {
        var said = logs.Read();
        if (said.Any(l => l.Entries.Count < _taken.GetValueOrDefault(l.Log.Text)))
        {
            // A log forked: what stood behind its end was never said.
            Reset();
        }

        // Plans first: what is said in one may come sooner than it does.
        foreach (var (log, entries) in said.OrderByDescending(l => l.Log.Member == Origin.Secretariat))
        {
            for (var i = _taken.GetValueOrDefault(log.Text); i < entries.Count; i++)
            {
                if (CeremonyMessage.TryDecode(entries[i].Message, out var message, out _))
                {
                    Take(log.Member, entries[i].Issued, message);
                }
            }

            _taken[log.Text] = entries.Count;
        }
    }

    private void Take(string author, long issued, CeremonyMessage message)
    {
        if (message is not CeremonyPlan plan)
        {
            _messages.Add((author, issued, message));
            _planned.ForEach(p => Say(p, author, issued, message));
        }
        else if (author == Origin.Secretariat && plan.Coalition == identity.Coalition && _planned.TrueForAll(p => p.Plan.Id != plan.Id))
        {
            Open(plan, issued);
        }
    }

    private void Open(CeremonyPlan plan, long issued)
    {
        var old = plan.Base is { } digest ? named.Find(digest) : null;
        _ = Ceremony.TryOpen(plan, old, out var ceremony, out _);
        var planned = new PlannedCeremony(plan, issued) { Ceremony = ceremony, IsNewest = true };
        foreach (var earlier in _planned.Where(p => p.Plan.Scheme == plan.Scheme))
        {
            earlier.IsNewest = false;
        }

        _planned.Add(planned);
        foreach (var (author, at, message) in _messages)
        {
            Say(planned, author, at, message);
        }
    }

    private static void Say(PlannedCeremony planned, string author, long issued, CeremonyMessage message)
    {
        if (planned.Ceremony is not { } ceremony)
        {
            return;
        }

        var step = ceremony.Step;
        if (ceremony.Take(author, message) == TakeOutcome.Taken)
        {
            planned.Heard = Math.Max(planned.Heard, issued);
            planned.Since = ceremony.Step == step ? planned.Since : planned.Heard;
        }
    }
}
