using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class LogTests(SharedNode shared)
{
    private const string Own = ApiRoutes.Logs + "/test/acme/indicators/1";

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Logs_List_EveryLogWithItsKeyAndRoot()
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));

        var rows = await ApiNode.ReadAsync<IReadOnlyList<LogRow>>(await _node.GetAsync(ApiRoutes.Logs, ApiRole.Auditor));

        var own = Assert.Single(rows, r => r.Origin == "test/acme/indicators/1");
        Assert.Equal(_node.Coalition.LogKey("acme/indicators").VerificationKey.ToString(), own.Vkey);
        Assert.True(own.Size > 0 && own.Size == own.Held);
        Assert.True(Hash256.TryParseBase64(own.Root, out _));
        Assert.Contains(rows, r => r.Origin == "test/secretariat/roster/1" && r.Size == 1);
        Assert.DoesNotContain(rows, r => r.Origin == "test/globex/receipts/1"); // nobody has written to it yet
        Assert.All(rows, r => Assert.StartsWith(r.Origin + "+", r.Vkey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_CheckpointAndTiles_LeadToTheSignedRoot()
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var answer = await _node.GetAsync(Own + "/checkpoint", ApiRole.Auditor);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(Checkpoint.TryOpen(
            await answer.Content.ReadAsByteArrayAsync(), _node.Coalition.LogKey("acme/indicators").VerificationKey, out var checkpoint, out _));

        // One leaf is enough to show that the bytes are those of the tree: the first one of the first tile.
        var entries = await BytesAsync(new TilePath(TilePath.Entries, 0, 1));
        var tile = await BytesAsync(new TilePath(0, 0, 1));

        Assert.True(checkpoint.Size > 0);
        Assert.Equal(MerkleHash.Leaf(entries.AsSpan(2)).ToArray(), tile);
        Assert.NotEmpty(await BytesAsync(new TilePath(TilePath.Payloads, 0, 1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/checkpoint/")]
    [InlineData("/checkpoints")]
    [InlineData("/tile/0/000")]
    [InlineData("/tile/0/000.p/0")]
    [InlineData("/tile/0/999.p/1")]
    [InlineData("/tile/0/00.p/1")]
    [InlineData("/tile/64/000")]
    [InlineData("/tile/-1/000.p/1")]
    [InlineData("/tile/entries/x999/x999/x999/999.p/1")]
    [InlineData("/..%2Freceipts/1/checkpoint")]
    public async Task Log_NoSuchPath_NotFound(string path) =>
        await ApiNode.ReadProblemAsync(await _node.GetAsync(Own + path, ApiRole.Auditor), HttpStatusCode.NotFound, "not-found");

    [Theory]
    [InlineData("/test/initech/indicators/1/checkpoint")]
    [InlineData("/test/globex/receipts/1/checkpoint")]
    [InlineData("/other/acme/indicators/1/checkpoint")]
    [InlineData("/test/acme/indicators/01/checkpoint")]
    public async Task Log_NotHeld_NotFound(string path) =>
        await ApiNode.ReadProblemAsync(await _node.GetAsync(ApiRoutes.Logs + path, ApiRole.Auditor), HttpStatusCode.NotFound, "not-found");

    private async Task<byte[]> BytesAsync(TilePath tile)
    {
        using var answer = await _node.GetAsync($"{Own}/{tile}", ApiRole.Auditor);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
