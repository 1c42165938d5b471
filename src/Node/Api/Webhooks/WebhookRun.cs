using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Webhooks;
using FederationNode.Node.Api.Changes;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>
/// Tells one webhook of changes: batch by batch in their order, each until it is taken or given up. The cursor is durable
/// before the next batch goes out, so that each goes out at least once.
/// </summary>
internal sealed class WebhookRun(
    Webhook webhook,
    WebhookTimes times,
    HttpClient http,
    RowStore rows,
    ChangeReader reader,
    ListFollower follower,
    DamageBoard damages,
    TimeProvider clock)
{
    private const int BatchRows = 500;
    private const int MaxError = 300;

    /// <summary>Pages without anything for the webhook, after which its place is made durable all the same.</summary>
    private const int MaxSkipped = 64;

    private static readonly TimeSpan s_loadPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private WebhookRow _row = new();
    private string? _etag;
    private ChangesCursor _cursor = ChangesCursor.Start;
    private TaskCompletionSource _replay = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _skipped;
    private int _failures;
    private long? _failingSince;
    private string _lastError = "";

    public string Name => webhook.Name;

    /// <summary>Whom it tells.</summary>
    public Webhook Webhook => webhook;

    /// <summary>How it goes with this webhook.</summary>
    public WebhookStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new WebhookStatus(
                    webhook.Name,
                    webhook.Url.ToString(),
                    webhook.Kinds,
                    webhook.Categories,
                    _row.LastDelivered == 0 ? null : _row.LastDelivered,
                    _failures,
                    _failingSince,
                    _lastError,
                    [.. _row.Dead.Select(d => new DeadLetter(d.At, d.Count, d.Error))],
                    _row.MoreDead);
            }
        }
    }

    /// <summary>Goes back to before the oldest batch that was given up; false if none was.</summary>
    public bool Replay()
    {
        lock (_lock)
        {
            return _row.Dead.Count > 0 && (_replay.TrySetResult() || _replay.Task.IsCompleted);
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!follower.IsLoaded)
        {
            await Task.Delay(s_loadPause, clock, stopping);
        }

        await LoadAsync();
        while (true)
        {
            await ReplayIfWantedAsync();

            // Asked before reading: what is applied meanwhile ends the wait at once.
            var changed = follower.ChangedAsync();
            _cursor = reader.Resume(_cursor);
            if (await reader.ReadAsync(_cursor, BatchRows) is not var (page, next))
            {
                // Entries were taken back just now.
                continue;
            }

            var wanted = Filter(page);
            if (wanted.Count == 0 || await DeliverAsync(wanted, stopping))
            {
                await MoveAsync(next, wanted.Count);
            }

            if (!page.More)
            {
                await Task.WhenAny(changed, _replay.Task).WaitAsync(stopping);
            }
        }
    }

    private async Task LoadAsync()
    {
        (var row, _etag, var damage) = await WebhookRow.ReadAsync(rows, webhook.Name);
        lock (_lock)
        {
            _row = row;
        }

        if (damage is not null)
        {
            damages.Note(
                WebhookRow.RowKind,
                webhook.Name,
                $"{damage.Message} It is not known how far the webhook {webhook.Name} was told of changes: it is told of "
                    + "those from now on. Its receiver should look at the whole list once.");
        }

        if (_etag is null || damage is not null || !ChangesCursor.TryParse(row.Cursor, out var cursor))
        {
            // It is told of what comes from now on.
            await MoveAsync(reader.Now(null), 0);
            return;
        }

        _cursor = cursor;
    }

    /// <summary>The page with what the webhook wants to know. Of what is withdrawn nobody knows the kind: it is told.</summary>
    private ChangesPage Filter(ChangesPage page)
    {
        var changes = page.Changes
            .Where(c => c.IndicatorId is not null)
            .Where(c => IsWanted(webhook.Kinds, c.Indicator?.Kind) && IsWanted(webhook.Categories, c.Indicator?.Category))
            .ToList();
        return page with { Changes = changes, Count = changes.Count };
    }

    private static bool IsWanted(IReadOnlyList<string> wanted, string? value) =>
        wanted.Count == 0 || string.IsNullOrEmpty(value) || wanted.Contains(value);

    /// <summary>Posts a batch until it is taken (true) or given up (true), or is to be replaced by others (false).</summary>
    private async Task<bool> DeliverAsync(ChangesPage page, CancellationToken stopping)
    {
        var body = PageBytes.Write(page);
        var id = "msg_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{webhook.Name} {_cursor} {page.Cursor}")).AsSpan(0, 16));
        while (true)
        {
            if (await PostAsync(id, body, stopping) is not { } error)
            {
                NoteSuccess();
                return true;
            }

            var since = NoteFailure(error);
            if (clock.GetUtcNow().ToUnixTimeSeconds() - since >= times.GiveUpAfter.TotalSeconds)
            {
                GiveUp(page.Count, error);
                return true;
            }

            try
            {
                await _replay.Task.WaitAsync(PauseAfter(_failures), clock, stopping);
                return false;
            }
            catch (TimeoutException)
            {
                // The pause is over.
            }
        }
    }

    /// <summary>What went wrong, or null.</summary>
    private async Task<string?> PostAsync(string id, ReadOnlyMemory<byte> body, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(times.Timeout);
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Sign(webhook.Secret.Span, id, timestamp, body.Span));
        try
        {
            // Nothing of the answer's body is read, however long it is.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return response.IsSuccessStatusCode ? null : $"The receiver answered {(int)response.StatusCode}.";
        }
        catch (HttpRequestException e)
        {
            return $"The receiver was not reached: {e.HttpRequestError}.";
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return string.Create(CultureInfo.InvariantCulture, $"The receiver did not answer within {times.Timeout.TotalSeconds} s.");
        }
    }

    private TimeSpan PauseAfter(int failures)
    {
        var doubled = times.FirstPause * Math.Pow(2, Math.Min(failures - 1, 30));
        var pause = doubled < times.LongestPause ? doubled : times.LongestPause;
        return pause * (1 + (RandomNumberGenerator.GetInt32(500) / 1000.0));
    }

    private void NoteSuccess()
    {
        lock (_lock)
        {
            (_failures, _failingSince, _lastError) = (0, null, "");
            _row.LastDelivered = clock.GetUtcNow().ToUnixTimeSeconds();
        }
    }

    /// <summary>Since when it fails.</summary>
    private long NoteFailure(string error)
    {
        lock (_lock)
        {
            _failures++;
            _failingSince ??= clock.GetUtcNow().ToUnixTimeSeconds();
            _lastError = error[..Math.Min(error.Length, MaxError)];
            return _failingSince.Value;
        }
    }

    private void GiveUp(int count, string error)
    {
        lock (_lock)
        {
            // The next one gets as much time.
            _failingSince = null;
            if (_row.Dead.Count == WebhookRow.MaxDead)
            {
                _row.MoreDead++;
                return;
            }

            _row.Dead = [.. _row.Dead, new DeadBatch
            {
                After = _cursor.ToString(),
                Count = count,
                At = clock.GetUtcNow().ToUnixTimeSeconds(),
                Error = error,
            }];
        }
    }

    private async Task ReplayIfWantedAsync()
    {
        ChangesCursor? back = null;
        lock (_lock)
        {
            if (!_replay.Task.IsCompleted)
            {
                return;
            }

            _replay = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = _row.Dead.Count > 0 && ChangesCursor.TryParse(_row.Dead[0].After, out back);
            (_row.Dead, _row.MoreDead, _failingSince) = ([], 0, null);
        }

        if (back is not null)
        {
            await MoveAsync(back, 1);
        }
    }

    /// <summary>Makes it durable how far the webhook has come; not for each entry that it does not want to know of.</summary>
    private async Task MoveAsync(ChangesCursor next, int told)
    {
        _cursor = next;
        _skipped = told == 0 ? _skipped + 1 : 0;
        if (told == 0 && _row.Cursor.Length > 0 && _skipped < MaxSkipped)
        {
            return;
        }

        _skipped = 0;
        lock (_lock)
        {
            _row.Cursor = next.ToString();
        }

        _etag = await rows.WriteAsync(WebhookRow.RowKind, webhook.Name, _row, _etag);
    }
}
