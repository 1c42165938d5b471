using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Peers;

/// <summary>
/// What the node answers its peers: docs/protocol.md, section 10. No state of its own but what is in flight. This file:
/// what each route means; PeerEndpoints.Requests.cs: what all have in common.
/// </summary>
public sealed partial class PeerEndpoints(
    IGrainFactory grains,
    RosterBoard roster,
    HeadBoard heads,
    ReplicationDriver replication,
    TablesBoard tables,
    ILogger<PeerEndpoints> logger,
    ISellerEvaluator sellers)
{
    private const string LogPattern = PeerRoutes.Logs + "{coalition}/{member}/{log}/{epoch}/";
    private const string TileType = "application/octet-stream";
    private const string CheckpointType = "text/plain; charset=utf-8";
    private const string Immutable = "private, max-age=604800, immutable";
    private const string Brief = "private, max-age=2";

    private static readonly TimeSpan s_storageRetry = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Maps all routes, and a fallback that answers 404. Meant for a listener of its own, <see cref="PeerHost"/>: on
    /// any other, where no client certificate is asked for, each route answers 403.
    /// </summary>
    public void MapPeerEndpoints(IEndpointRouteBuilder routes)
    {
        MapPost(routes, PeerRoutes.Push, Limits.MaxPushBody, PeerBody.Push, PushAsync);
        MapPost(routes, PeerRoutes.Heads, PeerBody.MaxQuestionBody, PeerBody.HeadsQuestion, AnswerHeadsAsync, CompareTables);
        MapPost(routes, PeerRoutes.Range, PeerBody.MaxSmallBody, PeerBody.RangeRequest, GetRangeAsync);
        MapPost(routes, PeerRoutes.Outline, PeerBody.MaxSmallBody, PeerBody.RangeRequest, GetOutlineAsync);
        MapPost(routes, PeerRoutes.Live, PeerBody.MaxSmallBody, PeerBody.LiveRequest, GetLiveAsync);
        MapPost(routes, PeerRoutes.Fork, PeerBody.MaxSmallBody, PeerBody.ForkRequest, GetForkAsync);
        MapPost(routes, PeerRoutes.ForkPush, PeerBody.MaxForkBody, PeerBody.ForkPush, TakeForkAsync);
        MapPost(routes, PeerRoutes.Evaluate, Limits.MaxEvaluateBody, PeerBody.Evaluate, EvaluateAsync);
        MapGet(routes, LogPattern + "checkpoint", GetCheckpointAsync);
        MapGet(routes, LogPattern + "tile/{**tile}", GetTileAsync);
        routes.MapFallback("{**path}", context => ServeAsync(context, NoRouteAsync));
    }

    /// <summary>Takes what the asker says of its text tables, and says what this node has.</summary>
    private void CompareTables(string member, HttpContext context)
    {
        tables.Take(member, context.Request.Headers[TablesStatement.Header]);
        context.Response.Headers[TablesStatement.Header] = TablesStatement.Own;
    }

    private static Task<PeerAnswer> NoRouteAsync(string member, RouteValueDictionary values) =>
        Task.FromResult(PeerAnswer.Problem(StatusCodes.Status404NotFound, "There is no such route."));

    private async Task<PeerAnswer> PushAsync(string member, PushMessage push, CancellationToken cancellationToken)
    {
        if (!Checkpoint.TryParse(push.Checkpoint, out var checkpoint, out var error))
        {
            return PeerAnswer.Problem(StatusCodes.Status422UnprocessableEntity, error);
        }

        // A log grain is made only for names that the roster knows, so that nobody can fill the silo with others.
        if (!IsNamed(checkpoint.Origin))
        {
            return PeerAnswer.Problem(
                StatusCodes.Status403Forbidden, $"The roster in force here names no log {checkpoint.Origin}.");
        }

        return AnswerOf(await replication.TakePushAsync(
            member, checkpoint.Origin, PeerWire.FromMessage(push), Math.Min(push.Size, checkpoint.Size)));
    }

    private static PeerAnswer AnswerOf(ExtendResult result)
    {
        var size = new PushAnswerMessage { Size = result.HeadSize, Held = result.Size };
        var error = result.Error ?? result.Outcome.ToString();
        return result.Outcome switch
        {
            ExtendOutcome.Extended or ExtendOutcome.AlreadyHeld or ExtendOutcome.Overlaid => PeerAnswer.Message(size),

            // A refusal would make the sender take the whole node for out of reach, and not this one log.
            ExtendOutcome.Gap or ExtendOutcome.Damaged => PeerAnswer.Message(size, StatusCodes.Status409Conflict),
            ExtendOutcome.UnknownLog => PeerAnswer.Problem(StatusCodes.Status403Forbidden, error),
            ExtendOutcome.StorageUnavailable => StorageUnavailable(),
            _ => PeerAnswer.Problem(StatusCodes.Status422UnprocessableEntity, error),
        };
    }

    private async Task<PeerAnswer> AnswerHeadsAsync(
        string member, HeadsQuestionMessage question, CancellationToken cancellationToken) =>
        await replication.AnswerHeadsAsync(member, PeerWire.FromMessage(question), cancellationToken) is { } answer
            ? PeerAnswer.Message(PeerWire.ToMessage(answer))
            : PeerAnswer.Problem(
                StatusCodes.Status422UnprocessableEntity,
                "A checkpoint in the question is not of one of this node's own logs, or not signed by it.");

    private async Task<PeerAnswer> GetForkAsync(
        string member, ForkRequestMessage request, CancellationToken cancellationToken) =>
        IsNamed(request.Origin)
        && await grains.GetGrain<IMemberLogGrain>(request.Origin).GetForkAsync() is { } proof
            ? PeerAnswer.Message(new ForkMessage { Proof = proof })
            : PeerAnswer.Problem(StatusCodes.Status404NotFound, $"No fork of {request.Origin} is known here.");

    private async Task<PeerAnswer> TakeForkAsync(
        string member, ForkPushMessage push, CancellationToken cancellationToken)
    {
        if (!IsNamed(push.Origin))
        {
            return PeerAnswer.Problem(
                StatusCodes.Status403Forbidden, $"The roster in force here names no log {push.Origin}.");
        }

        var log = grains.GetGrain<IMemberLogGrain>(push.Origin);
        switch (await log.TakeForkAsync(push.Proof))
        {
            case ForkOutcome.Refused:
                return PeerAnswer.Problem(
                    StatusCodes.Status422UnprocessableEntity, $"The bytes prove no fork of {push.Origin}.");
            case ForkOutcome.StorageUnavailable:
                return StorageUnavailable();
            default:
                var status = await log.GetStatusAsync();
                return PeerAnswer.Message(new PushAnswerMessage { Size = status.HeadSize, Held = status.Size });
        }
    }

    private static PeerAnswer StorageUnavailable() =>
        PeerAnswer.Problem(StatusCodes.Status503ServiceUnavailable, "The storage takes nothing now.") with
        {
            RetryAfter = s_storageRetry,
        };

    private async Task<PeerAnswer> GetRangeAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        if (!IsNamed(request.Origin))
        {
            return NotHeld(request.Origin);
        }

        var range = await grains.GetGrain<IMemberLogGrain>(request.Origin)
            .ReadAsync(request.From, request.MaxEntries, request.MaxBytes);
        return range.Checkpoint.Length == 0 ? NotHeld(request.Origin) : PeerAnswer.Message(PeerWire.ToMessage(range));
    }

    private async Task<PeerAnswer> GetOutlineAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken) =>
        !IsNamed(request.Origin) || !ReplicationDriver.HasOutline(request.Origin) ? NotHeld(request.Origin)
        : await replication.AnswerOutlineAsync(request) is not { } part ? ListBehind(request.Origin)
        : part.Checkpoint.Length == 0 ? NotHeld(request.Origin)
        : PeerAnswer.Message(PeerWire.ToMessage(part));

    private async Task<PeerAnswer> GetLiveAsync(
        string member, LiveRequestMessage request, CancellationToken cancellationToken) =>
        !IsNamed(request.Origin) || !ReplicationDriver.HasOutline(request.Origin) ? NotHeld(request.Origin)
        : await replication.AnswerLiveAsync(request.Origin, request.Size, cancellationToken) is { } digest
            ? PeerAnswer.Message(new LiveMessage { Digest = digest.ToArray() })
            : ListBehind(request.Origin);

    private static PeerAnswer ListBehind(string origin) => PeerAnswer.Problem(
        StatusCodes.Status503ServiceUnavailable, $"The list here does not have {origin} so far yet.") with
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    private async Task<PeerAnswer> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        var evaluation = await sellers.EvaluateAsync(member, request, cancellationToken);
        var error = evaluation.Error ?? evaluation.Outcome.ToString();
        return evaluation.Outcome switch
        {
            EvaluationOutcome.Evaluated => PeerAnswer.Message(evaluation.Answer),
            EvaluationOutcome.QuotaExceeded => PeerAnswer.Problem(StatusOf(evaluation.Outcome), error) with
            {
                RetryAfter = evaluation.RetryAfter,
            },
            var refusal => PeerAnswer.Problem(StatusOf(refusal), error),
        };
    }

    /// <summary>The status with which a request for seller tags is refused.</summary>
    internal static int StatusOf(EvaluationOutcome refusal) => refusal switch
    {
        EvaluationOutcome.UnknownKey => StatusCodes.Status404NotFound,
        EvaluationOutcome.NoMember => StatusCodes.Status403Forbidden,
        EvaluationOutcome.QuotaExceeded => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status422UnprocessableEntity,
    };

    private async Task<PeerAnswer> GetCheckpointAsync(string origin, HttpContext context)
    {
        var status = IsNamed(origin)
            ? heads.Get(origin) ?? await grains.GetGrain<IMemberLogGrain>(origin).GetStatusAsync()
            : null;
        return status is { Checkpoint.Length: > 0 }
            ? new PeerAnswer(StatusCodes.Status200OK, CheckpointType, status.Checkpoint) { CacheControl = Brief }
            : NotHeld(origin);
    }

    private async Task<PeerAnswer> GetTileAsync(string origin, HttpContext context)
    {
        if (!TilePath.TryParse($"tile/{context.GetRouteValue("tile")}", out var path, out var error))
        {
            return PeerAnswer.Problem(StatusCodes.Status404NotFound, error);
        }

        if (!IsNamed(origin))
        {
            return NotHeld(origin);
        }

        var tile = await grains.GetGrain<IMemberLogGrain>(origin).ReadTileAsync(path.Level, path.Number, path.Width);
        if (tile is null)
        {
            return PeerAnswer.Problem(StatusCodes.Status404NotFound, $"{origin} has no {path} at its checkpoint.");
        }

        // A payload may be erased, so its tile, unlike all others, may change.
        return path.Level == TilePath.Payloads
            ? new PeerAnswer(StatusCodes.Status200OK, PeerRoutes.ContentType, tile)
            : new PeerAnswer(StatusCodes.Status200OK, TileType, tile) { CacheControl = Immutable };
    }

    private bool IsNamed(string origin) =>
        heads.Get(origin) is not null || roster.Current?.TryFindLog(origin, out _, out _) is true;

    private static PeerAnswer NotHeld(string origin) =>
        PeerAnswer.Problem(StatusCodes.Status404NotFound, $"The log {origin} is not held here.");
}
