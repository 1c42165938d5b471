using System.Collections.Immutable;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>At the secretariat's node: plans key ceremonies into its receipts log.</summary>
internal sealed class CeremonyPlanner(
    CeremonyBoard board, ICeremonyLogs logs, NodeIdentity identity, RosterBoard roster)
{
    /// <summary>Plans a ceremony, or says why not.</summary>
    /// <returns>The ceremony's id.</returns>
    public async Task<Parsed<string>> PlanAsync(CeremonyRequest request, CancellationToken cancellationToken)
    {
        if (identity.Member != Origin.Secretariat
            || roster.Current is not { } document
            || identity.WrittenLog(document, Origin.Receipts)?.Origin is not { } log)
        {
            return Fault.NotWritable.Because("Key ceremonies are planned at the secretariat's node, in its open receipts log.");
        }

        if (FaultOf(document, request) is { } fault)
        {
            return Fault.Invalid.Because(fault);
        }

        await logs.ReadOnAsync(cancellationToken);
        if (!logs.IsCaughtUp(log))
        {
            return Fault.NotReady.Because("The node is still reading what was planned before: try again in a moment.");
        }

        return await board.UseAsync<Parsed<string>>(
            async planned =>
            {
                if (!TryPlan(document, request, planned, out var plan, out var error))
                {
                    return Fault.Invalid.Because(error);
                }

                return await logs.SayAsync(log, plan, cancellationToken) is { } refusal
                    ? Fault.NotReady.Because(refusal)
                    : plan.Id.ToString();
            },
            cancellationToken);
    }

    private static string? FaultOf(RosterDocument document, CeremonyRequest request)
    {
        if (!SellerIdentifierType.TryParse(request.Type, out _, out var error))
        {
            return $"type: {error}";
        }

        if (request.Epoch is < 1 or > SellerScheme.MaxEpoch)
        {
            return $"epoch must be 1 to {SellerScheme.MaxEpoch}.";
        }

        foreach (var holder in request.Holders)
        {
            if (document.Member(holder) is not { Status: MemberStatus.Active } member)
            {
                return $"holders: {holder} is no active member of {document.Coalition}.";
            }

            if (member.Endpoint.Length == 0)
            {
                return $"holders: {holder} only dials, and others must be able to ask a holder: choose another member.";
            }

            if (member.OpenLog(Origin.Receipts) is null)
            {
                return $"holders: {holder} has no open receipts log to speak in.";
            }
        }

        return null;
    }

    private bool TryPlan(
        RosterDocument document,
        CeremonyRequest request,
        IReadOnlyList<PlannedCeremony> planned,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CeremonyPlan? plan,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        plan = null;
        if (!SellerIdentifierType.TryParse(request.Type, out var type, out error))
        {
            return false;
        }

        var scheme = new SellerScheme(type, request.Epoch);
        var earlier = planned.Where(p => p.Plan.Scheme == scheme).ToList();
        var attempt = 1 + (earlier.Count == 0 ? 0 : earlier.Max(p => p.Plan.Attempt));
        var former = document.SellerKeyOf(request.Type, request.Epoch);
        SharedKey? key = null;
        if (former is not null && !former.TryOpen(out key, out error))
        {
            return false;
        }

        if (earlier.LastOrDefault() is { Ceremony.Step: CeremonyStep.Done } done && board.IsStillWanted(done) && !board.IsInForce(done)
            && done.Plan.Holders.SequenceEqual(request.Holders) && done.Plan.Threshold == request.Threshold)
        {
            error = $"The ceremony {done.Plan.Id} has done this already: publish its outcome.";
            return false;
        }

        try
        {
            ImmutableArray<string> holders = [.. request.Holders];
            plan = key is null
                ? CeremonyPlan.ForNewKey(document.Coalition, scheme, attempt, request.Threshold, holders)
                : CeremonyPlan.ForReshare(
                    document.Coalition, key, attempt, DealersOf(document, key, request.Without ?? []), request.Threshold, holders);
        }
        catch (ArgumentException fault)
        {
            error = fault.Message;
            return false;
        }

        if (Ceremony.TryOpen(plan, key, out _, out error))
        {
            return true;
        }

        plan = null;
        return false;
    }

    /// <summary>All present holders that can deal, and are to.</summary>
    private static ImmutableArray<int> DealersOf(RosterDocument document, SharedKey key, IReadOnlyList<string> without) =>
    [
        .. Enumerable.Range(1, key.Holders.Length).Where(
            n => document.Member(key.Holders[n - 1])?.Status == MemberStatus.Active && !without.Contains(key.Holders[n - 1])),
    ];
}
