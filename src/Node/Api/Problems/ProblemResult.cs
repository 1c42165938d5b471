using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Problems;

/// <summary>An answer that is an error, as RFC 9457 problem details. Never quotes a value of the request.</summary>
internal sealed class ProblemResult(Fault fault, string detail) : IResult
{
    public const string ContentType = "application/problem+json";

    public const string TypePrefix = "urn:fednode:error:";

    public Fault Fault => fault;

    public string Detail => detail;

    /// <summary>The error as the answer's body has it.</summary>
    public ApiProblem ToProblem() => new(TypePrefix + fault.Code, fault.Title, fault.Status, detail);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = fault.Status;
        if (fault.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return response.WriteAsJsonAsync(
            ToProblem(),
            ApiJson.Options,
            ContentType,
            httpContext.RequestAborted);
    }
}

/// <summary>Short ways to the errors.</summary>
internal static class ProblemExtensions
{
    public static ProblemResult Because(this Fault fault, string detail) => new(fault, detail);
}
