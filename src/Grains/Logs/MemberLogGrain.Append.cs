using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Grains.Logs;

/// <content>Appending to an own log.</content>
public sealed partial class MemberLogGrain
{
    /// <summary>Idempotent requests kept in the head row; when it is full, the older half moves to rows of their own.</summary>
    private const int MaxRequestsInHead = 64;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendRequest> requests)
    {
        if (WhyNotWritable() is { } refusal)
        {
            return refusal.Refusal is AppendRefusal.Behind && Defers
                ? await DeferAsync(requests, refusal)
                : [.. requests.Select(_ => refusal)];
        }

        if (_deferred.Requests.Length > 0)
        {
            // Nobody overtakes what waits.
            await AppendDeferredAsync();
        }

        return await AppendNowAsync(requests);
    }

    private async Task<IReadOnlyList<AppendResult>> AppendNowAsync(IReadOnlyList<AppendRequest> requests)
    {
        var batch = new AppendBatch(_log.Size, _clock.GetUtcNow().ToUnixTimeSeconds());
        foreach (var request in requests)
        {
            batch.Results.Add(await PrepareReadableAsync(request, batch));
        }

        if (batch.Entries.Count > 0 && await CommitAppendAsync(batch) is { } failure)
        {
            // A repetition of a request of this very batch has failed with it.
            return [.. batch.Results.Select(r => r.Refusal == AppendRefusal.None && r.First >= batch.Size ? failure : r)];
        }

        return batch.Results;
    }

    /// <inheritdoc/>
    public async Task<AppendResult?> FindAppendAsync(string idempotencyKey, Hash256 requestHash)
    {
        RefuseDamaged();
        return await FindRequestAsync(HashOfKey(idempotencyKey), []) is { } earlier ? Repeat(earlier, requestHash)
            : Array.Find(_deferred.Requests, r => r.Key == idempotencyKey) is { } waiting
                ? RepeatDeferred(waiting, requestHash)
            : null;
    }

    private AppendResult? WhyNotWritable()
    {
        if (_damage is not null)
        {
            return Refused(_damage);
        }

        if (!IsOwn)
        {
            return AppendResult.Refused(AppendRefusal.NotOurs, $"This node does not hold the key of the log {_origin}.");
        }

        if (_roster.Current is { } roster && roster.TryFindLog(_origin, out var log, out _) && log.ClosedAt is { } end)
        {
            return AppendResult.Refused(
                AppendRefusal.NotOurs, $"The roster closed the log {_origin} at size {end.Size}.");
        }

        return _fork is { } fork
            ? AppendResult.Refused(
                AppendRefusal.Frozen,
                $"The log {_origin} forked: other members hold a proof that its key signed two different logs. It stays at "
                    + $"{fork.FreezeAt} entries. Ask the secretariat for a new epoch.")
            : WhyBehind();
    }

    /// <summary>
    /// A damaged row of an earlier request stops only who repeats that request, not the rest of the batch.
    /// </summary>
    private async Task<AppendResult> PrepareReadableAsync(AppendRequest request, AppendBatch batch)
    {
        try
        {
            return await PrepareAsync(request, batch);
        }
        catch (CorruptStateException damage)
        {
            _damages.Note(damage);
            return Refused(damage);
        }
    }

    private async Task<AppendResult> PrepareAsync(AppendRequest request, AppendBatch batch)
    {
        if (ShapeFault(request) is { } shape)
        {
            return AppendResult.Refused(AppendRefusal.Invalid, shape);
        }

        // A repetition gets its answer even when the entries would not be taken any more: they may have expired since.
        var content = request.RequestHash ?? ContentHash(request.Entries);
        var key = request.IdempotencyKey is { } text ? HashOfKey(text) : (Hash256?)null;
        if (key is { } known && await FindRequestAsync(known, batch.Requests) is { } earlier)
        {
            return Repeat(earlier, content);
        }

        if (FirstFault(request, batch) is { } fault)
        {
            return AppendResult.Refused(AppendRefusal.Invalid, fault);
        }

        if (key is { } fresh)
        {
            batch.Requests.Add(new RequestRow
            {
                Key = fresh.ToArray(),
                Content = content.ToArray(),
                First = batch.NextIndex,
                Count = request.Entries.Count,
            });
        }

        var first = batch.NextIndex;
        batch.NoteUrgent(request);
        foreach (var entry in request.Entries)
        {
            var salt = RandomNumberGenerator.GetBytes(ProtocolLimits.SaltSize);
            var leaf = Leaf.Of(_origin, batch.Issued, entry.Ref, entry.Kind, salt, entry.Payload);
            batch.Entries.Add(new StoredEntry(leaf.Encode(), salt, entry.Payload));
        }

        return new AppendResult(first, request.Entries.Count, false, AppendRefusal.None, null);
    }

    private static string? ShapeFault(AppendRequest request)
    {
        if (request.Entries.Count is 0 or > Limits.MaxAppendEntries)
        {
            return $"A request has 1 to {Limits.MaxAppendEntries} entries, not {request.Entries.Count}.";
        }

        return request.IdempotencyKey is { Length: 0 or > Limits.MaxIdempotencyKey }
            ? $"An idempotency key has 1 to {Limits.MaxIdempotencyKey} characters."
            : null;
    }

    private string? FirstFault(AppendRequest request, AppendBatch batch)
    {
        // The log takes only what every reader will find meaningful: a no-op of our own making would be a lost entry.
        var origin = Origin.Parse(_origin);
        byte[] salt = new byte[ProtocolLimits.SaltSize];
        for (var i = 0; i < request.Entries.Count; i++)
        {
            var entry = request.Entries[i];
            if (!Names.IsCode(entry.Kind) || entry.Payload.Length > EntryKind.MaxPayload(entry.Kind))
            {
                return $"Entry {i} has no valid kind, or a payload that is too long.";
            }

            var leaf = Leaf.Of(_origin, batch.Issued, entry.Ref, entry.Kind, salt, entry.Payload).Encode();
            var index = batch.NextIndex + i;
            if (!LogEntry.TryInterpret(origin, index, default, leaf, salt, entry.Payload, out _, out var reason))
            {
                return $"Entry {i} would have no meaning: {reason}";
            }
        }

        return null;
    }

    private static Hash256 HashOfKey(string key) => Hash256.Of(Encoding.UTF8.GetBytes(key));

    private static AppendResult Repeat(RequestRow earlier, Hash256 content) =>
        content.Span.SequenceEqual(earlier.Content)
            ? new AppendResult(earlier.First, earlier.Count, true, AppendRefusal.None, null)
            : KeyReused();

    private static AppendResult KeyReused() => AppendResult.Refused(
        AppendRefusal.KeyReused,
        "The idempotency key was used for another request: choose a new key for new content.");

    private async Task<RequestRow?> FindRequestAsync(Hash256 key, IReadOnlyList<RequestRow> underWay) =>
        underWay.Concat(_log.Head.Requests).FirstOrDefault(r => key.Span.SequenceEqual(r.Key))
        ?? (await _rows.ReadAsync<RequestRow>(LogRowKind.Request, RequestKey(key.ToString())))?.Value;

    /// <summary>Makes the batch durable and signs it. The answer is null, or why nothing was changed.</summary>
    private async Task<AppendResult?> CommitAppendAsync(AppendBatch batch)
    {
        try
        {
            var requests = await SpillRequestsAsync([.. _log.Head.Requests, .. batch.Requests]);
            var plan = _log.Plan(batch.Entries);
            await _log.CommitAsync(plan, head =>
            {
                head.SignedSize = head.Size;
                head.Checkpoint = [];
                head.Cover = [];
                head.CoverAfter = [];
                head.Requests = requests;
            });
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
            return AppendResult.Refused(AppendRefusal.StorageUnavailable, "Another writer moved the log's head. Try again.");
        }
        catch (StorageException failure)
        {
            // Whether the head was written is unknown: what this activation believes may be out of date.
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
            return AppendResult.Refused(AppendRefusal.StorageUnavailable, failure.Message);
        }

        _checkpoint = await SignCheckpointAsync();
        if (batch.Urgent is var (from, end))
        {
            _heads.AppendedUrgent(_origin, from, end);
        }

        await ShowAsync();
        return null;
    }

    /// <summary>
    /// Keeps the head row small: the older half of the requests moves to rows of their own, written before the head
    /// that no longer names them.
    /// </summary>
    private async Task<RequestRow[]> SpillRequestsAsync(RequestRow[] requests)
    {
        if (requests.Length <= MaxRequestsInHead)
        {
            return requests;
        }

        var spilled = requests.Length - (MaxRequestsInHead / 2);
        foreach (var request in requests.Take(spilled).Where(r => r.First < _log.Size))
        {
            await _rows.WriteContentAsync(LogRowKind.Request, RequestKey(Convert.ToHexStringLower(request.Key)), request);
        }

        // Requests of this very batch stay in the head: a row about entries that are not durable yet would be a lie.
        return [.. requests.Where((r, i) => i >= spilled || r.First >= _log.Size)];
    }

    private string RequestKey(string keyHash) => $"{_origin}|{keyHash}";

    private static Hash256 ContentHash(IReadOnlyList<NewEntry> entries)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        foreach (var entry in entries)
        {
            var kind = Encoding.UTF8.GetBytes(entry.Kind);
            BinaryPrimitives.WriteInt64BigEndian(number, entry.Ref ?? -1);
            sha.AppendData(number);
            BinaryPrimitives.WriteInt32BigEndian(number, kind.Length);
            BinaryPrimitives.WriteInt32BigEndian(number[4..], entry.Payload.Length);
            sha.AppendData(number);
            sha.AppendData(kind);
            sha.AppendData(entry.Payload);
        }

        Hash256 hash = default;
        sha.GetHashAndReset(hash);
        return hash;
    }

    /// <summary>What one durable write will hold.</summary>
    private sealed class AppendBatch(long size, long issued)
    {
        public List<StoredEntry> Entries { get; } = [];

        public List<RequestRow> Requests { get; } = [];

        public List<AppendResult> Results { get; } = [];

        public long Size => size;

        /// <summary>One time for all: an entry must not expire between being examined and being made.</summary>
        public long Issued => issued;

        public long NextIndex => size + Entries.Count;

        /// <summary>The newest run of urgent entries in it, if that is not too long for one.</summary>
        public (long From, long End)? Urgent { get; private set; }

        public void NoteUrgent(AppendRequest request)
        {
            if (request.GoesFirst)
            {
                var (first, next) = (NextIndex, NextIndex + request.Entries.Count);
                Urgent = Urgent is var (from, end) && end == first && next - from <= Limits.MaxUrgentEntries
                    ? (from, next)
                    : (first, next);
            }
        }
    }
}
