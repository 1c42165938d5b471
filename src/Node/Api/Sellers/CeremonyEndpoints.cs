using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Node.Api.Access;
using FederationNode.Node.Api.Problems;
using FederationNode.Node.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Api.Sellers;

/// <summary>GET and POST /v1/seller/ceremonies.</summary>
internal static class CeremonyEndpoints
{
    private const int MostShown = 256;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.SellerCeremonies, ShowAsync)
            .WithName("listCeremonies")
            .WithSummary("The key ceremonies that the secretariat has planned, the newest first, as far as they have come.")
            .WithTags("audit")
            .Produces<IReadOnlyList<CeremonyView>>()
            .MayFail(400)
            .Needs(Permission.Audit);
        routes.MapPost(ApiRoutes.SellerCeremonies, PlanAsync)
            .WithName("planCeremony")
            .WithSummary("At the secretariat's node: plans a key ceremony, which makes a key or hands one over.")
            .WithTags("operate")
            .Accepts<CeremonyRequest>("application/json")
            .Produces<CeremonyView>(StatusCodes.Status201Created)
            .MayFail(400, 409, 413, 415)
            .Needs(Permission.Operate);
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context,
        CeremonyBoard board,
        LocalApiOptions options,
        NodeIdentity identity,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock) =>
        QueryReader.FirstFault(context.Request) is { } query
            ? query
            : TypedResults.Json(await ViewsAsync(context, board, options, identity, clock), ApiJson.Options);

    private static async Task<IResult> PlanAsync(
        HttpContext context,
        CeremonyPlanner planner,
        CeremonyBoard board,
        LocalApiOptions options,
        NodeIdentity identity,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
        ICeremonyLogs logs)
    {
        if (QueryReader.FirstFault(context.Request) is { } query)
        {
            return query;
        }

        var body = await RequestBody.ReadAsync<CeremonyRequest>(context);
        if (body.Value is not { } request)
        {
            return body.Problem!;
        }

        var planned = await planner.PlanAsync(request, context.RequestAborted);
        if (planned.Value is not { } id)
        {
            return planned.Problem!;
        }

        await logs.ReadOnAsync(context.RequestAborted);
        var views = await ViewsAsync(context, board, options, identity, clock);
        return views.FirstOrDefault(v => v.Id == id) is { } view
            ? TypedResults.Json(view, ApiJson.Options, statusCode: StatusCodes.Status201Created)
            : Fault.NotReady.Because($"The ceremony {id} is planned, and this node has not read it yet: ask for the ceremonies in a moment.");
    }

    private static Task<IReadOnlyList<CeremonyView>> ViewsAsync(
        HttpContext context, CeremonyBoard board, LocalApiOptions options, NodeIdentity identity, TimeProvider clock)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return board.UseAsync<IReadOnlyList<CeremonyView>>(
            planned => Task.FromResult<IReadOnlyList<CeremonyView>>(
            [
                .. planned.Reverse().Take(MostShown).Select(p => View(p, board, identity.Member, now) with
                {
                    IsJoined = options.Folder is { } folder && CeremonySeeds.Exists(folder, p.Plan.Id),
                }),
            ]),
            context.RequestAborted);
    }

    private static CeremonyView View(PlannedCeremony planned, CeremonyBoard board, string member, long now)
    {
        var (plan, ceremony) = (planned.Plan, planned.Ceremony);
        var key = ceremony?.Key;
        var isOpen = ceremony is not { Step: CeremonyStep.Done or CeremonyStep.Failed } && planned.IsNewest;
        return new CeremonyView(
            plan.Id.ToString(),
            plan.Scheme.Type.Name,
            plan.Scheme.Epoch,
            plan.Attempt,
            plan.Base?.ToString(),
            ceremony is null ? [] : [.. ceremony.Dealers],
            plan.Threshold,
            [.. plan.Holders],
            planned.Planned,
            ceremony is null ? "unknown" : Code(ceremony.Step),
            planned.Since,
            ceremony?.Awaited ?? [],
            isOpen && now - planned.Since > (long)PlannedCeremony.StepTime.TotalSeconds,
            [.. (ceremony?.Faults ?? []).Select(f => new CeremonyFaultView(f.Member, Code(f.Kind), f.Text))],
            ceremony?.Failure ?? (ceremony is null ? "The roster here does not name the key that it hands over." : null),
            ceremony is null ? [] : [.. ceremony.Qualified],
            ceremony?.Confirmed ?? [],
            key?.PublicKey.ToString(),
            key is null ? [] : CommitmentsOf(key),
            planned.IsNewest,
            board.IsInForce(planned),
            planned.HasPart(member),
            false,
            board.ErrorOf(plan.Id));
    }

    private static string[] CommitmentsOf(SharedKey key) => [.. key.Commitments.Skip(1).Select(c => c.ToString())];

    private static string Code<T>(T value)
        where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
