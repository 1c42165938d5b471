using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Http;
using FederationNode.Detector.Replica;
using FederationNode.Detector.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FederationNode.Detector;

/// <content>How the replica gets its list and follows it. One task does all of it.</content>
public sealed partial class FederationReplica
{
    private const int Conflict = 409;
    private const string EventName = "changes";

    private static readonly TimeSpan s_maxDelay = TimeSpan.FromMinutes(1);

    /// <summary>After the disk failed it is tried again this much later.</summary>
    private static readonly TimeSpan s_filePause = TimeSpan.FromMinutes(1);

    private readonly NodeClient _client;
    private readonly ReplicaOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    // Of the one that follows.
    private ReplicaFile? _file;
    private DateTimeOffset _fileAgain;
    private bool _fileIsBehind = true;
    private bool _isBehind;
    private bool _opened;

    // Read by everybody.
    private TaskCompletionSource _changed = NextChange();
    private long _heard;
    private volatile string? _lastError;
    private volatile string? _fileError;

    /// <summary>Makes a replica; it has no list before <see cref="RunAsync"/> runs.</summary>
    /// <param name="options">Where the node is; <see cref="FederationDetectorOptions.Replica"/> says how to keep the list.</param>
    /// <param name="handler">What sends the requests, or null for the platform's own; disposed with this object.</param>
    /// <param name="clock">By which listings expire, and which measures delays; null: the system's.</param>
    /// <param name="logger">Takes what a person should know; null: nobody.</param>
    /// <exception cref="ArgumentException">The options are wrong; says what.</exception>
    public FederationReplica(
        FederationDetectorOptions options,
        HttpMessageHandler? handler = null,
        TimeProvider? clock = null,
        ILogger<FederationReplica>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var key = OptionsCheck.Demand(options);
        (_options, _clock) = (options.Replica ?? new ReplicaOptions(), clock ?? TimeProvider.System);
        _logger = logger ?? NullLogger<FederationReplica>.Instance;
        _policyFile = ReadPolicy();

        // This class tries again by itself, without end.
        _client = new NodeClient(options with { Retries = 0, HedgeQuantile = null }, key, handler, _clock);
    }

    /// <summary>How the replica is doing.</summary>
    public ReplicaStatus Status
    {
        get
        {
            var held = _held;
            var now = _clock.GetUtcNow();
            TimeSpan? age = held is null ? null : Max(TimeSpan.Zero, now - Heard);
            return new ReplicaStatus(
                held is not null,
                held is null || IsStaleAt(now),
                age,
                held?.List.Count ?? 0,
                held?.Place.ListVersion,
                held?.Place.ListSize ?? 0,
                held?.Place.Roster.Version ?? 0,
                _lastError,
                _fileError,
                _policyFile?.Fault);
        }
    }

    /// <summary>How far the changes were taken up; null: no list yet.</summary>
    internal string? Cursor => _held?.Place.Cursor;

    private DateTimeOffset Heard => new(Interlocked.Read(ref _heard), TimeSpan.Zero);

    private bool IsStaleAt(DateTimeOffset now) => now - Heard > _options.MaxAge;

    /// <summary>Ends when the replica has a whole list: from its folder, or from the node.</summary>
    public Task WaitReadyAsync(CancellationToken cancellationToken = default) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Loads what is kept, reads the list, and follows it until told to stop. What goes wrong on the way to the node is in
    /// <see cref="Status"/> and in the log, and is tried again; what the replica has stays.
    /// </summary>
    /// <param name="stoppingToken">Ends it.</param>
    /// <exception cref="IOException">The folder cannot be used, or another process uses it.</exception>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("The replica runs already.");
        }

        DetectorMetrics.Follow(this);
        try
        {
            if (_options.Folder is { } folder)
            {
                _file = new ReplicaFile(folder);
                await Task.Run(LoadFile, stoppingToken);
            }

            await FollowBothAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
        finally
        {
            DetectorMetrics.Leave(this);
            _file?.Dispose();
            _file = null;
            Volatile.Write(ref _running, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _policyFile?.Dispose();
    }

    /// <summary>Follows the list, and the policy where it stands in a file. Neither goes on without the other.</summary>
    private async Task FollowBothAsync(CancellationToken stoppingToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var list = FollowForEverAsync(ending.Token);
        Task[] both = _policyFile is { } file ? [list, Task.Run(() => file.WatchAsync(ending.Token), ending.Token)] : [list];
        await Task.WhenAny(both);
        await ending.CancelAsync();
        await Task.WhenAll(both);
    }

    private async Task FollowForEverAsync(CancellationToken stoppingToken)
    {
        var (failures, mustRead) = (0, _held is null);
        while (true)
        {
            stoppingToken.ThrowIfCancellationRequested();
            var before = _held;
            _opened = false;
            try
            {
                if (mustRead)
                {
                    await ReadSnapshotAsync(stoppingToken);
                    mustRead = false;
                }

                await FollowAsync(stoppingToken);

                // One that ends in good order, as a proxy may end it, is opened again soon, and at once if it told something.
                failures = _held == before ? 1 : 0;
            }
            catch (DetectorException e) when (e.Status == Conflict && !mustRead)
            {
                LogCursorLost(e.Message);
                mustRead = true;
                continue;
            }
            catch (Exception e) when (IsPassing(e) && !stoppingToken.IsCancellationRequested)
            {
                failures = _opened || _held != before ? 1 : failures + 1;
                _lastError = e.Message;
                DetectorMetrics.Failed();
                LogFailed(e.Message);
            }

            if (failures > 0)
            {
                await Task.Delay(Backoff(failures), _clock, stoppingToken);
            }
        }
    }

    private static bool IsPassing(Exception e) =>
        e is HttpRequestException or IOException or InvalidDataException or DetectorException or TimeoutException
            or OperationCanceledException;

    private TimeSpan Backoff(int failures)
    {
        var longest = _options.ReconnectDelay * Math.Pow(2, Math.Min(failures - 1, 20));
        return Max(longest < s_maxDelay ? longest : s_maxDelay, _options.ReconnectDelay) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private async Task ReadSnapshotAsync(CancellationToken stoppingToken)
    {
        using var answer = await _client.OpenAsync(
            node => new HttpRequestMessage(HttpMethod.Get, new Uri(node, ApiRoutes.Snapshot)), stoppingToken);
        await using var stream = new HeardStream(
            await answer.Content.ReadAsStreamAsync(stoppingToken), _options.Silence, long.MaxValue, () => { }, _clock);
        var (list, place) = await SnapshotReader.ReadAsync(
            stream, _options.MaxIndicators, _clock.GetUtcNow().ToUnixTimeSeconds(), stoppingToken);
        DetectorMetrics.TookSnapshot();
        LogSnapshot(list.Count);
        _isBehind = false;
        Hold(list, place);
        NoteHeard();
        _fileIsBehind = true;
        Keep([]);
    }

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        using var answer = await _client.OpenAsync(OpenStream, stoppingToken);
        await using var stream = new HeardStream(
            await answer.Content.ReadAsStreamAsync(stoppingToken), _options.Silence, 2L * PageReader.MaxBytes, NoteHeard, _clock);
        (_opened, _isBehind, _lastError) = (true, false, null);
        var events = SseParser.Create(stream, (type, data) => type == EventName ? PageReader.Read(data) : null);
        await foreach (var sent in events.EnumerateAsync(stoppingToken))
        {
            stream.Renew();
            if (sent.Data is { } page)
            {
                Apply(page);
                _isBehind = page.More;
            }
        }
    }

    private HttpRequestMessage OpenStream(Uri node)
    {
        var cursor = Uri.EscapeDataString(_held!.Place.Cursor);
        var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(node, $"{ApiRoutes.Changes}?limit={PageReader.Rows}&after={cursor}"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        return request;
    }

    private void Apply(ChangesPage page)
    {
        var held = _held!;

        // All rows are looked at before any counts: a page that cannot be used changes nothing.
        var rows = PageReader.RowsOf(page);
        if (held.List.Count > _options.MaxIndicators)
        {
            throw new InvalidDataException(
                $"The list has more than {_options.MaxIndicators} indicators: raise Replica.MaxIndicators.");
        }

        var list = held.List;
        foreach (var (id, row) in rows)
        {
            list.Put(id, row);
        }

        if (list.IsWorn)
        {
            list = list.Rebuild();
        }

        Hold(list, held.Place with
        {
            Cursor = page.Cursor,
            Roster = page.Roster ?? held.Place.Roster,
            ListVersion = page.ListVersion,
            ListSize = page.ListSize,
            Heard = _clock.GetUtcNow().ToUnixTimeSeconds(),
        });
        Keep(rows);
    }

    private void Hold(ReplicaList list, ReplicaPlace place)
    {
        if (_options.Policy is { } policy && policy.Self != place.Member)
        {
            throw new InvalidDataException(
                $"Replica.Policy is that of {policy.Self}, but the node is {place.Member}'s: set its Self.");
        }

        _held = new Held(list, place);
        _ready.TrySetResult();
        Interlocked.Exchange(ref _changed, NextChange()).TrySetResult();
    }

    /// <summary>Something came. While the node has more to tell already, the list is as old as it was.</summary>
    private void NoteHeard()
    {
        if (!_isBehind)
        {
            Interlocked.Exchange(ref _heard, _clock.GetUtcNow().UtcTicks);
        }

        // Here, since a node that has no news is heard all the same.
        if (IsFileOld)
        {
            Keep([]);
        }
    }

    /// <summary>Ends when the list changes after the call.</summary>
    internal Task ChangedAsync() => Volatile.Read(ref _changed).Task;

    private static TaskCompletionSource NextChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
