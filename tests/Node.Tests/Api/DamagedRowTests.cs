using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>A damaged row is told from a storage that takes nothing now: trying again does not help.</summary>
public sealed class DamagedRowTests
{
    private const string Globex = ApiRoutes.Logs + "/test/globex/indicators/1";

    [Fact]
    public async Task Logs_SealedRowDamagedUnderTheNode_AnswerNamesLogAndRow()
    {
        await using var node = await ApiNode.StartReadyAsync();
        await node.ReceiveAsync(
            [.. Enumerable.Range(0, 300).Select(_ => Some.ForeignKeyword(Some.Word(), node.Now + 86_400))]);
        await DamageAsync(node, "row/log-bundle", ":test/globex/indicators/1|0|%");

        foreach (var tile in (string[])["/tile/entries/000", "/tile/0/000"])
        {
            var problem = await ApiNode.ReadProblemAsync(
                await node.GetAsync(Globex + tile, ApiRole.Auditor), HttpStatusCode.InternalServerError, "damaged-row");
            Assert.Contains("'log-bundle' of 'test/globex/indicators/1|0|", problem.Detail, StringComparison.Ordinal);
            Assert.Contains("delete the row 'log-head'", problem.Detail, StringComparison.Ordinal);
        }

        var status = await ApiNode.ReadAsync<NodeStatus>(await node.GetAsync(ApiRoutes.Status));
        Assert.Single(status.Alarms, a => a.Contains("'log-bundle'", StringComparison.Ordinal));
        Assert.DoesNotContain(status.Alarms, a => a.StartsWith("The storage failed", StringComparison.Ordinal));
        var ready = await ApiNode.ReadAsync<ReadyResponse>(await node.GetAsync(ApiRoutes.Ready, null));
        Assert.Contains("'log-bundle'", ready.Detail, StringComparison.Ordinal);

        // Of what is in memory already nothing is lost, and the other logs are as they were.
        await node.PublishAsync(Some.Keyword(Some.Word()));
        await ApiNode.ReadProblemAsync(
            await node.GetAsync(ApiRoutes.Changes), HttpStatusCode.InternalServerError, "damaged-row");
    }

    [Fact]
    public async Task Logs_HeadRowDamaged_IsListedWithNothingInItAndItsFilesSayWhy()
    {
        await using var node = await ApiNode.StartReadyAsync();
        await node.ReceiveAsync(Some.ForeignKeyword(Some.Word(), node.Now + 86_400));

        // A log that nobody has asked for yet: the grains of those in the roster are awake.
        const string Asleep = "test/initech/receipts/1";
        await DamageAsync(node, "row/log-head", $":{Asleep}", insert: true);
        var log = node.Grains.GetGrain<IMemberLogGrain>(Asleep);
        await Assert.ThrowsAsync<CorruptStateException>(log.GetStatusAsync);

        var rows = await ApiNode.ReadAsync<IReadOnlyList<LogRow>>(await node.GetAsync(ApiRoutes.Logs, ApiRole.Auditor));

        Assert.Equal((0, 0), Assert.Single(rows, r => r.Origin == Asleep) is var row ? (row.Size, row.Held) : default);
        Assert.Equal(rows.Select(r => r.Origin).Order(StringComparer.Ordinal), rows.Select(r => r.Origin));
        var problem = await ApiNode.ReadProblemAsync(
            await node.GetAsync($"{ApiRoutes.Logs}/{Asleep}/checkpoint", ApiRole.Auditor),
            HttpStatusCode.InternalServerError,
            "damaged-row");
        Assert.Contains($"'log-head' of '{Asleep}' is damaged", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_Undamaged_HasNoDetail()
    {
        await using var node = await ApiNode.StartReadyAsync();

        var ready = await ApiNode.ReadAsync<ReadyResponse>(await node.GetAsync(ApiRoutes.Ready, null));

        Assert.Equal(new ReadyResponse("ready", null), ready);
    }

    private static async Task DamageAsync(ApiNode node, string kind, string key, bool insert = false)
    {
        await using var connection = new SqliteConnection($"Data Source={node.DatabaseFile}");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = insert
            ? "INSERT INTO OrleansStorage VALUES ('fednode', $kind, $key, 0, 0, 1, '', x'0102030405060708')"
            : "UPDATE OrleansStorage SET PayloadBinary = x'0102030405060708' WHERE GrainTypeString = $kind "
                + "AND GrainIdExtensionString LIKE $key";
        command.Parameters.AddWithValue("$kind", kind);
        command.Parameters.AddWithValue("$key", key);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
