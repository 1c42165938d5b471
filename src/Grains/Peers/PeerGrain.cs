using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Peers;

/// <summary>What must survive a restart about a peer, so that a node that restarts often does not hammer it.</summary>
[MessagePackObject]
public sealed class PeerRow
{
    /// <summary>When an exchange last worked, in unix milliseconds; 0 if never.</summary>
    [Key(0)]
    public long LastContact { get; set; }

    /// <summary>Failed exchanges since then.</summary>
    [Key(1)]
    public int Failures { get; set; }

    /// <summary>Not before this time, in unix milliseconds.</summary>
    [Key(2)]
    public long NextAttempt { get; set; }
}

/// <inheritdoc cref="IPeerGrain"/>
/// <remarks>
/// What the peer holds is remembered only as a hint: every push and every comparison of heads tells it anew. The row is
/// written when the peer's state changes between well and failing, and at each failure.
/// </remarks>
public sealed partial class PeerGrain(
    RowStore rows,
    NodeIdentity identity,
    IPeerTransport transport,
    RosterBoard roster,
    HeadBoard board,
    RangePuller puller,
    PeerOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<PeerGrain> logger) : Grain, IPeerGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "peer";

    private const double MaxJitter = 1.2;

    private readonly Dictionary<string, long> _peerSizes = new(StringComparer.Ordinal);
    private PeerRow _row = new();
    private string? _etag;
    private string? _lastError;

    private string Member => this.GetPrimaryKeyString();

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    // A wait longer than any that is ever given is left over from a clock that has been set back since.
    private bool MustWait =>
        _row.NextAttempt - Now is > 0 and var wait && wait <= options.MaxBackoff.TotalMilliseconds * MaxJitter;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_row, _etag, var damage) = await rows.ReadDisposableAsync<PeerRow>(RowKind, Member);
        if (damage is not null)
        {
            LogBegunAnew(damage.Message);
        }
    }

    /// <inheritdoc/>
    public async Task PushAsync(string origin)
    {
        if (MustWait || board.Get(origin) is not { SignedSize: > 0 } head
            || _peerSizes.GetValueOrDefault(origin) >= head.SignedSize)
        {
            return;
        }

        var push = await MakePushAsync(head);
        await ExchangeAsync(options.ExchangeTimeout, async cancel =>
        {
            var answer = await transport.PushAsync(Member, push, cancel);
            NotePeerSize(origin, answer.Size);
        });
    }

    /// <inheritdoc/>
    public async Task CompareHeadsAsync()
    {
        if (MustWait)
        {
            return;
        }

        await ExchangeAsync(options.ExchangeTimeout, async cancel =>
        {
            var theirs = await transport.ExchangeHeadsAsync(Member, OwnHeads(board), cancel);
            await NoteHeadsAsync([.. theirs.Heads.Select(h => new PeerHead(h.Origin, h.Size))]);
        });
    }

    /// <inheritdoc/>
    public async Task NoteHeadsAsync(IReadOnlyList<PeerHead> heads)
    {
        foreach (var (origin, size) in heads)
        {
            NotePeerSize(origin, size);
            var held = board.Get(origin)?.SignedSize ?? 0;
            if (size <= held || !IsNamed(origin))
            {
                continue;
            }

            if (identity.KeyOf(origin) is not null)
            {
                await GrainFactory.GetGrain<IMemberLogGrain>(origin).NotePeerSizeAsync(size);
            }

            puller.Request(origin, Member, size);
        }
    }

    /// <inheritdoc/>
    public Task<PeerStatus> GetStatusAsync() => Task.FromResult(new PeerStatus(
        Member, _row is { Failures: 0, LastContact: > 0 }, _row.LastContact, _row.Failures, _row.NextAttempt, _lastError));

    /// <summary>The heads of all logs held, as they go over the wire.</summary>
    public static HeadsMessage OwnHeads(HeadBoard board) => new()
    {
        Heads = [.. board.All()
            .Where(h => h.SignedSize > 0)
            .Take(Limits.MaxHeads)
            .Select(h => new HeadMessage { Origin = h.Origin, Size = h.SignedSize, Root = h.SignedRoot.ToArray() })],
    };

    /// <summary>The newest head, and what the peer seems to lack if that is small.</summary>
    private async Task<PushMessage> MakePushAsync(LogStatus head)
    {
        var from = Math.Min(_peerSizes.GetValueOrDefault(head.Origin, head.SignedSize - 1), head.SignedSize);
        var range = await GrainFactory.GetGrain<IMemberLogGrain>(head.Origin)
            .ReadAsync(from, Limits.MaxRangeEntries, Limits.MaxPushBytes + 1);
        var complete = range.Proof.Count == 0 && range.Entries.Sum(e => e.WireSize) <= Limits.MaxPushBytes;
        return new PushMessage
        {
            Checkpoint = range.Checkpoint,
            From = range.From,
            Entries = complete ? [.. range.Entries.Select(PeerWire.ToMessage)] : [],
        };
    }

    /// <summary>Whether there can be such a log: a peer must not fill this node with grains that it invents.</summary>
    private bool IsNamed(string origin) =>
        identity.KeyOf(origin) is not null || roster.TryGetLogKey(origin, out _, out _);

    private void NotePeerSize(string origin, long size)
    {
        if (board.Get(origin) is not null)
        {
            _peerSizes[origin] = size;
        }
    }

    private async Task ExchangeAsync(TimeSpan timeout, Func<CancellationToken, Task> exchange)
    {
        using var cancel = new CancellationTokenSource(timeout, clock);
        try
        {
            await exchange(cancel.Token);
            await SucceededAsync();
        }
        catch (PeerException failure)
        {
            await FailedAsync(failure.Message);
        }
        catch (OperationCanceledException)
        {
            await FailedAsync($"{Member}: no answer within {timeout.TotalSeconds:0} s");
        }
    }

    private async Task SucceededAsync()
    {
        var wasFailing = _row.Failures > 0 || _row.LastContact == 0;
        (_row.LastContact, _row.Failures, _row.NextAttempt, _lastError) = (Now, 0, 0, null);
        if (wasFailing)
        {
            LogReachable(Member);
            await SaveAsync();
        }
    }

    private async Task FailedAsync(string error)
    {
        _row.Failures++;
        var wait = options.MinBackoff * Math.Pow(2, Math.Min(_row.Failures - 1, 16));
        wait = wait < options.MaxBackoff ? wait : options.MaxBackoff;
        _row.NextAttempt = Now + (long)(wait.TotalMilliseconds * (MaxJitter - (0.4 * Random.Shared.NextDouble())));
        _lastError = error;
        _peerSizes.Clear();
        if (_row.Failures is 1 or 10)
        {
            LogUnreachable(Member, _row.Failures, error);
        }

        await SaveAsync();
    }

    private async Task SaveAsync()
    {
        try
        {
            _etag = await rows.WriteAsync(RowKind, Member, _row, _etag);
        }
        catch (Exception failure) when (failure is StorageException or RowConflictException)
        {
            // The backoff is a courtesy to the peer, not a promise: going on without it loses nothing.
            LogNotSaved(Member, failure);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Member} is reachable.")]
    private partial void LogReachable(string member);

    [LoggerMessage(2, LogLevel.Warning, "{Member} is out of reach ({Failures} failed exchanges): {Error}")]
    private partial void LogUnreachable(string member, int failures, string error);

    [LoggerMessage(3, LogLevel.Warning, "The state of the link to {Member} could not be stored.")]
    private partial void LogNotSaved(string member, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "{Damage} It only says when the peer was last in reach, and is begun anew.")]
    private partial void LogBegunAnew(string damage);
}
