using System.Text.Json;
using FederationNode.Contracts.Api;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class OpenApiTests(SharedNode shared)
{
    [Fact]
    public async Task Document_NamesEveryRouteWithSummaryAnswersAndKey()
    {
        using var response = await shared.Node.GetAsync(ApiRoutes.OpenApi, role: null);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var paths = document.RootElement.GetProperty("paths");
        string[] wanted =
        [
            "post " + ApiRoutes.Check, "get " + ApiRoutes.Indicators, "get " + ApiRoutes.Indicators + "/{id}",
            "put " + ApiRoutes.Indicators + "/{id}/note", "post " + ApiRoutes.Listings, "post " + ApiRoutes.Withdrawals,
            "post " + ApiRoutes.Opinions, "get " + ApiRoutes.Changes, "get " + ApiRoutes.Status, "get " + ApiRoutes.Logs,
            "get " + ApiRoutes.Logs + "/{path}", "get " + ApiRoutes.Roster, "post " + ApiRoutes.Roster,
            "post " + ApiRoutes.SellerEvaluate, "get " + ApiRoutes.Health, "get " + ApiRoutes.Ready,
        ];

        foreach (var route in wanted)
        {
            var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
            var operation = paths.GetProperty(path).GetProperty(method);
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            Assert.True(operation.GetProperty("responses").TryGetProperty("200", out _), route);
            var isOpen = path is ApiRoutes.Health or ApiRoutes.Ready;
            Assert.Equal(!isOpen, operation.TryGetProperty("security", out var security) && security[0].TryGetProperty("bearer", out _));
            Assert.Equal(method != "get", operation.TryGetProperty("requestBody", out _));
        }

        Assert.Equal("bearer", document.RootElement.GetProperty("components").GetProperty("securitySchemes")
            .GetProperty("bearer").GetProperty("scheme").GetString());
        var problem = paths.GetProperty(ApiRoutes.Check).GetProperty("post").GetProperty("responses").GetProperty("400");
        Assert.True(problem.GetProperty("content").TryGetProperty("application/problem+json", out _));
    }
}
