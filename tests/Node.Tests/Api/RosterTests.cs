using System.Net;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Node.Tests.Api;

public sealed class RosterTests
{
    [Fact]
    public async Task Roster_AtTheSecretariat_LoggedAndInForce()
    {
        await using var node = await ApiNode.StartAsync(Origin.Secretariat);
        await ApiNode.ReadProblemAsync(await node.GetAsync(ApiRoutes.Roster, ApiRole.Auditor), HttpStatusCode.NotFound, "not-found");
        await ApiNode.ReadProblemAsync(await node.GetAsync(ApiRoutes.Ready), HttpStatusCode.ServiceUnavailable, "not-ready");
        var first = Note(node, node.Coalition.Roster());

        var published = await ApiNode.ReadAsync<RosterView>(await PostAsync(node, first), HttpStatusCode.Created);

        Assert.Equal(new RosterView(1, first), published);
        Assert.Equal(published, await ApiNode.ReadAsync<RosterView>(await node.GetAsync(ApiRoutes.Roster, ApiRole.Auditor)));
        await node.WaitReadyAsync();

        // The same again is no second entry; the next version is.
        Assert.Equal(1, (await ApiNode.ReadAsync<RosterView>(await PostAsync(node, first))).Version);
        Assert.Equal(1, await SizeAsync(node));
        var second = Note(node, node.Coalition.Roster(2));
        Assert.Equal(2, (await ApiNode.ReadAsync<RosterView>(await PostAsync(node, second), HttpStatusCode.Created)).Version);
        Assert.Equal(2, await SizeAsync(node));
    }

    [Fact]
    public async Task Roster_ThatDoesNotFollow_RefusedAndNotLogged()
    {
        await using var node = await ApiNode.StartAsync(Origin.Secretariat);
        var roster = node.Coalition.Roster();
        await PostAsync(node, Note(node, roster));
        string[] wrong =
        [
            Note(node, node.Coalition.Roster(3)),
            Note(node, node.Coalition.Roster(2) with { Coalition = "other" }),
            Note(node, node.Coalition.Roster(2) with { Members = roster.Members[..2] }),
            Encoding.UTF8.GetString(SignedNote.Sign(node.Coalition.Roster(2).ToText(), node.Coalition.LogKey("acme/indicators"))),
            "no note at all",
            "",
        ];

        foreach (var note in wrong)
        {
            await ApiNode.ReadProblemAsync(await PostAsync(node, note), HttpStatusCode.UnprocessableEntity, "roster-refused");
        }

        Assert.Equal(1, await SizeAsync(node));
        Assert.Equal(1, (await ApiNode.ReadAsync<RosterView>(await node.GetAsync(ApiRoutes.Roster))).Version);
    }

    [Fact]
    public async Task Roster_ManyOfOneVersionAtOnce_OneIsLogged()
    {
        await using var node = await ApiNode.StartAsync(Origin.Secretariat);
        await PostAsync(node, Note(node, node.Coalition.Roster()));
        var rivals = Enumerable.Range(1, 6).Select(i => Note(node, node.Coalition.Roster(2) with { Issued = node.Coalition.Issued + i }));

        var answers = await Task.WhenAll(rivals.Select(r => PostAsync(node, r)));

        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Equal(5, answers.Count(a => a.StatusCode == HttpStatusCode.UnprocessableEntity));
        Assert.Equal(2, await SizeAsync(node));
    }

    [Fact]
    public async Task Roster_AtAMember_NotWritable()
    {
        await using var node = await ApiNode.StartAsync(TestCoalition.Acme);

        await ApiNode.ReadProblemAsync(
            await PostAsync(node, Note(node, node.Coalition.Roster())), HttpStatusCode.Conflict, "not-writable");
    }

    [Fact]
    public async Task Publish_MemberWithoutIndicatorsLog_NotWritable()
    {
        await using var node = await ApiNode.StartAsync(Origin.Secretariat);
        await PostAsync(node, Note(node, node.Coalition.Roster()));
        await node.WaitReadyAsync();

        await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word())), HttpStatusCode.Conflict, "not-writable");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"note\":1}")]
    [InlineData("{\"note\":\"x\",\"version\":1}")]
    public async Task Roster_OtherBody_MalformedJson(string json)
    {
        await using var node = await ApiNode.StartAsync(Origin.Secretariat);

        await ApiNode.ReadProblemAsync(await node.PostTextAsync(ApiRoutes.Roster, json), HttpStatusCode.BadRequest, "malformed-json");
    }

    private static string Note(ApiNode node, RosterDocument roster) => Encoding.UTF8.GetString(node.Coalition.Sign(roster));

    private static Task<HttpResponseMessage> PostAsync(ApiNode node, string note) =>
        node.PostAsync(ApiRoutes.Roster, new RosterRequest(note));

    private static async Task<long> SizeAsync(ApiNode node) =>
        (await node.Grains.GetGrain<IMemberLogGrain>(node.Coalition.Anchor.RosterLogKey.Name).GetStatusAsync()).Size;
}
