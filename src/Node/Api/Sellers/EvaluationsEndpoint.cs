using System.ComponentModel;
using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Sellers;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;

namespace FederationNode.Node.Api.Sellers;

/// <summary>GET /v1/seller/evaluations.</summary>
internal static class EvaluationsEndpoint
{
    private const int DefaultDays = 7;
    private const long DaySeconds = 86_400;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(ApiRoutes.SellerEvaluations, Answer)
        .WithName("listEvaluations")
        .WithSummary("How much holders of keys for seller tags evaluated, and for whom, by their signed logs.")
        .WithTags("audit")
        .Produces<IReadOnlyList<EvaluationRow>>()
        .MayFail(400)
        .Needs(Permission.Audit);

    private static IResult Answer(
        HttpContext context,
        SellerStatements statements,
        [Microsoft.Extensions.DependencyInjection.FromKeyedServices(FederationClock.Key)] TimeProvider clock,
        [Description("The days before today that are wanted, 1 to 92; without it 7.")] string? days = null)
    {
        if (QueryReader.FirstFault(context.Request, "days") is { } query)
        {
            return query;
        }

        var wanted = DefaultDays;
        if (!string.IsNullOrEmpty(days)
            && !(int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out wanted)
                && wanted is >= 1 and <= Limits.MaxEvaluationDays))
        {
            return Fault.Invalid.Because($"days is a number from 1 to {Limits.MaxEvaluationDays}.");
        }

        var from = (clock.GetUtcNow().ToUnixTimeSeconds() / DaySeconds) - wanted;
        var rows = statements.Counts()
            .SelectMany(l => l.Counts.Where(c => c.Day >= from).Select(c => (l.Log, Count: c)))
            .OrderByDescending(r => r.Count.Day)
            .ThenBy(r => r.Log.Member, StringComparer.Ordinal)
            .ThenBy(r => r.Count.Member, StringComparer.Ordinal)
            .ThenBy(r => r.Count.Type, StringComparer.Ordinal)
            .ThenBy(r => r.Count.Epoch)
            .Select(r => new EvaluationRow(
                DateTime.UnixEpoch.AddDays(r.Count.Day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                r.Log.Member,
                r.Count.Member,
                r.Count.Type,
                r.Count.Epoch,
                r.Count.Evaluated,
                r.Count.Refused,
                r.Log.Text,
                r.Count.Index));
        return TypedResults.Json((IReadOnlyList<EvaluationRow>)[.. rows], ApiJson.Options);
    }
}
