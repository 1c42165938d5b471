using System.Net;
using System.Net.Http.Json;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class IndicatorTests(SharedNode shared)
{
    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task List_Query_FindsKeywordsByNormalisedWordsAndOthersByDigits()
    {
        var (word, image) = (Some.Word(), Some.Hex());
        await _node.PublishAsync(Some.Keyword($"{word} 象牙手鐲"));
        await _node.PublishAsync(Some.Image(image));

        var byWord = await ListAsync($"q={word.ToUpperInvariant()}%20{Uri.EscapeDataString("象牙手鐲")}");
        var byDigits = await ListAsync($"q={image[..12]}");

        var keyword = Assert.Single(byWord.Items);
        Assert.Equal((Some.KeywordId($"{word} 象牙手鐲"), "keyword", "wlnorm/1", $"{word} 象牙手镯"), (keyword.Id, keyword.Kind, keyword.Scheme, keyword.Value));
        Assert.Equal(("ivory", "review"), (keyword.Category, keyword.Verdict));
        Assert.Equal(("image-sha256", image), (Assert.Single(byDigits.Items).Kind, byDigits.Items[0].Value));
        Assert.Null(byWord.Next);
        Assert.True(byWord.Complete);
    }

    [Fact]
    public async Task List_Filters_MustHoldOfOneStatement()
    {
        var (mark, category) = (Some.Word(), "c" + Some.Hex()[..20]);
        var own = await _node.PublishAsync(Some.Keyword(mark + " one", l => l with { Category = category }));
        await _node.ReceiveAsync(Some.ForeignKeyword(mark + " two", _node.Now + 1000));
        var gone = await _node.PublishAsync(Some.Keyword(mark + " gone"));
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(gone.IndicatorIds[0], "legal"));
        await _node.PublishAsync(Some.Keyword(mark + " old") with { Expires = _node.Now + 10 });
        _node.Clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(own.IndicatorIds, await IdsAsync($"category={category}"));
        Assert.Equal(own.IndicatorIds, await IdsAsync($"category={category}&member=acme&state=listed&kind=keyword"));
        Assert.Empty(await IdsAsync($"category={category}&member=globex"));
        Assert.Empty(await IdsAsync($"category={category}&kind=seller"));
        Assert.Equal([Some.KeywordId(mark + " two")], await IdsAsync($"q={mark}&member=globex"));
        Assert.Equal([Some.KeywordId(mark + " old")], await IdsAsync($"q={mark}&state=expired"));
        Assert.Contains(gone.IndicatorIds[0], await AllIdsAsync("state=withdrawn&member=acme"));
        Assert.Equal(3, (await IdsAsync($"q={mark}")).Count);
    }

    [Fact]
    public async Task List_SmallPages_ConcatenateToTheWhole()
    {
        var mark = Some.Word();
        await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. Enumerable.Range(0, 7).Select(i => Some.Keyword($"{mark} n{i}"))]));

        var paged = new List<string>();
        for (string? after = ""; after is not null;)
        {
            var page = await ListAsync($"q={mark}&limit=2&after={after}");
            Assert.InRange(page.Items.Count, 0, 2);
            paged.AddRange(page.Items.Select(i => i.Id));
            after = page.Next;
        }

        Assert.Equal(Enumerable.Range(0, 7).Select(i => Some.KeywordId($"{mark} n{i}")).Order(StringComparer.Ordinal), paged);
    }

    [Fact]
    public async Task List_Answer_CompleteStandsLastAndChineseIsNotEscaped()
    {
        await _node.PublishAsync(Some.Keyword("盔犀鸟头骨"));

        using var response = await _node.GetAsync($"{ApiRoutes.Indicators}?q={Uri.EscapeDataString("盔犀鸟")}");

        var text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith(",\"complete\":true}", text, StringComparison.Ordinal);
        Assert.Contains("盔犀鸟头骨", text, StringComparison.Ordinal);
        Assert.Contains("\"next\":null", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_CursorOfAnotherKind_BadCursor() => await ApiNode.ReadProblemAsync(
        await _node.GetAsync(ApiRoutes.Indicators + "?after=abc"), HttpStatusCode.BadRequest, "bad-cursor");

    [Fact]
    public async Task Show_Indicator_EveryStatementVerifiesAlone()
    {
        var word = Some.Word();
        var published = await _node.PublishAsync(Some.Keyword(word));
        _ = Hash256.TryParseHex(published.IndicatorIds[0], out var id);
        await _node.ReceiveAsync(
            Some.ForeignKeyword(word, _node.Now + 1000),
            new OpinionPayload(id, "acme", OpinionPayload.Confirm, "seen-too"));

        var detail = await ApiNode.ReadAsync<IndicatorDetail>(
            await _node.GetAsync($"{ApiRoutes.Indicators}/{published.IndicatorIds[0]}", ApiRole.Analyst));

        Assert.Equal(["acme", "globex"], detail.Indicator.Listings.Select(l => l.Member));
        Assert.Equal("listed", detail.Indicator.Listings[0].State);
        Assert.Equal((published.Origin, published.Index), (detail.Indicator.Listings[0].Origin, detail.Indicator.Listings[0].Index));
        var opinion = Assert.Single(detail.Indicator.Opinions);
        Assert.Equal(("globex", "confirm", "acme", "seen-too"), (opinion.Member, opinion.Stance, opinion.Lister, opinion.Reason));
        Assert.Equal(["listing", "listing", "opinion"], detail.Evidence.Select(VerifiedKind));
        Assert.Equal((_node.Coalition.LogKey("acme/indicators").VerificationKey.ToString(), published.Index), (detail.Evidence[0].Vkey, detail.Evidence[0].Index));
        Assert.Equal(new LocalSummary("", 0, 0), detail.Local);
    }

    [Fact]
    public async Task Show_OnlyWithdrawn_ValueIsEmptyAndReasonTold()
    {
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(published.IndicatorIds[0], "legal"));

        var detail = await ApiNode.ReadAsync<IndicatorDetail>(await _node.GetAsync($"{ApiRoutes.Indicators}/{published.IndicatorIds[0]}"));

        Assert.Equal(("", "", "none"), (detail.Indicator.Value, detail.Indicator.Category, detail.Indicator.Verdict));
        var statement = Assert.Single(detail.Indicator.Listings);
        Assert.Equal(("withdrawn", "legal"), (statement.State, statement.Reason));
        Assert.Null(statement.Expires);
    }

    [Fact]
    public async Task Show_UnknownIndicator_NotFound() => await ApiNode.ReadProblemAsync(
        await _node.GetAsync($"{ApiRoutes.Indicators}/{Some.Hex()}"), HttpStatusCode.NotFound, "not-found");

    [Fact]
    public async Task Note_Put_ShownAndNeverPublished()
    {
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));
        var size = _node.List.Applied[published.Origin];
        var path = $"{ApiRoutes.Indicators}/{published.IndicatorIds[0]}";

        var put = await ApiNode.ReadAsync<LocalSummary>(await PutNoteAsync(path, "见过三次"));

        Assert.Equal("见过三次", put.Note);
        Assert.Equal("见过三次", (await ApiNode.ReadAsync<IndicatorDetail>(await _node.GetAsync(path))).Local.Note);
        Assert.Equal(size, _node.List.Applied[published.Origin]);
        await ApiNode.ReadProblemAsync(await PutNoteAsync(path, new string('x', 2001)), HttpStatusCode.BadRequest, "invalid");
        await ApiNode.ReadProblemAsync(
            await PutNoteAsync($"{ApiRoutes.Indicators}/{Some.Hex()}", "x"), HttpStatusCode.NotFound, "not-found");
    }

    /// <summary>Checks a document with nothing but itself and its key, and says of which kind it is.</summary>
    private static string VerifiedKind(EvidenceDocument document)
    {
        var leafBytes = Convert.FromBase64String(document.Leaf);
        Assert.True(Checkpoint.TryOpen(
            Encoding.UTF8.GetBytes(document.Checkpoint), VerificationKey.Parse(document.Vkey), out var checkpoint, out _));
        Assert.Equal(document.Origin, checkpoint.Origin);
        var proof = document.Proof.Select(p => Hash256.TryParseBase64(p, out var hash) ? hash : default).ToList();
        Assert.True(InclusionProof.Verify(MerkleHash.Leaf(leafBytes), document.Index, checkpoint.Size, proof, checkpoint.Root));
        Assert.True(Leaf.TryDecode(leafBytes, out var leaf, out _));
        Assert.True(leaf.Opens(Convert.FromBase64String(document.Salt!), Convert.FromBase64String(document.Payload!)));
        return leaf.Kind;
    }

    private Task<HttpResponseMessage> PutNoteAsync(string path, string note) => _node.SendAsync(
        HttpMethod.Put, path + "/note", ApiRole.Analyst, JsonContent.Create(new NoteRequest(note), options: ApiJson.Options));

    private async Task<IndicatorPage> ListAsync(string query) =>
        await ApiNode.ReadAsync<IndicatorPage>(await _node.GetAsync($"{ApiRoutes.Indicators}?{query}", ApiRole.Analyst));

    private async Task<IReadOnlyList<string>> IdsAsync(string query) => [.. (await ListAsync(query)).Items.Select(i => i.Id)];

    private async Task<IReadOnlyList<string>> AllIdsAsync(string query) => await IdsAsync(query + "&limit=1000");
}
