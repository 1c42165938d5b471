using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class SellerTests(SharedNode shared)
{
    private static readonly string Point = Convert.ToBase64String(PointOf(1).Span);

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Evaluate_Points_EvaluatedByTheHolderInOrder()
    {
        var points = Enumerable.Range(0, 5).Select(PointOf).ToArray();

        var answer = await ApiNode.ReadAsync<SellerEvaluateResponse>(await _node.PostAsync(
            ApiRoutes.SellerEvaluate,
            new SellerEvaluateRequest("tel", 1, [.. points.Select(p => Convert.ToBase64String(p.Span))]),
            ApiRole.Detector));

        Assert.Equal(
            VoprfServer.BlindEvaluate(TestCoalition.TelephoneKey, points).Select(p => Convert.ToBase64String(p.Span)), answer.Evaluated);
        Assert.Equal(TestCoalition.TelephoneKey.PublicKey.ToString(), answer.PublicKey);
        Assert.Equal(["secretariat"], answer.Holders);
        Assert.Equal(("tel", 1), (_node.Transport.Evaluated!.Type, _node.Transport.Evaluated.Epoch));
    }

    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("//////////////////////////////////////////8=")]
    public async Task Evaluate_IdentityOrNoEncoding_IsRefusedHere(string point)
    {
        var problem = await ApiNode.ReadProblemAsync(
            await PostAsync("tel", 1, Point, point), HttpStatusCode.UnprocessableEntity, "bad-point");

        Assert.StartsWith("blinded[1]", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tel", 2)]
    [InlineData("tel", 0)]
    [InlineData("email", 1)]
    public async Task Evaluate_KeyThatTheRosterLacks_Refused(string type, int epoch) => await ApiNode.ReadProblemAsync(
        await PostAsync(type, epoch, Point), HttpStatusCode.UnprocessableEntity, "unknown-seller-key");

    [Theory]
    [InlineData("")]
    [InlineData("+8613800138000")]
    [InlineData("AAAA")]
    [InlineData(null)]
    public async Task Evaluate_NotAPoint_NamedWithoutItsValue(string? point)
    {
        var problem = await ApiNode.ReadProblemAsync(await PostAsync("tel", 1, Point, point!), HttpStatusCode.BadRequest, "invalid");

        Assert.StartsWith("blinded[1]", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("8613800138000", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4001)]
    public async Task Evaluate_NoneOrTooMany_Invalid(int count) => await ApiNode.ReadProblemAsync(
        await PostAsync("tel", 1, [.. Enumerable.Repeat(Point, count)]), HttpStatusCode.BadRequest, "invalid");

    [Theory]
    [InlineData(422, HttpStatusCode.ServiceUnavailable, "key-holder-unreachable")]
    [InlineData(429, HttpStatusCode.TooManyRequests, "too-many-requests")]
    [InlineData(403, HttpStatusCode.ServiceUnavailable, "key-holder-unreachable")]
    public async Task Evaluate_KeyHolderRefuses_SaysSo(int refusal, HttpStatusCode status, string code)
    {
        _node.Transport.RefuseEvaluation = refusal;
        try
        {
            var answer = await PostAsync("tel", 1, Point);
            Assert.Equal(refusal == 429 ? 77 : 5, answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
            var problem = await ApiNode.ReadProblemAsync(answer, status, code);
            Assert.StartsWith("0 of the 1 holders that a tag voprf/tel/1 takes answered. No good answer came from secretariat: ", problem.Detail, StringComparison.Ordinal);
        }
        finally
        {
            _node.Transport.RefuseEvaluation = 0;
        }
    }

    [Fact]
    public async Task Evaluate_KeyHolderOutOfReach_SaysSo()
    {
        _node.Transport.Reachable = false;
        try
        {
            await ApiNode.ReadProblemAsync(await PostAsync("tel", 1, Point), HttpStatusCode.ServiceUnavailable, "key-holder-unreachable");
        }
        finally
        {
            _node.Transport.Reachable = true;
        }
    }

    private Task<HttpResponseMessage> PostAsync(string type, int epoch, params string[] points) =>
        _node.PostAsync(ApiRoutes.SellerEvaluate, new SellerEvaluateRequest(type, epoch, points));

    private static RistrettoPoint PointOf(int number) => RistrettoPoint.MultiplyBase(RistrettoScalar.FromUInt64((ulong)number + 1));
}
