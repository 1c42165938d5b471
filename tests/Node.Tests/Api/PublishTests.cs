using System.Net;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class PublishTests(SharedNode shared)
{
    private const string Log = "test/acme/indicators/1";

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Listings_Single_DurableAndInTheList()
    {
        var word = "  ＩＶＯＲＹ \u200b" + Some.Word();
        var published = await _node.PublishAsync(Some.Keyword(word, l => l with
        {
            Taxon = "Loxodonta africana",
            Cites = "I",
            Severity = "critical",
            Confidence = 91,
            Action = "signal",
            Expires = _node.Now + 5000,
            Jurisdictions = ["CN", "US"],
            Exceptions = ["antique-pre-1947"],
            Tlp = "green",
            Evidence = new string('e', 64),
            Context = new KeywordRuleRequest("en", "prefix", ["ＡＮＹ one"], ["All"], ["None"], 40),
        }));

        Assert.Equal((Log, 1, false), (published.Origin, published.Count, published.Repeated));
        Assert.Equal([Some.KeywordId(word)], published.IndicatorIds);
        var listing = Assert.IsType<ListingPayload>((await ReadAsync(published.Index)).Payload);
        Assert.Equal(Indicator.Keyword(Wlnorm.Normalize(word)), listing.Indicator);
        Assert.Equal(("Loxodonta africana", "I", 3, 91, "signal"), (listing.Taxon, listing.Cites, listing.Severity, listing.Confidence, listing.Action));
        Assert.InRange(listing.Expires - 5000, _node.Now - 60, _node.Now);
        Assert.Equal(["CN", "US"], listing.Jurisdictions.ToArray());
        Assert.Equal(["antique-pre-1947"], listing.Exceptions.ToArray());
        Assert.Equal("green", listing.Tlp);
        Assert.Equal(new string('e', 64), listing.Evidence.ToString());
        Assert.Equal(new KeywordContext("en", "prefix", ["any one"], ["all"], ["none"], 40), listing.Context);
        Assert.True(_node.List.TryGet(listing.Indicator.Id, out _));
    }

    [Fact]
    public async Task Listings_Batch_OneAppendInOrder()
    {
        var words = Enumerable.Range(0, 20).Select(_ => Some.Word()).ToList();

        var response = await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. words.Select(w => Some.Keyword(w))]));

        var published = await ApiNode.ReadAsync<PublishResponse>(response, HttpStatusCode.Created);
        Assert.Equal(words.Select(Some.KeywordId), published.IndicatorIds);
        Assert.Equal(20, published.Count);
        for (var i = 0; i < words.Count; i++)
        {
            Assert.Equal(words[i], IndicatorText((await ReadAsync(published.Index + i)).Payload));
        }
    }

    [Fact]
    public async Task Listings_BatchWithOneFault_NothingPublished()
    {
        var before = await SizeAsync();

        var response = await _node.PostAsync(
            ApiRoutes.Listings, new ListingBatch([Some.Keyword(Some.Word()), Some.Keyword(Some.Word(), l => l with { Confidence = 101 })]));

        var problem = await ApiNode.ReadProblemAsync(response, HttpStatusCode.BadRequest, "invalid");
        Assert.StartsWith("listings[1].confidence", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(before, await SizeAsync());
    }

    [Fact]
    public async Task Listings_SameKeyLater_SameAnswerDespiteDefaultExpiry()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());
        var first = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Listings, listing, key: key), HttpStatusCode.Created);
        var size = await SizeAsync();
        _node.Clock.Advance(TimeSpan.FromHours(1));

        var second = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Listings, listing, key: key));

        Assert.Equal((first.Index, first.Count, true), (second.Index, second.Count, second.Repeated));
        Assert.Equal(first.IndicatorIds, second.IndicatorIds);
        Assert.Equal(size, await SizeAsync());
    }

    [Fact]
    public async Task Listings_SameKeyAfterItsExpiry_StillTheFirstAnswer()
    {
        var (listing, key) = (Some.Keyword(Some.Word()) with { Expires = _node.Now + 600 }, Some.Word());
        await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Listings, listing, key: key), HttpStatusCode.Created);
        _node.Clock.Advance(TimeSpan.FromSeconds(601));

        Assert.True((await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Listings, listing, key: key))).Repeated);
    }

    [Fact]
    public async Task Listings_SameKeyManyAtOnce_OneEntry()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());
        var before = await SizeAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _node.PostAsync(ApiRoutes.Listings, listing, key: key)));

        Assert.Equal(1, responses.Count(r => r.StatusCode == HttpStatusCode.Created));
        Assert.Equal(15, responses.Count(r => r.StatusCode == HttpStatusCode.OK));
        Assert.Equal(before + 1, await SizeAsync());
    }

    [Fact]
    public async Task Listings_SameKeyOtherContent_KeyReused()
    {
        var key = Some.Word();
        await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key);
        var size = await SizeAsync();

        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key), HttpStatusCode.UnprocessableEntity, "key-reused");
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(Some.Hex(), "dispute"), key: key), HttpStatusCode.UnprocessableEntity, "key-reused");
        Assert.Equal(size, await SizeAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("del\u007f")]
    public async Task IdempotencyKey_Malformed_Invalid(string key) => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key), HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task IdempotencyKey_Longest_TakenAndOneMoreRefused()
    {
        var key = Some.Word() + new string('~', Limits.MaxIdempotencyKey - 16);

        await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key), HttpStatusCode.Created);
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key + "!"), HttpStatusCode.BadRequest, "invalid");
    }

    [Fact]
    public async Task Listings_ShortKeyword_RefusedUnlessContextOrOverride()
    {
        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, Some.Keyword("xyq")), HttpStatusCode.UnprocessableEntity, "lint");
        Assert.DoesNotContain("xyq", problem.Detail, StringComparison.Ordinal);

        await _node.PublishAsync(Some.Keyword("xyq", l => l with { Context = new KeywordRuleRequest(AllOf: ["tusk"]) }));
        var published = await _node.PublishAsync(Some.Keyword("xyz", l => l with { OverrideLint = "seen in 30 cases" }));

        Assert.Contains(_node.Log.Lines, line => line.Contains("seen in 30 cases", StringComparison.Ordinal)
            && line.Contains(published.IndicatorIds[0], StringComparison.Ordinal));
        var entry = await ReadAsync(published.Index);
        Assert.DoesNotContain("seen in 30 cases", System.Text.Encoding.UTF8.GetString(entry.Payload.Encode()), StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> BadListings => new()
    {
        { "\"kind\":\"url\",\"value\":\"x\",\"category\":\"ivory\"", "invalid", "$.kind" },
        { "\"kind\":\"keyword\",\"value\":\" \\u200b \",\"category\":\"ivory\"", "invalid", "$.value" },
        { "\"kind\":\"keyword\",\"value\":\"" + new string('x', 513) + "\",\"category\":\"ivory\"", "invalid", "$.value" },
        { "\"kind\":\"keyword\",\"value\":\"" + new string('x', 3000) + "\",\"category\":\"ivory\"", "invalid", "$.value" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"Ivory\"", "invalid", "$.category" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"scheme\":\"pdq/1\"", "invalid", "$.scheme" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"taxon\":\"Panthera 虎\"", "invalid", "$.taxon" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"cites\":\"IV\"", "invalid", "$.cites" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"severity\":\"grave\"", "invalid", "$.severity" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"confidence\":-1", "invalid", "$.confidence" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"action\":\"none\"", "invalid", "$.action" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"tlp\":\"AMBER\"", "invalid", "$.tlp" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"evidence\":\"00\"", "invalid", "$.evidence" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"expires\":-5", "invalid", "$.expires" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"expires\":1000", "invalid", "expires" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"jurisdictions\":[\"cn\"]", "invalid", "$.jurisdictions" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"jurisdictions\":[null]", "invalid", "$.jurisdictions" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"exceptions\":[\"A\"]", "invalid", "$.exceptions" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"overrideLint\":\" \"", "invalid", "$.overrideLint" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"context\":{\"match\":\"regex\"}", "invalid", "$.context.match" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"context\":{\"language\":\"z_h\"}", "invalid", "$.context.language" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"context\":{\"window\":10001}", "invalid", "$.context.window" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"context\":{\"anyOf\":[\" \"]}", "invalid", "$.context.anyOf" },
        { "\"kind\":\"keyword\",\"value\":\"tusks\",\"category\":\"ivory\",\"context\":{\"noneOf\":[null]}", "invalid", "$.context.noneOf" },
        { "\"kind\":\"image-pdq\",\"value\":\"" + new string('F', 64) + "\",\"category\":\"ivory\"", "invalid", "$.value" },
        { "\"kind\":\"image-sha256\",\"value\":\"00\",\"category\":\"ivory\"", "invalid", "$.value" },
        { "\"kind\":\"image-sha256\",\"value\":\"" + new string('0', 64) + "\",\"category\":\"ivory\",\"context\":{}", "invalid", "$.context" },
        { "\"kind\":\"image-sha256\",\"value\":\"" + new string('0', 64) + "\",\"category\":\"ivory\",\"scheme\":\"pdq/1\"", "invalid", "$.scheme" },
        { "\"kind\":\"seller\",\"value\":\"" + new string('0', 64) + "\",\"category\":\"ivory\"", "invalid", "$.scheme" },
        { "\"kind\":\"seller\",\"value\":\"" + new string('0', 64) + "\",\"category\":\"ivory\",\"scheme\":\"voprf/tel/01\"", "invalid", "$.scheme" },
        { "\"kind\":\"seller\",\"value\":\"+8613800138000\",\"category\":\"ivory\",\"scheme\":\"voprf/tel/1\"", "invalid", "$.value" },
    };

    [Theory]
    [MemberData(nameof(BadListings))]
    public async Task Listings_BadField_NamedWithoutItsValue(string body, string code, string says)
    {
        var before = await SizeAsync();

        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostTextAsync(ApiRoutes.Listings, "{" + body + "}", ApiRole.Analyst), HttpStatusCode.BadRequest, code);

        Assert.Contains(says, problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("8613800138000", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(before, await SizeAsync());
    }

    /// <summary>Whatever reason is given: nobody else would let it last longer either.</summary>
    [Theory]
    [InlineData("keyword", 731)]
    [InlineData("image-sha256", 1830)]
    public async Task Listings_LongerThanTheRosterLetsThem_RefusedWithTheLimit(string kind, int days)
    {
        var listing = kind == "keyword" ? Some.Keyword(Some.Word()) : Some.Image(Some.Hex());
        await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, listing with { Expires = _node.Now + (days * 86_400L) - 100 }), HttpStatusCode.Created);

        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, listing with { Expires = _node.Now + (days * 86_400L) + 100, OverrideLint = "needed" }),
            HttpStatusCode.UnprocessableEntity,
            "lifetime");

        Assert.Contains($"at most {days} days ahead for indicators of kind {kind}", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listings_UnknownSellerKey_Refused() => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Listings, Some.Image(Some.Hex()) with { Kind = "seller", Scheme = "voprf/tel/2" }),
        HttpStatusCode.UnprocessableEntity,
        "unknown-seller-key");

    [Theory]
    [InlineData("{\"listings\":[]}", "invalid")]
    [InlineData("{\"listings\":[null]}", "invalid")]
    [InlineData("{\"listings\":{}}", "malformed-json")]
    [InlineData("{\"listings\":[{\"kind\":\"keyword\"}]}", "malformed-json")]
    [InlineData("{\"listings\":[],\"kind\":\"keyword\"}", "malformed-json")]
    [InlineData("{\"kind\":\"keyword\",\"value\":\"tusks\"}", "malformed-json")]
    public async Task Listings_MalformedBatch_Refused(string json, string code) =>
        await ApiNode.ReadProblemAsync(await _node.PostTextAsync(ApiRoutes.Listings, json), HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task Listings_TooMany_Invalid() => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(
            ApiRoutes.Listings, new ListingBatch([.. Enumerable.Repeat(Some.Keyword("tusks"), Limits.MaxAppendEntries + 1)])),
        HttpStatusCode.BadRequest,
        "invalid");

    [Fact]
    public async Task Withdrawals_OwnListing_WithdrawnAndRepeatable()
    {
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));
        var (request, key) = (new WithdrawalRequest(published.IndicatorIds[0], "legal"), Some.Word());

        var first = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Withdrawals, request, key: key), HttpStatusCode.Created);
        var second = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Withdrawals, request, key: key));

        Assert.Equal(new WithdrawalPayload(Id(published), "legal"), (await ReadAsync(first.Index)).Payload);
        Assert.Equal((first.Index, true), (second.Index, second.Repeated));
        await ApiNode.ReadProblemAsync(await _node.PostAsync(ApiRoutes.Withdrawals, request), HttpStatusCode.Conflict, "not-listed");
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Withdrawals, request with { Reason = "error" }, key: key), HttpStatusCode.UnprocessableEntity, "key-reused");
    }

    [Fact]
    public async Task Withdrawals_ListedByAnotherOrNobody_NotListed()
    {
        var word = Some.Word();
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000));
        var size = await SizeAsync();

        foreach (var id in (string[])[Some.KeywordId(word), Some.Hex()])
        {
            await ApiNode.ReadProblemAsync(
                await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(id)), HttpStatusCode.Conflict, "not-listed");
        }

        Assert.Equal(size, await SizeAsync());
    }

    [Theory]
    [InlineData("xyz", "error")]
    [InlineData("", "error")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "Not a code")]
    public async Task Withdrawals_BadField_Invalid(string id, string reason) => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(id, reason)), HttpStatusCode.BadRequest, "invalid");

    /// <summary>Every listing, withdrawal and opinion of the own log about it, and nothing else; also of a repetition once only.</summary>
    [Fact]
    public async Task Erasures_AllThatTheOwnLogSays_IsOrderedOnceAndGone()
    {
        var (word, other) = (Some.Word(), await _node.PublishAsync(Some.Keyword(Some.Word())));
        var first = await _node.PublishAsync(Some.Keyword(word));
        var id = first.IndicatorIds[0];
        await _node.PublishAsync(Some.Keyword(word) with { Severity = "high" });
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(id));
        var last = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(id, "dispute")), HttpStatusCode.Created);
        var (request, key) = (new ErasureRequest(id, "owner-request"), Some.Word());

        var done = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Erasures, request, key: key), HttpStatusCode.Created);
        var again = await ApiNode.ReadAsync<PublishResponse>(await _node.PostAsync(ApiRoutes.Erasures, request, key: key));

        Assert.Equal((4, false), (done.Count, done.Repeated));
        Assert.Equal((done.Index, 4, true), (again.Index, again.Count, again.Repeated));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(new ErasePayload(first.Index!.Value + i, "owner-request"), (await ReadAsync(done.Index + i)).Payload);
        }

        Assert.Equal(last.Index, first.Index + 3);
        await ApiNode.ReadProblemAsync(await _node.GetAsync($"{ApiRoutes.Indicators}/{id}"), HttpStatusCode.NotFound, "not-found");
        using var there = await _node.GetAsync($"{ApiRoutes.Indicators}/{other.IndicatorIds[0]}");
        Assert.Equal(HttpStatusCode.OK, there.StatusCode);
        await ApiNode.ReadProblemAsync(await _node.PostAsync(ApiRoutes.Erasures, request), HttpStatusCode.Conflict, "not-listed");
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Erasures, request with { Reason = "error" }, key: key), HttpStatusCode.UnprocessableEntity, "key-reused");
    }

    [Fact]
    public async Task Erasures_OnlyAnotherSaysSomething_NotListed()
    {
        var word = Some.Word();
        await _node.ReceiveAsync(Some.ForeignKeyword(word, _node.Now + 1000));
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Erasures, new ErasureRequest(Some.KeywordId(word))), HttpStatusCode.Conflict, "not-listed");
    }

    [Theory]
    [InlineData("xyz", "legal")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "Not a code")]
    public async Task Erasures_BadField_Invalid(string id, string reason) => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Erasures, new ErasureRequest(id, reason)), HttpStatusCode.BadRequest, "invalid");

    [Theory]
    [InlineData("confirm", "")]
    [InlineData("dispute", "globex")]
    [InlineData("none", "globex")]
    public async Task Opinions_AboutOthers_Published(string stance, string lister)
    {
        var request = new OpinionRequest(Some.Hex(), stance, lister, "seen-too");

        var published = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Opinions, request, ApiRole.Analyst), HttpStatusCode.Created);

        Assert.Equal(new OpinionPayload(Id(published), lister, stance, "seen-too"), (await ReadAsync(published.Index)).Payload);
        Assert.Equal([request.IndicatorId], published.IndicatorIds);
    }

    [Theory]
    [InlineData("acme", HttpStatusCode.UnprocessableEntity, "own-listing")]
    [InlineData("initech", HttpStatusCode.UnprocessableEntity, "unknown-member")]
    public async Task Opinions_WrongLister_Refused(string lister, HttpStatusCode status, string code) => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(Some.Hex(), "dispute", lister)), status, code);

    [Theory]
    [InlineData("zz", "dispute", "other")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "oppose", "other")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "dispute", "")]
    public async Task Opinions_BadField_Invalid(string id, string stance, string reason) => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(id, stance, "", reason)), HttpStatusCode.BadRequest, "invalid");

    private static Hash256 Id(PublishResponse published) =>
        Hash256.TryParseHex(published.IndicatorIds[0], out var id) ? id : throw new FormatException(published.IndicatorIds[0]);

    private static string IndicatorText(Payload payload) =>
        System.Text.Encoding.UTF8.GetString(((ListingPayload)payload).Indicator.Value.Span);

    private async Task<long> SizeAsync() => (await _node.Grains.GetGrain<IMemberLogGrain>(Log).GetStatusAsync()).Size;

    private async Task<(Leaf Leaf, Payload Payload)> ReadAsync(long? index)
    {
        // Where the log may sign, nothing is deferred.
        Assert.NotNull(index);
        var range = await _node.Grains.GetGrain<IMemberLogGrain>(Log).ReadAsync(index.Value, 1, 1);
        var stored = Assert.Single(range.Entries);
        Assert.True(Leaf.TryDecode(stored.Leaf, out var leaf, out _));
        Assert.True(Payload.TryDecode(leaf.Kind, stored.Payload, out var payload, out _));
        return (leaf, payload);
    }
}
