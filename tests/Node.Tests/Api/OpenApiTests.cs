using System.Text.Json;
using FederationNode.Contracts.Api;
using Xunit;

namespace FederationNode.Node.Tests.Api;

[Collection(SharedNodeTests.Name)]
public sealed class OpenApiTests(SharedNode shared)
{
    [Fact]
    public async Task Document_ListingsBody_IsOneListingOrABatch()
    {
        using var document = await ReadAsync();
        var root = document.RootElement;
        var shapes = Operation(root, "post", ApiRoutes.Listings).GetProperty("requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("schema").GetProperty("oneOf").EnumerateArray()
            .Select(s => s.GetProperty("$ref").GetString()!).ToList();

        Assert.Equal(["#/components/schemas/ListingRequest", "#/components/schemas/ListingBatch"], shapes);
        var batch = root.GetProperty("components").GetProperty("schemas").GetProperty("ListingBatch");
        Assert.Equal(["listings"], batch.GetProperty("required").EnumerateArray().Select(r => r.GetString()));
        var items = batch.GetProperty("properties").GetProperty("listings").GetProperty("items");
        Assert.Equal(shapes[0], items.GetProperty("$ref").GetString());
    }

    [Theory]
    [InlineData("post", ApiRoutes.Listings, "Idempotency-Key", 128)]
    [InlineData("post", ApiRoutes.Withdrawals, "Idempotency-Key", 128)]
    [InlineData("post", ApiRoutes.Erasures, "Idempotency-Key", 128)]
    [InlineData("post", ApiRoutes.Opinions, "Idempotency-Key", 128)]
    [InlineData("get", ApiRoutes.Changes, "Last-Event-ID", 32_768)]
    public async Task Document_HeadersThatARouteReads_AreDeclared(string method, string path, string name, int longest)
    {
        using var document = await ReadAsync();

        var header = Assert.Single(
            Operation(document.RootElement, method, path).GetProperty("parameters").EnumerateArray(),
            p => p.GetProperty("in").GetString() == "header");
        Assert.Equal(name, header.GetProperty("name").GetString());
        Assert.False(header.TryGetProperty("required", out var required) && required.GetBoolean());
        Assert.NotEmpty(header.GetProperty("description").GetString()!);
        var schema = header.GetProperty("schema");
        Assert.Equal(1, schema.GetProperty("minLength").GetInt32());
        Assert.Equal(longest, schema.GetProperty("maxLength").GetInt32());
    }

    [Fact]
    public async Task Document_CheckInItsThreeForms_HasTheShapeOfEach()
    {
        using var document = await ReadAsync();
        var check = Operation(document.RootElement, "post", ApiRoutes.Check);
        string[] Shapes(JsonElement content, string type)
        {
            var schema = content.GetProperty(type).GetProperty("schema");
            return [.. References(schema).Select(r => r["#/components/schemas/".Length..])];
        }

        var taken = check.GetProperty("requestBody").GetProperty("content");
        Assert.Equal(["CheckRequest"], Shapes(taken, "application/json"));
        Assert.Equal(["CheckItem"], Shapes(taken, "application/x-ndjson"));
        Assert.Equal(["CheckForm"], Shapes(taken, "multipart/form-data"));
        var given = check.GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.Equal(["CheckResponse", "CheckFormResponse"], Shapes(given, "application/json"));
        Assert.Equal(["CheckLine", "CheckLinesEnd"], Shapes(given, "application/x-ndjson"));
        var snapshot = Operation(document.RootElement, "get", ApiRoutes.Snapshot).GetProperty("responses").GetProperty("200");
        Assert.Equal(
            ["SnapshotHeader", "IndicatorSummary", "SnapshotEnd"], Shapes(snapshot.GetProperty("content"), "application/x-ndjson"));
    }

    /// <summary>A client that was made from the document must find every shape that it refers to.</summary>
    [Fact]
    public async Task Document_EveryReference_LeadsToAShape()
    {
        using var document = await ReadAsync();
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");

        const string Place = "#/components/schemas/";
        var references = References(document.RootElement).Where(r => r.StartsWith(Place, StringComparison.Ordinal));
        Assert.All(references, r => Assert.True(schemas.TryGetProperty(r[Place.Length..], out _), r));
    }

    [Fact]
    public async Task Document_NamesEveryRouteWithSummaryAnswersAndKey()
    {
        using var document = await ReadAsync();
        var paths = document.RootElement.GetProperty("paths");
        string[] wanted =
        [
            "post " + ApiRoutes.Check, "get " + ApiRoutes.Indicators, "get " + ApiRoutes.Indicators + "/{id}",
            "put " + ApiRoutes.Indicators + "/{id}/note", "post " + ApiRoutes.Listings, "post " + ApiRoutes.Withdrawals, "post " + ApiRoutes.Erasures,
            "post " + ApiRoutes.Opinions, "get " + ApiRoutes.Changes, "get " + ApiRoutes.Snapshot, "post " + ApiRoutes.Feedback,
            "get " + ApiRoutes.Queue, "post " + ApiRoutes.Queue + "/{number}", "get " + ApiRoutes.Webhooks, "get " + ApiRoutes.Status, "get " + ApiRoutes.Logs,
            "get " + ApiRoutes.Logs + "/{path}", "get " + ApiRoutes.Roster, "post " + ApiRoutes.Roster,
            "post " + ApiRoutes.SellerEvaluate, "get " + ApiRoutes.SellerKeys, "post " + ApiRoutes.SellerRetag, "get " + ApiRoutes.Health, "get " + ApiRoutes.Ready,
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

    private static JsonElement Operation(JsonElement document, string method, string path) =>
        document.GetProperty("paths").GetProperty(path).GetProperty(method);

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p =>
            p is { Name: "$ref", Value.ValueKind: JsonValueKind.String }
                ? [p.Value.GetString()!]
                : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private async Task<JsonDocument> ReadAsync()
    {
        using var response = await shared.Node.GetAsync(ApiRoutes.OpenApi, role: null);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync());
    }
}
