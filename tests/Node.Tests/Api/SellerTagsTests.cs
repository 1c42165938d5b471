using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>POST /v1/seller/tags: raw identifiers come in, tags go out, and nothing of the identifiers stays.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class SellerTagsTests : IDisposable
{
    private readonly ApiNode _node;

    public SellerTagsTests(SharedNode shared) => _node = shared.Node;

    public void Dispose() => _node.Transport.SellerKey = TestCoalition.TelephoneKey;

    [Fact]
    public async Task Tags_SpellingsOfANumber_HaveTheTagThatTheKeyGives()
    {
        var answer = await TagAsync(
            new("tel", "+86 138 0013 8000", Id: "a"),
            new("tel", "138-0013-8000", "CN"),
            new("tel", "１３８００１３８０００", "cn", "c"),
            new("tel", "+86 138 0013 8001"));

        var tag = TagOf("+8613800138000");
        Assert.Equal(["a", null, "c", null], answer.Items.Select(i => i.Id));
        Assert.All(answer.Items, i => Assert.Null(i.Error));
        Assert.Equal([tag, tag, tag, TagOf("+8613800138001")], answer.Items.Select(i => Assert.Single(i.Tags).Tag));
        Assert.All(answer.Items, i => Assert.Equal("voprf/tel/1", i.Tags[0].Scheme));

        // Every point counts against the quota: the same seller is asked for once.
        Assert.Equal(2, _node.Transport.Evaluated!.Blinded.Length);
    }

    [Fact]
    public async Task Tags_BadItems_GetErrorsOfTheirOwnAndDisturbNoOther()
    {
        var answer = await TagAsync(
            new("tel", "13800138000", Id: "no region"),
            new("fax", "+8613800138000", Id: "no type"),
            new("email", "jane@example.org", Id: "no key"),
            new("tel", new string('1', 3000), "CN", "long"),
            new("tel", "+8613800138000", Id: "good"));

        Assert.Equal(
            ["not-canonical", "invalid", "unknown-seller-key", "not-canonical", null],
            answer.Items.Select(i => i.Error?.Type["urn:fednode:error:".Length..]));
        Assert.All(answer.Items.Where(i => i.Error is not null), i => Assert.Empty(i.Tags));
        Assert.Contains("region of the account is needed", answer.Items[0].Error!.Detail, StringComparison.Ordinal);
        Assert.StartsWith("items[1].type:", answer.Items[1].Error!.Detail, StringComparison.Ordinal);
        Assert.Equal(TagOf("+8613800138000"), Assert.Single(answer.Items[4].Tags).Tag);
    }

    [Theory]
    [InlineData("""{"items": []}""", "items must have 1 to 1000")]
    [InlineData("""{"items": [null]}""", "items[0]")]
    [InlineData("""{"items": [{"type": "tel", "value": "1"}], "epoch": 0}""", "epoch must be")]
    [InlineData("""{"items": [{"type": "tel", "value": "1"}], "epoch": 1000000}""", "epoch must be")]
    [InlineData("""{"items": [{"type": "tel", "value": "zq7x9k", "id": "IIIII"}]}""", "items[0].id")]
    public async Task Tags_BadRequest_SaysWhereWithoutTheValue(string body, string says)
    {
        body = body.Replace("IIIII", new string('i', 129), StringComparison.Ordinal);
        var answer = await _node.PostTextAsync(ApiRoutes.SellerTags, body, ApiRole.Detector);

        var problem = await ApiNode.ReadProblemAsync(answer, HttpStatusCode.BadRequest, "invalid");
        Assert.StartsWith(says, problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("zq7x9k", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_TooManyItems_Refused() => await ApiNode.ReadProblemAsync(
        await PostAsync([.. Enumerable.Repeat(new RawSellerItem("tel", "+8613800138000"), 1001)]),
        HttpStatusCode.BadRequest,
        "invalid");

    [Theory]
    [InlineData(429, HttpStatusCode.TooManyRequests, "too-many-requests")]
    [InlineData(403, HttpStatusCode.ServiceUnavailable, "key-holder-unreachable")]
    public async Task Tags_KeyHolderRefuses_WholeRequestFails(int refusal, HttpStatusCode status, string code)
    {
        _node.Transport.RefuseEvaluation = refusal;
        try
        {
            await ApiNode.ReadProblemAsync(await PostAsync(new RawSellerItem("tel", "+8613800138000")), status, code);
        }
        finally
        {
            _node.Transport.RefuseEvaluation = 0;
        }
    }

    [Fact]
    public async Task Tags_AnswerUnderAnotherKey_IsNotBelieved()
    {
        using var other = VoprfSecretKey.DeriveFromSeed(new byte[32], "voprf/tel/1"u8);
        _node.Transport.SellerKey = other;

        var problem = await ApiNode.ReadProblemAsync(
            await PostAsync(new RawSellerItem("tel", "+8613800138000")),
            HttpStatusCode.ServiceUnavailable,
            "key-holder-unreachable");
        Assert.Contains("secretariat: its answer is wrong (The proof does not hold", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_OutsideTheirRole_Forbidden() => await ApiNode.ReadProblemAsync(
        await _node.PostAsync(
            ApiRoutes.SellerTags, new SellerTagsRequest([new RawSellerItem("tel", "+8613800138000")]), ApiRole.Auditor),
        HttpStatusCode.Forbidden,
        "forbidden");

    [Fact]
    public async Task Tags_AnyAnswer_LeavesNoIdentifierInTheLog()
    {
        await TagAsync(new("tel", "+86 138 5555 7777"), new("tel", "zq7x9k 5555 7777"), new("zq7x9k", "zq7x9k"));
        _node.Transport.RefuseEvaluation = 403;
        await PostAsync(new RawSellerItem("tel", "+86 138 5555 7777"));
        _node.Transport.RefuseEvaluation = 0;

        Assert.NotEmpty(_node.Log.Lines);
        Assert.DoesNotContain(_node.Log.Lines, l => l.Contains("5555", StringComparison.Ordinal) && l.Contains("7777", StringComparison.Ordinal));
        Assert.DoesNotContain(_node.Log.Lines, l => l.Contains("zq7x9k", StringComparison.Ordinal));
        Assert.DoesNotContain("7777", new RawSellerItem("tel", "+86 138 5555 7777").ToString(), StringComparison.Ordinal);
    }

    private static string TagOf(string raw)
    {
        Assert.True(SellerIdentifier.TryCanonicalize(SellerIdentifierType.Telephone, raw, null, out var identifier, out var error), error);
        return SellerTag.EvaluateLocally(TestCoalition.TelephoneKey, identifier).ToString();
    }

    private async Task<SellerTagsResponse> TagAsync(params RawSellerItem[] items) =>
        await ApiNode.ReadAsync<SellerTagsResponse>(await PostAsync(items));

    private Task<HttpResponseMessage> PostAsync(params RawSellerItem[] items) =>
        _node.PostAsync(ApiRoutes.SellerTags, new SellerTagsRequest(items), ApiRole.Detector);
}
