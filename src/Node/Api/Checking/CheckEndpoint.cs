using System.Net.Mime;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Checking;

/// <summary>POST /v1/check, in three forms: one JSON body, lines of JSON, a form with pictures.</summary>
internal sealed class CheckEndpoint(
    BatchCheck batch,
    LinesCheck lines,
    FormCheck form,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ApiRoutes.Check, (Delegate)routes.ServiceProvider.GetRequiredService<CheckEndpoint>().CheckAsync)
        .WithName("check")
        .WithSummary("Asks whether texts, image hashes, images and seller tags are on the list.")
        .WithDescription(
            "A PDQ hash is looked up as given: for a mirrored or turned image, send its other seven hashes as items of "
            + "their own, or the image itself in a form. Each item gets the gravest verdict of its matches. A text with longest "
            + "set to true has no keywords reported that overlap a longer one as grave. As "
            + "application/x-ndjson the body is any number of items, one a line, and so is the answer (CheckLine, at the "
            + "end CheckLinesEnd): read it while you send. As multipart/form-data the parts are named image, text or "
            + "seller, or image:ID and so on (answer: CheckFormResponse); images are hashed in the node and kept nowhere. "
            + $"The query parameter {Deadline.Parameter} is the time for it all, 1 to 60,000 ms.")
        .WithTags("check")
        .Accepts<CheckRequest>(MediaTypeNames.Application.Json, LinesOfJson.ContentType, MediaTypeNames.Multipart.FormData)
        .Produces<CheckResponse>(StatusCodes.Status200OK, MediaTypeNames.Application.Json, LinesOfJson.ContentType)
        .WithShapes(MediaTypeNames.Application.Json, [], [typeof(CheckResponse), typeof(CheckFormResponse)])
        .WithShapes(LinesOfJson.ContentType, [typeof(CheckItem)], [typeof(CheckLine), typeof(CheckLinesEnd)])
        .WithShapes(MediaTypeNames.Multipart.FormData, [typeof(CheckForm)], [])
        .MayFail(400, 413, 415, 429)
        .WithMetadata(AnyBodySize.Instance)
        .Needs(Permission.Ask);

    public async Task CheckAsync(HttpContext context)
    {
        if (await AnswerAsync(context) is { } problem)
        {
            await problem.ExecuteAsync(context);
        }
    }

    /// <summary>Answers, or says why not before anything was answered.</summary>
    private async ValueTask<ProblemResult?> AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.QueryString.HasValue && QueryReader.FirstFault(request, Deadline.Parameter) is { } query)
        {
            return query;
        }

        if (!Deadline.TryRead(request, Limits.MaxCheckTimeout, out var time))
        {
            return Fault.Invalid.Because($"{Deadline.Parameter} is a number from 1 to {Limits.MaxCheckTimeout}.");
        }

        if (IsLines(request.ContentType))
        {
            return await lines.AnswerAsync(context, time);
        }

        using var deadline = new Deadline(
            time ?? TimeSpan.FromMilliseconds(Limits.MaxCheckTimeout / 2), clock, context.RequestAborted);
        try
        {
            return request.HasFormContentType
                ? await form.AnswerAsync(context, deadline)
                : await batch.AnswerAsync(context, deadline);
        }
        catch (OperationCanceledException) when (deadline.IsPassed && !context.RequestAborted.IsCancellationRequested)
        {
            return Deadline.Missed();
        }
    }

    private static bool IsLines(string? type) =>
        type is not null && type.StartsWith(LinesOfJson.ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == LinesOfJson.ContentType.Length || type[LinesOfJson.ContentType.Length] is ';' or ' ');
}
