using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class ErrorTests(SharedNode shared)
{
    private const string Secret = "8613800138000";

    private readonly ApiNode _node = shared.Node;

    [Theory]
    [InlineData("", "$")]
    [InlineData("{", "line 1")]
    [InlineData("{\"items\":[{\"kind\":\"text\",\"value\":\"8613800138000\"]}", "line 1")]
    [InlineData("{\"items\":\n [ {\"kind\":\"text\",,}]}", "line 2")]
    [InlineData("null", "null")]
    [InlineData("[]", "$")]
    [InlineData("{}", "lacks \"items\"")]
    [InlineData("{\"items\":null}", "$.items")]
    [InlineData("{\"items\":\"8613800138000\"}", "$.items")]
    [InlineData("{\"items\":[{\"value\":\"8613800138000\"}]}", "lacks \"kind\"")]
    [InlineData("{\"items\":[{\"kind\":\"text\",\"value\":8613800138000}]}", "$.items[0].value")]
    [InlineData("{\"items\":[],\"extra\":\"8613800138000\"}", "$.extra")]
    [InlineData("{\"items\":[],\"+8613800138000\":1}", "not known here: at $")]
    [InlineData("{\"items\":[],\"items\":[]}", "twice")]
    [InlineData("{\"Items\":[]}", "$.Items")]
    [InlineData("{\"items\":[]} 8613800138000", "line 1")]
    [InlineData("{\"items\":[]}{}", "not valid JSON: at $, line 1, byte 13")]
    [InlineData("{\"items\":[{\"kind\":\"text\",\"value\":\"\\ud800\"}]}", "$.items[0].value")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "line 1")]
    public async Task Check_MalformedBody_SaysWhereAndQuotesNothing(string json, string says)
    {
        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostTextAsync(ApiRoutes.Check, json), HttpStatusCode.BadRequest, "malformed-json");

        Assert.Contains(says, problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_BytesThatAreNotUtf8_MalformedJson()
    {
        var body = new ByteArrayContent([.. "{\"items\":[{\"kind\":\"text\",\"value\":\""u8, 0xff, 0xfe, .. "\"}]}"u8]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body), HttpStatusCode.BadRequest, "malformed-json");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Check_OtherContentType_UnsupportedMediaType(string? type)
    {
        var body = new ByteArrayContent("{\"items\":[]}"u8.ToArray());
        body.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body),
            HttpStatusCode.UnsupportedMediaType,
            "unsupported-media-type");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_BodyLongerThanAllowed_TooLarge(bool withLength)
    {
        var stream = new MemoryStream(Encoding.UTF8.GetBytes("\"" + new string('x', Limits.MaxApiBody) + "\""));
        HttpContent body = withLength ? new ByteArrayContent(stream.ToArray()) : new ChunkedContent(stream);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body),
            HttpStatusCode.RequestEntityTooLarge,
            "too-large");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/nothing")]
    [InlineData("/v2/check")]
    public async Task UnknownRoute_NotFound(string path) =>
        await ApiNode.ReadProblemAsync(await _node.GetAsync(path), HttpStatusCode.NotFound, "not-found");

    [Theory]
    [InlineData("GET", ApiRoutes.Check, "POST")]
    [InlineData("DELETE", ApiRoutes.Listings, "POST")]
    [InlineData("PATCH", ApiRoutes.Roster, "GET, POST")]
    public async Task OtherMethod_NotAllowedAndNamesTheRight(string method, string path, string allow)
    {
        var response = await _node.SendAsync(new HttpMethod(method), path, ApiRole.Operator, null);

        Assert.Equal(allow, string.Join(", ", response.Content.Headers.Allow.Order(StringComparer.Ordinal)));
        await ApiNode.ReadProblemAsync(response, HttpStatusCode.MethodNotAllowed, "method-not-allowed");
    }

    [Theory]
    [InlineData(ApiRoutes.Indicators + "?lmit=5")]
    [InlineData(ApiRoutes.Indicators + "?limit=0")]
    [InlineData(ApiRoutes.Indicators + "?limit=1001")]
    [InlineData(ApiRoutes.Indicators + "?limit=-1")]
    [InlineData(ApiRoutes.Indicators + "?limit=5&limit=6")]
    [InlineData(ApiRoutes.Indicators + "?state=gone")]
    [InlineData(ApiRoutes.Indicators + "?kind=Keyword")]
    [InlineData(ApiRoutes.Indicators + "?category=a%20b")]
    [InlineData(ApiRoutes.Indicators + "?member=A")]
    [InlineData(ApiRoutes.Indicators + "?q=")]
    [InlineData(ApiRoutes.Changes + "?from=5")]
    [InlineData(ApiRoutes.Changes + "?limit=x")]
    [InlineData(ApiRoutes.Status + "?verbose=1")]
    [InlineData(ApiRoutes.Logs + "?x=1")]
    [InlineData(ApiRoutes.Roster + "?version=1")]
    [InlineData(ApiRoutes.Indicators + "/zz")]
    public async Task BadParameter_Invalid(string path) =>
        await ApiNode.ReadProblemAsync(await _node.GetAsync(path), HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task UnhandledException_InternalErrorWithoutItsWords()
    {
        var problem = await ApiNode.ReadProblemAsync(await _node.GetAsync("/test/throws"), HttpStatusCode.InternalServerError, "internal");

        Assert.DoesNotContain("secret", problem.Detail, StringComparison.Ordinal);
        Assert.Contains(_node.Log.Lines, line => line.Contains("a secret of the inside", StringComparison.Ordinal));
    }

    /// <summary>Content of a length that is not told beforehand.</summary>
    private sealed class ChunkedContent(Stream stream) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream1, TransportContext? context) => stream.CopyToAsync(stream1);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
