using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Api.Status;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Publishing;

/// <summary>What a request wants to have published.</summary>
/// <param name="Payloads">What is appended.</param>
/// <param name="Requested">The same for the same request, whenever it comes: tells requests with one key apart.</param>
/// <param name="Ids">The indicators, in the order of the request.</param>
/// <param name="Key">The idempotency key, or null.</param>
/// <param name="Urgent">Whether it goes before all that is not urgent.</param>
internal sealed record Publication(
    IReadOnlyList<Payload> Payloads,
    IReadOnlyList<Payload> Requested,
    IReadOnlyList<Hash256> Ids,
    string? Key,
    bool Urgent = true);

/// <summary>Appends to the own indicators log, and answers only when the entries are durable and in the list.</summary>
internal sealed partial class Publisher(
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    LogAppender appender,
    MergedList list,
    ListFollower follower,
    StorageAlarm alarm,
    DamageBoard damages,
    LocalApiOptions options,
    ILogger<Publisher> logger)
{
    /// <summary>The log to publish in, and the roster in force, or why there is none.</summary>
    public bool TryFindLog(
        [NotNullWhen(true)] out Origin? log,
        [NotNullWhen(true)] out RosterDocument? document,
        [NotNullWhen(false)] out ProblemResult? problem)
    {
        log = null;
        document = roster.Current;
        if (document is null || !follower.IsLoaded)
        {
            problem = Fault.NotReady.Because("No roster was received yet, or the list is still loading: see /readyz.");
            return false;
        }

        var self = document.Member(identity.Member);
        log = self is { Status: MemberStatus.Active }
            ? identity.WrittenLog(document, Origin.Indicators)?.Origin
            : null;

        // What is appended behind a damaged row would be durable, and never in the own list.
        problem = log is not null && follower.HeldUp.TryGetValue(log.Text, out var damage)
                ? Fault.DamagedRow.Because(damages.Note(damage))
            : log is not null ? null
            : Fault.NotWritable.Because(
                $"By the roster, version {document.Version}, {identity.Member} is not active, or has no open "
                + "indicators log of which this node holds the key.");
        return problem is null;
    }

    /// <summary>Whether this member lists the indicator.</summary>
    public bool Lists(Hash256 id) =>
        list.TryGet(id, out var state)
        && state.Listings.Any(l => l.Member == identity.Member && l.Payload is ListingPayload);

    /// <summary>This member's own listing of an indicator, or null.</summary>
    public LogEntry? OwnListing(Hash256 id) =>
        list.TryGet(id, out var state)
            ? state.Listings.FirstOrDefault(l => l.Member == identity.Member && l.Payload is ListingPayload)
            : null;

    /// <summary>What the log says of an indicator and is not erased, by index, rising.</summary>
    public IReadOnlyList<long> EntriesAbout(Hash256 id, Origin log) => list.EntriesAbout(id, log);

    /// <summary>Whether an earlier request with this key did something already.</summary>
    public async Task<bool> WasDoneAsync(Origin log, Publication publication) =>
        await FindDoneAsync(log, publication) is not null;

    /// <summary>The answer to a repetition of a request that did something already, or null if none did.</summary>
    public async Task<IResult?> RepeatAsync(HttpContext context, Origin log, Publication publication) =>
        await FindDoneAsync(log, publication) is { } done ? await AnswerAsync(context, log, publication, done) : null;

    private async Task<AppendResult?> FindDoneAsync(Origin log, Publication publication) =>
        publication.Key is { } key
            ? await grains.GetGrain<IMemberLogGrain>(log.Text).FindAppendAsync(key, HashOf(publication.Requested))
            : null;

    public async Task<IResult> PublishAsync(HttpContext context, Origin log, Publication publication)
    {
        var request = new AppendRequest(
            [.. publication.Payloads.Select(p => new NewEntry(p.Kind, p.Encode()))],
            publication.Key,
            publication.Key is null ? null : HashOf(publication.Requested),
            publication.Urgent);
        var result = await appender.AppendAsync(log.Text, request, context.RequestAborted);
        return await AnswerAsync(context, log, publication, result);
    }

    /// <summary>Appends entries, and waits until they are durable and in the list; why that was not done, or null.</summary>
    public async Task<IResult?> AppendAsync(HttpContext context, Origin log, AppendRequest request)
    {
        var result = await appender.AppendAsync(log.Text, request, context.RequestAborted);
        if (result.Refusal != AppendRefusal.None)
        {
            return Refuse(result);
        }

        alarm.Clear();
        if (result.Deferred)
        {
            LogDeferred(request.Entries[0].Kind, result.Count, log.Text);
            return null;
        }

        if (!await AppliedAsync(log, result.First + result.Count - 1, context.RequestAborted))
        {
            return Fault.NotApplied.Because(
                $"The entries are durable from index {result.First} of {log} on, but the list does not have them yet. Send the request again.");
        }

        LogPublished(request.Entries[0].Kind, result.Count, log.Text, result.First);
        return null;
    }

    private async Task<IResult> AnswerAsync(HttpContext context, Origin log, Publication publication, AppendResult result)
    {
        if (result.Refusal != AppendRefusal.None)
        {
            return Refuse(result);
        }

        if (!result.Repeated)
        {
            alarm.Clear();
        }

        if (result.Deferred)
        {
            LogDeferred(publication.Payloads[0].Kind, result.Count, log.Text);
            return TypedResults.Json(
                new PublishResponse(
                    log.Text, null, result.Count, result.Repeated, [.. publication.Ids.Select(i => i.ToString())], true),
                ApiJson.Options,
                statusCode: StatusCodes.Status202Accepted);
        }

        if (!await AppliedAsync(log, result.First + result.Count - 1, context.RequestAborted))
        {
            return Fault.NotApplied.Because(
                $"The entries are durable from index {result.First} of {log} on, but the list does not have them yet. "
                + "Send the request again with the same idempotency key.");
        }

        if (!result.Repeated)
        {
            LogPublished(publication.Payloads[0].Kind, result.Count, log.Text, result.First);
        }

        return TypedResults.Json(
            new PublishResponse(
                log.Text, result.First, result.Count, result.Repeated, [.. publication.Ids.Select(i => i.ToString())]),
            ApiJson.Options,
            statusCode: result.Repeated ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    public void NoteOverride(Hash256 id, string reason) => LogOverride(id.ToString(), reason);

    private ProblemResult Refuse(AppendResult result)
    {
        switch (result.Refusal)
        {
            case AppendRefusal.Invalid:
                return Fault.Invalid.Because(result.Error!);
            case AppendRefusal.KeyReused:
                return Fault.KeyReused.Because(result.Error!);
            case AppendRefusal.Behind:
                return Fault.Behind.Because(result.Error!);
            case AppendRefusal.Damaged:
                return Fault.DamagedRow.Because($"{result.Error} See the node's status for what to do.");
            case AppendRefusal.StorageUnavailable:
                alarm.Raise(result.Error!);
                return Fault.StorageUnavailable.Because(
                    "The storage takes nothing now, and nothing was acknowledged: see the node's status for what it "
                    + "said.");
            default:
                return Fault.NotWritable.Because(result.Error!);
        }
    }

    private async Task<bool> AppliedAsync(Origin log, long index, CancellationToken aborted)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        timeout.CancelAfter(options.ApplyTimeout);
        try
        {
            await follower.WaitAppliedAsync(log.Text, index, timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Hash256 HashOf(IReadOnlyList<Payload> requested)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> lengths = stackalloc byte[8];
        foreach (var payload in requested)
        {
            var kind = Encoding.UTF8.GetBytes(payload.Kind);
            var bytes = payload.Encode();
            BinaryPrimitives.WriteInt32BigEndian(lengths, kind.Length);
            BinaryPrimitives.WriteInt32BigEndian(lengths[4..], bytes.Length);
            sha.AppendData(lengths);
            sha.AppendData(kind);
            sha.AppendData(bytes);
        }

        Hash256 hash = default;
        sha.GetHashAndReset(hash);
        return hash;
    }

    [LoggerMessage(1, LogLevel.Information, "Published {Count} entries ({Kind}) in {Origin} from index {Index} on.")]
    private partial void LogPublished(string kind, int count, string origin, long index);

    [LoggerMessage(3, LogLevel.Information, "Took {Count} entries ({Kind}) for {Origin}, which may not sign yet.")]
    private partial void LogDeferred(string kind, int count, string origin);

    [LoggerMessage(2, LogLevel.Warning, "The indicator {Indicator} is let past the lint. The reason given: {Reason}")]
    private partial void LogOverride(string indicator, string reason);
}
