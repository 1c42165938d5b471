using FederationNode.Detector;
using FederationNode.Matching.Policy;

namespace FederationNode.Shop;

/// <summary>
/// Lets a listing through, holds it for a person (202), or refuses it (403). It asks the replica in process; while that has
/// no fresh list, the node; and if nobody answers, a person decides.
/// </summary>
internal sealed partial class HoldForReview(
    FederationReplica replica, FederationDetector detector, ILogger<HoldForReview> logger) : IEndpointFilter
{
    private const int MaxText = 100_000;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var listing = context.GetArgument<Listing>(0);
        var text = $"{listing.Title}\n{listing.Description}";
        return text.Length > MaxText
            ? Results.Problem("The listing is too long.", statusCode: StatusCodes.Status413PayloadTooLarge)
            : await JudgeAsync(text, context.HttpContext.RequestAborted) switch
            {
                Verdict.Block => Results.Problem("This must not be sold here.", statusCode: StatusCodes.Status403Forbidden),
                Verdict.Review => Results.Accepted($"/listings/{listing.Id}", new { listing.Id, state = "held for review" }),
                _ => await next(context),
            };
    }

    private async Task<Verdict> JudgeAsync(string text, CancellationToken cancellationToken)
    {
        if (replica.Status is { IsReady: true, IsStale: false })
        {
            return replica.Check(text).Verdict;
        }

        try
        {
            return VerdictText.FromAction((await detector.CheckTextAsync(text, cancellationToken)).Verdict);
        }
        catch (Exception e) when (e is DetectorException or HttpRequestException or TimeoutException)
        {
            LogUnchecked(e.Message);
            return Verdict.Review;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "A listing is held because nobody could check it: {Reason}")]
    private partial void LogUnchecked(string reason);
}
