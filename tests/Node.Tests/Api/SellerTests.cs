using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class SellerTests(SharedNode shared)
{
    private static readonly string Point = Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Evaluate_Points_PassedToTheKeyHolderInOrder()
    {
        var points = Enumerable.Range(0, 5).Select(i => Convert.ToBase64String(Hash256.Of([(byte)i]).ToArray())).ToList();

        var answer = await ApiNode.ReadAsync<SellerEvaluateResponse>(
            await _node.PostAsync(ApiRoutes.SellerEvaluate, new SellerEvaluateRequest("tel", 1, points), ApiRole.Detector));

        Assert.Equal(
            points.Select(p => Convert.ToBase64String(Convert.FromBase64String(p).Select(b => (byte)~b).ToArray())), answer.Evaluated);
        Assert.Equal(64, Convert.FromBase64String(answer.Proof).Length);
        Assert.Equal(TestCoalition.TelephoneKey.PublicKey.ToString(), answer.PublicKey);
        Assert.Equal(("tel", 1), (_node.Transport.Evaluated!.Type, _node.Transport.Evaluated.Epoch));
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
    [InlineData(422, HttpStatusCode.UnprocessableEntity, "bad-point")]
    [InlineData(429, HttpStatusCode.TooManyRequests, "too-many-requests")]
    [InlineData(403, HttpStatusCode.ServiceUnavailable, "key-holder-unreachable")]
    public async Task Evaluate_KeyHolderRefuses_SaysSo(int refusal, HttpStatusCode status, string code)
    {
        _node.Transport.RefuseEvaluation = refusal;
        try
        {
            await ApiNode.ReadProblemAsync(await PostAsync("tel", 1, Point), status, code);
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
}
