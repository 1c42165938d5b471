using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Access;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class AccessTests(SharedNode shared)
{
    private const string Detector = ApiRole.Detector;
    private const string Analyst = ApiRole.Analyst;
    private const string Operator = ApiRole.Operator;
    private const string Auditor = ApiRole.Auditor;

    private readonly ApiNode _node = shared.Node;

    public static TheoryData<string, string, string> Routes => new()
    {
        { "POST", ApiRoutes.Check, $"{Detector},{Analyst},{Operator}" },
        { "GET", ApiRoutes.Changes, $"{Detector},{Analyst},{Operator}" },
        { "GET", ApiRoutes.Snapshot, $"{Detector},{Analyst},{Operator}" },
        { "POST", ApiRoutes.SellerEvaluate, $"{Detector},{Analyst},{Operator}" },
        { "GET", ApiRoutes.SellerKeys, $"{Detector},{Analyst},{Operator}" },
        { "POST", ApiRoutes.SellerRetag, $"{Analyst},{Operator}" },
        { "GET", ApiRoutes.Indicators, $"{Analyst},{Operator}" },
        { "GET", ApiRoutes.Indicators + "/00", $"{Analyst},{Operator}" },
        { "PUT", ApiRoutes.Indicators + "/00/note", $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Listings, $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Withdrawals, $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Erasures, $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Opinions, $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Feedback, $"{Detector},{Analyst},{Operator}" },
        { "GET", ApiRoutes.Queue, $"{Analyst},{Operator}" },
        { "POST", ApiRoutes.Queue + "/1", $"{Analyst},{Operator}" },
        { "GET", ApiRoutes.Logs, $"{Auditor},{Operator}" },
        { "GET", ApiRoutes.Logs + "/x", $"{Auditor},{Operator}" },
        { "GET", ApiRoutes.Roster, $"{Auditor},{Operator}" },
        { "POST", ApiRoutes.Roster, Operator },
        { "GET", ApiRoutes.Status, Operator },
    };

    [Fact]
    public async Task Route_WithoutTls_SpeaksHttp11Alone()
    {
        HttpRequestMessage Get(HttpVersionPolicy policy) =>
            new(HttpMethod.Get, ApiRoutes.Health) { Version = HttpVersion.Version20, VersionPolicy = policy };

        using var answer = await _node.Client.SendAsync(Get(HttpVersionPolicy.RequestVersionOrLower));
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), (answer.StatusCode, answer.Version));
        await Assert.ThrowsAsync<HttpRequestException>(
            () => _node.Client.SendAsync(Get(HttpVersionPolicy.RequestVersionExact)));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_EachRole_OnlyThoseAllowedPass(string method, string path, string allowed)
    {
        foreach (var role in ApiRole.All)
        {
            var response = await SendAsync(method, path, ApiNode.KeyOf(role));
            if (allowed.Split(',').Contains(role))
            {
                Assert.NotEqual(HttpStatusCode.Unauthorized, response.StatusCode);
                Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
                continue;
            }

            var problem = await ApiNode.ReadProblemAsync(response, HttpStatusCode.Forbidden, "forbidden");
            Assert.All(allowed.Split(','), may => Assert.Contains(may, problem.Detail, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_NoKeyOrUnknownKey_Unauthorized(string method, string path, string allowed)
    {
        Assert.NotEmpty(allowed);
        foreach (var key in (string?[])[null, "", "unknown", ApiNode.KeyOf(Operator) + "x", new string('k', 2000)])
        {
            var response = await SendAsync(method, path, key);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
            await ApiNode.ReadProblemAsync(response, HttpStatusCode.Unauthorized, "unauthorized");
        }
    }

    [Fact]
    public async Task Authorization_OtherScheme_Unauthorized()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiRoutes.Status);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", ApiNode.KeyOf(Operator));

        await ApiNode.ReadProblemAsync(await _node.Client.SendAsync(request), HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory]
    [InlineData(ApiRoutes.Health)]
    [InlineData(ApiRoutes.Ready)]
    [InlineData(ApiRoutes.OpenApi)]
    public async Task ProbesAndDocument_NoKey_Answered(string path)
    {
        using var response = await _node.GetAsync(path, role: null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Keys_AfterRequestsWithAllOfThem_NeverInTheLog()
    {
        foreach (var role in ApiRole.All)
        {
            using var response = await _node.GetAsync(ApiRoutes.Status, role);
        }

        Assert.NotEmpty(_node.Log.Lines);
        Assert.DoesNotContain(_node.Log.Lines, line => ApiRole.All.Any(r => line.Contains(ApiNode.KeyOf(r), StringComparison.Ordinal)));
        Assert.DoesNotContain(ApiNode.KeyOf(Operator), new LocalApiOptions
        {
            Keys = new Dictionary<string, string> { [ApiNode.KeyOf(Operator)] = Operator },
            Policy = new() { Self = "acme" },
        }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rate_MoreThanAKeyMay_RefusedWithTheTimeAndOtherKeysGoOn()
    {
        await using var node = await ApiNode.StartAsync(TestCoalition.Acme, o => o with { RequestsPerSecond = 0.01 });

        using var first = await node.GetAsync(ApiRoutes.Status, Operator);
        var second = await node.GetAsync(ApiRoutes.Status, Operator);
        using var other = await node.GetAsync(ApiRoutes.Logs, Auditor);
        using var probe = await node.GetAsync(ApiRoutes.Health, role: null);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 100);
        await ApiNode.ReadProblemAsync(second, HttpStatusCode.TooManyRequests, "too-many-requests");
        Assert.NotEqual(HttpStatusCode.TooManyRequests, other.StatusCode);
        Assert.Equal(HttpStatusCode.OK, probe.StatusCode);
    }

    [Theory]
    [InlineData(0.01, 1)]
    [InlineData(1, 2)]
    [InlineData(50, 100)]
    [InlineData(1_000_000, 2_000_000)]
    public void Rate_OfAnySize_HoldsTwoSeconds(double perSecond, int burst)
    {
        using var limiter = RequestRate.LimiterFor(perSecond)!;
        Assert.Equal(burst, limiter.GetStatistics()!.CurrentAvailablePermits);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method != "GET")
        {
            request.Content = JsonContent.Create(new { });
        }

        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        }

        return await _node.Client.SendAsync(request, HttpCompletionOption.ResponseContentRead);
    }
}
