using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Grains.Logs;

/// <content>
/// Requests that come while an own log may not sign: the node has just started and has not heard enough of the others,
/// or fetches back what an old backup lost. A takedown must not wait for that at home. So the requests are made durable
/// beside the log and count here at once; they get their places in the log, and go to the others, as soon as it may sign.
/// Only the indicators log takes them so: who writes into another can wait.
/// </content>
public sealed partial class MemberLogGrain
{
    private DeferredRow _deferred = new();
    private string? _deferredETag;

    private bool Defers => Origin.Parse(_origin).Log == Origin.Indicators;

    private async Task LoadDeferredAsync()
    {
        if (IsOwn && await _rows.ReadAsync<DeferredRow>(LogRowKind.Deferred, _origin) is { } stored)
        {
            (_deferred, _deferredETag) = (stored.Value, stored.ETag);
            _heads.Defer(_origin, AllDeferred());
        }
    }

    private async Task<IReadOnlyList<AppendResult>> DeferAsync(IReadOnlyList<AppendRequest> requests, AppendResult why)
    {
        var results = new List<AppendResult>(requests.Count);
        var added = new List<DeferredRequest>();
        foreach (var request in requests)
        {
            results.Add(await DeferAsync(request, added, why));
        }

        if (added.Count == 0)
        {
            return results;
        }

        var row = new DeferredRow { Requests = [.. _deferred.Requests, .. added] };
        if (await WriteDeferredAsync(row) is { } failure)
        {
            // A repetition of a request of this very batch has failed with it.
            bool IsOfThisBatch(AppendResult r, int i) =>
                r.Deferred && (!r.Repeated || added.Exists(a => a.Key == requests[i].IdempotencyKey));
            return [.. results.Select((r, i) => IsOfThisBatch(r, i) ? failure : r)];
        }

        _heads.Defer(_origin, AllDeferred());
        LogDeferred(_origin, added.Sum(r => r.Entries.Length));
        return results;
    }

    private async Task<AppendResult> DeferAsync(AppendRequest request, List<DeferredRequest> added, AppendResult why)
    {
        if (ShapeFault(request) is { } shape)
        {
            return AppendResult.Refused(AppendRefusal.Invalid, shape);
        }

        var content = request.RequestHash ?? ContentHash(request.Entries);
        if (request.IdempotencyKey is { } key)
        {
            if (await FindRequestAsync(HashOfKey(key), []) is { } earlier)
            {
                return Repeat(earlier, content);
            }

            if (_deferred.Requests.Concat(added).FirstOrDefault(r => r.Key == key) is { } waiting)
            {
                return RepeatDeferred(waiting, content);
            }
        }

        if (request.Entries.Any(e => EntryKind.IsOrder(e.Kind)))
        {
            // What it names must be in this very log, which may not be whole; and in the next epoch's it would be another.
            return why;
        }

        if (FirstFault(request, new AppendBatch(_log.Size, _clock.GetUtcNow().ToUnixTimeSeconds())) is { } fault)
        {
            return AppendResult.Refused(AppendRefusal.Invalid, fault);
        }

        if (_deferred.Requests.Concat(added).Sum(r => r.Entries.Length) + request.Entries.Count > Limits.MaxDeferredEntries)
        {
            return why;
        }

        added.Add(new DeferredRequest
        {
            Key = request.IdempotencyKey ?? $"deferred-{Guid.NewGuid():N}",
            Content = content.ToArray(),
            Urgent = request.GoesFirst,
            Entries = [.. request.Entries.Select(e => new DeferredEntry { Kind = e.Kind, Payload = e.Payload, Ref = e.Ref })],
        });
        return new AppendResult(-1, request.Entries.Count, false, AppendRefusal.None, null, Deferred: true);
    }

    private static AppendResult RepeatDeferred(DeferredRequest waiting, Hash256 content) =>
        content.Span.SequenceEqual(waiting.Content)
            ? new AppendResult(-1, waiting.Entries.Length, true, AppendRefusal.None, null, Deferred: true)
            : KeyReused();

    /// <summary>Puts what waits into the log, request by request; a crash in between repeats nothing, for each has a key.</summary>
    private async Task AppendDeferredAsync()
    {
        if (_deferred.Requests.Length == 0 || WhyNotWritable() is not null)
        {
            return;
        }

        foreach (var waiting in _deferred.Requests)
        {
            if (HasToWait((await AppendNowAsync([RequestOf(waiting)]))[0]))
            {
                return;
            }
        }

        await ForgetDeferredAsync();
    }

    /// <summary>
    /// The roster closed this log before it could sign what waits for it: that goes on into the log that the member writes
    /// now, which takes it as it would take it from anybody.
    /// </summary>
    private async Task CarryDeferredAsync()
    {
        var log = Origin.Parse(_origin).Log;
        if (_deferred.Requests.Length == 0
            || _identity.WrittenLog(_roster.Current, log) is not { } written || written.Origin.Text == _origin)
        {
            return;
        }

        // What they amend stands in this log, and an index means nothing in another.
        AppendRequest[] requests =
        [
            .. _deferred.Requests.Select(RequestOf).Select(r => r with { Entries = [.. r.Entries.Select(e => e with { Ref = null })] }),
        ];
        var results = await GrainFactory.GetGrain<IMemberLogGrain>(written.Origin.Text).AppendAsync(requests);
        if (!results.Any(HasToWait))
        {
            await ForgetDeferredAsync();
        }
    }

    private static AppendRequest RequestOf(DeferredRequest waiting) => new(
        [.. waiting.Entries.Select(e => new NewEntry(e.Kind, e.Payload, e.Ref))],
        waiting.Key,
        new Hash256(waiting.Content),
        waiting.Urgent);

    /// <summary>Whether what was tried must be tried again.</summary>
    private bool HasToWait(AppendResult result)
    {
        if (result.Refusal is AppendRefusal.None)
        {
            return false;
        }

        if (result.Refusal is AppendRefusal.Invalid or AppendRefusal.KeyReused)
        {
            // It was fit when it was taken, and has expired since.
            LogDeferredLost(_origin, result.Error!);
            return false;
        }

        return true;
    }

    private async Task ForgetDeferredAsync()
    {
        if (await WriteDeferredAsync(new DeferredRow()) is null)
        {
            _heads.Defer(_origin, []);
        }
    }

    private async Task<AppendResult?> WriteDeferredAsync(DeferredRow row)
    {
        try
        {
            _deferredETag = await _rows.WriteAsync(LogRowKind.Deferred, _origin, row, _deferredETag);
            _deferred = row;
            return null;
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
            return AppendResult.Refused(AppendRefusal.StorageUnavailable, "Another writer works on the log. Try again.");
        }
        catch (StorageException failure)
        {
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
            return AppendResult.Refused(AppendRefusal.StorageUnavailable, $"The storage failed: {failure.Message}");
        }
    }

    /// <summary>What waits, as entries of which everybody but the log knows the place already.</summary>
    private List<NewEntry> AllDeferred() =>
        [.. _deferred.Requests.SelectMany(r => r.Entries).Select(e => new NewEntry(e.Kind, e.Payload, e.Ref))];
}
