using System.Globalization;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Storage;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <content>One holder: the exchange, the check of its answer, what it is called when there is none.</content>
internal sealed partial class HolderQuorum
{
    private async Task<Reply> AskAsync(Batch batch, int number, CancellationToken end)
    {
        var holder = batch.Key.Holders[number - 1];
        using var patience = new CancellationTokenSource(options.Patience, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(end, patience.Token);
        try
        {
            var answer = holder == identity.Member
                ? await AskOwnAsync(batch.Request, stop.Token)
                : await transport.EvaluateAsync(holder, batch.Request, stop.Token);
            end.ThrowIfCancellationRequested();
            return await Task.Run(() => Check(batch, number, answer), end);
        }
        catch (PeerException refusal)
        {
            return Failed(batch.Key, new HolderFailure(holder, InWords(refusal), refusal.Status, refusal.RetryAfter), refusal.Message);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            var late = $"no answer within {options.Patience.TotalSeconds:0} s";
            return Failed(batch.Key, new HolderFailure(holder, late), late);
        }
    }

    private Reply Check(Batch batch, int number, EvaluatedMessage answer)
    {
        var holder = batch.Key.Holders[number - 1];
        if (HolderAnswerCheck.TryTake(
                batch.Key,
                number,
                batch.Blinded,
                new HolderAnswer(answer.Evaluated, answer.Proof),
                out var elements,
                out var fault))
        {
            board.Good(holder);
            return new Reply(elements, null);
        }

        board.Wrong(holder, fault.Text);
        LogWrong(holder, batch.Key.Scheme, fault.Kind, fault.Text);
        return new Reply(null, new HolderFailure(holder, $"its answer is wrong ({fault.Text.TrimEnd('.')})"));
    }

    private Reply Failed(SharedKey key, HolderFailure failure, string detail)
    {
        board.Failed(failure.Holder, failure.Reason);
        LogFailed(failure.Holder, key.Scheme, detail);
        return new Reply(null, failure);
    }

    private async Task<EvaluatedMessage> AskOwnAsync(EvaluateMessage request, CancellationToken stop)
    {
        var evaluation = await EvaluateOwnAsync(request, stop);
        return evaluation.Answer ?? throw new PeerException(identity.Member, evaluation.Error ?? "refused")
        {
            Status = PeerEndpoints.StatusOf(evaluation.Outcome),
            RetryAfter = evaluation.Outcome == EvaluationOutcome.QuotaExceeded ? evaluation.RetryAfter : null,
        };
    }

    /// <summary>Without its database this node counts nothing, and so answers nobody, itself among them.</summary>
    private async Task<Evaluation> EvaluateOwnAsync(EvaluateMessage request, CancellationToken stop)
    {
        try
        {
            return await own.EvaluateAsync(identity.Member, request, stop);
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException or StorageException)
        {
            throw new PeerException(identity.Member, failure.Message, failure) { Status = StatusCodes.Status503ServiceUnavailable };
        }
    }

    private string InWords(PeerException refusal) => refusal.Status switch
    {
        0 => "out of reach",
        StatusCodes.Status403Forbidden => "makes no tags for this node, which is no member's by the roster there",
        StatusCodes.Status404NotFound => "holds no share of this key",
        StatusCodes.Status429TooManyRequests => refusal.RetryAfter is { } wait
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"takes no more from this member before {clock.GetUtcNow() + wait:yyyy-MM-dd HH:mm:ss} UTC")
            : "takes no more from this member for now",
        StatusCodes.Status200OK => "its answer cannot be read",
        var status => $"refused with status {status}",
    };

    [LoggerMessage(1, LogLevel.Warning, "The holder {Holder} answered wrongly to a request for tags {Scheme}: {Kind}, {Fault}")]
    private partial void LogWrong(string holder, SellerScheme scheme, HolderFaultKind kind, string fault);

    [LoggerMessage(2, LogLevel.Information, "The holder {Holder} gave no tags {Scheme}: {Detail}")]
    private partial void LogFailed(string holder, SellerScheme scheme, string detail);

    [LoggerMessage(3, LogLevel.Information, "The holder {Holder} has given no tags {Scheme} for {Seconds} s: another is asked, too.")]
    private partial void LogSlow(string holder, SellerScheme scheme, double seconds);
}
