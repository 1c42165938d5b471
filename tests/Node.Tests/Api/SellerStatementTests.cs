using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Sellers;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>What logs say of keys for seller tags, over the local API.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class SellerStatementTests(SharedNode shared)
{
    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Evaluations_OfTheLogs_NewestDayFirstAndWithinTheDays()
    {
        var today = _node.Now / 86_400;
        var log = _node.Coalition.LogKey("acme/receipts").VerificationKey.Name;
        foreach (var day in (long[])[today - 40, today - 2, today - 1])
        {
            var payload = new EvaluationsPayload(day, [new EvaluationCount("globex", "tel", 1, day, 3)]);
            var appended = await _node.Services.GetRequiredService<LogAppender>().AppendAsync(
                log, new AppendRequest([new NewEntry(payload.Kind, payload.Encode())]));
            Assert.Equal(AppendRefusal.None, appended.Refusal);
        }

        await _node.Services.GetRequiredService<SellerStatements>().ReadOnAsync(default);

        var rows = await ReadAsync("");
        Assert.Equal([today - 1, today - 2], rows.Select(r => r.Evaluated));
        Assert.Equal(("acme", "globex", "tel", 1, 3L, log), (rows[0].Holder, rows[0].Member, rows[0].Type, rows[0].Epoch, rows[0].Refused, rows[0].Origin));
        Assert.Equal(DateTime.UnixEpoch.AddDays(today - 1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), rows[0].Day);
        Assert.Single(await ReadAsync("?days=1"));
        Assert.Equal(3, (await ReadAsync("?days=92")).Count);
    }

    [Theory]
    [InlineData("?days=0")]
    [InlineData("?days=93")]
    [InlineData("?days=x")]
    [InlineData("?day=1")]
    public async Task Evaluations_WhatIsNoNumberOfDays_IsRefused(string query) =>
        await ApiNode.ReadProblemAsync(
            await _node.GetAsync(ApiRoutes.SellerEvaluations + query, ApiRole.Auditor), HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task Both_ForADetector_AreForbidden()
    {
        foreach (var route in (string[])[ApiRoutes.SellerEvaluations, ApiRoutes.SellerCeremonies])
        {
            await ApiNode.ReadProblemAsync(await _node.GetAsync(route, ApiRole.Detector), HttpStatusCode.Forbidden, "forbidden");
        }
    }

    [Fact]
    public async Task Ceremonies_NonePlanned_AreNoneAndAMemberPlansNone()
    {
        Assert.Empty(await ApiNode.ReadAsync<IReadOnlyList<CeremonyView>>(await _node.GetAsync(ApiRoutes.SellerCeremonies, ApiRole.Auditor)));
        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.SellerCeremonies, new CeremonyRequest("tel", 1, 2, ["acme", "globex"])),
            HttpStatusCode.Conflict,
            "not-writable");
        Assert.Contains("planned at the secretariat's node", problem.Detail, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<EvaluationRow>> ReadAsync(string query) =>
        await ApiNode.ReadAsync<IReadOnlyList<EvaluationRow>>(await _node.GetAsync(ApiRoutes.SellerEvaluations + query, ApiRole.Auditor));
}
