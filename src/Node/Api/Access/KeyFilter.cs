using System.Threading.RateLimiting;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Access;

/// <summary>Lets a request pass whose bearer key has a role that may, before its body is read.</summary>
internal sealed class KeyFilter(ApiKeyRing keys, Permission permission) : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value
            || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(http, "Send the header \"Authorization: Bearer KEY\" with a key of this node.");
        }

        if (keys.Find(value.AsSpan(Scheme.Length).Trim()) is not { } key)
        {
            return Refuse(http, "The key is not one of this node's.");
        }

        return !permission.Roles.Contains(key.Role)
                ? new ValueTask<object?>(Fault.Forbidden.Because($"The key has the role {key.Role}; this takes {permission}."))
            : key.Limiter is { } limiter && TryTake(limiter) is { } later ? new ValueTask<object?>(later)
            : next(context);
    }

    /// <summary>Takes a request from the key's bucket, or says when there is one again.</summary>
    private static ProblemResult? TryTake(RateLimiter limiter)
    {
        using var lease = limiter.AttemptAcquire();
        if (lease.IsAcquired)
        {
            return null;
        }

        var after = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? (int)Math.Ceiling(time.TotalSeconds) : 1;
        return (Fault.TooMany with { RetryAfter = Math.Max(1, after) })
            .Because("This key makes more requests than \"apiRequestsPerSecond\" in node.json lets it. Put more into one request.");
    }

    private static ValueTask<object?> Refuse(HttpContext http, string detail)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return new ValueTask<object?>(Fault.Unauthorized.Because(detail));
    }
}

/// <summary>Puts permissions and their documentation on routes.</summary>
internal static class AccessExtensions
{
    /// <summary>Only keys with this permission may call the route.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder route, Permission permission)
    {
        route.AddEndpointFilterFactory((factory, next) =>
        {
            var filter = new KeyFilter(factory.ApplicationServices.GetRequiredService<ApiKeyRing>(), permission);
            return context => filter.InvokeAsync(context, next);
        });
        return route.WithMetadata(permission).MayFail(401, 403, 500, 503);
    }

    /// <summary>Documents error statuses of the route.</summary>
    public static RouteHandlerBuilder MayFail(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<Contracts.Api.ApiProblem>(status, ProblemResult.ContentType);
        }

        return route;
    }
}
