using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Publishing;

/// <summary>The Idempotency-Key header: 1 to 128 visible ASCII characters, once.</summary>
internal static class IdempotencyKey
{
    /// <summary>Reads the header; without one, <paramref name="key"/> is null.</summary>
    public static bool TryRead(HttpRequest request, out string? key, out ProblemResult? problem)
    {
        var header = request.Headers[ApiRoutes.IdempotencyHeader];
        key = header.Count == 1 ? header[0] : null;
        problem = header.Count == 0
            || (key is { Length: > 0 and <= Limits.MaxIdempotencyKey } && key.All(c => c is >= '!' and <= '~'))
            ? null
            : Fault.Invalid.Because(
                $"{ApiRoutes.IdempotencyHeader} is given once, with 1 to "
                + $"{Limits.MaxIdempotencyKey} visible ASCII characters.");
        return problem is null;
    }
}
