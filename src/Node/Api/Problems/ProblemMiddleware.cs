using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Status;

namespace FederationNode.Node.Api.Problems;

/// <summary>
/// Makes problem details out of what went wrong below: exceptions, whose words stay in the program's log, and the bare
/// statuses of routing (404, 405, 415).
/// </summary>
internal sealed partial class ProblemMiddleware(
    RequestDelegate next, StorageAlarm alarm, DamageBoard damages, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        ProblemResult problem;
        try
        {
            await next(context);
            var isBare = context.Response is { HasStarted: false, ContentLength: null, ContentType: null };
            if (!isBare || context.Response.StatusCode < 400)
            {
                return;
            }

            problem = OfStatus(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure)
        {
            problem = OfException(context, failure);
        }

        if (context.Response.HasStarted)
        {
            // Half an answer is out: only breaking the connection keeps it from looking complete.
            context.Abort();
            return;
        }

        var allow = context.Response.Headers.Allow;
        context.Response.Clear();
        context.Response.Headers.Allow = allow;
        await problem.ExecuteAsync(context);
    }

    private static ProblemResult OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => Fault.NotFound.Because("No such route: see /openapi/v1.json for those that there are."),
        405 => Fault.MethodNotAllowed.Because($"This route takes {context.Response.Headers.Allow}."),
        415 => Fault.MediaType.Because("Send the body in a type that this route takes: see /openapi/v1.json."),
        var status => Fault.OfStatus(status).Because("The request cannot be handled."),
    };

    private ProblemResult OfException(HttpContext context, Exception failure)
    {
        if (failure is BadHttpRequestException bad)
        {
            return Fault.OfStatus(bad.StatusCode).Because("The request cannot be read as HTTP.");
        }

        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case CorruptStateException damage:
                    // Trying again helps nobody. The board logs each damaged row once.
                    return Fault.DamagedRow.Because(damages.Note(damage));
                case StorageException storage:
                    alarm.Raise(storage.Message);
                    LogStorage(route, failure);
                    return Fault.StorageUnavailable.Because(
                        $"The database failed ({storage.Fault}): see the node's log and its status. Nothing was "
                        + "acknowledged.");
                case RowConflictException:
                    LogStorage(route, failure);
                    return Fault.StorageUnavailable.Because("Another writer was faster: try again.");
                case TimeoutException or OrleansException:
                    LogBusy(route, failure);
                    return Fault.NotReady.Because("The node is starting, stopping or too busy: try again.");
            }
        }

        LogFailure(route, failure);
        return Fault.Internal.Because("The node met an error of its own: its log has the details.");
    }

    [LoggerMessage(1, LogLevel.Error, "{Route} failed: the storage.")]
    private partial void LogStorage(string route, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "{Route} was not served in time.")]
    private partial void LogBusy(string route, Exception failure);

    [LoggerMessage(3, LogLevel.Error, "{Route} failed.")]
    private partial void LogFailure(string route, Exception failure);
}
