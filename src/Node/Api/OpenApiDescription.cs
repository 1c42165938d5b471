using System.Net.Mime;
using FederationNode.Node.Api.Access;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace FederationNode.Node.Api;

/// <summary>
/// What the OpenAPI document says beyond the routes themselves: keys, the roles of each route, headers and bodies that
/// handlers read by themselves.
/// </summary>
internal static class OpenApiDescription
{
    public const string DocumentName = "v1";

    private const string SchemeName = "bearer";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Federation node, local API",
                Version = "1",
                Description = "Served on loopback only. Normative text: docs/protocol.md, section 14.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A key of the node's folder, api-keys/<role>.key or <role>-<name>.key.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, cancel) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            foreach (var header in metadata.OfType<RequestHeader>())
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(Describe(header));
            }

            if (metadata.OfType<BatchBody>().FirstOrDefault() is { } batch)
            {
                await AddBodyAsync(operation, context, batch.Type, cancel);
            }

            foreach (var shapes in metadata.OfType<BodyShapes>())
            {
                await DescribeShapesAsync(operation, context, shapes, cancel);
            }

            if (metadata.OfType<Permission>().FirstOrDefault() is { } permission)
            {
                var scheme = new OpenApiSecuritySchemeReference(SchemeName, context.Document);
                operation.Security = [new() { [scheme] = [] }];
                operation.Description = $"{operation.Description} Role: {permission}.".TrimStart();
            }
        });
    }

    /// <summary>Says that a route reads a header. The generator sees only what a handler's parameters name.</summary>
    public static RouteHandlerBuilder TakesHeader(
        this RouteHandlerBuilder route, string name, int maxLength, string pattern, string description) =>
        route.WithMetadata(new RequestHeader(name, maxLength, pattern, description));

    /// <summary>Says that the body may hold many of the shape that <c>Accepts</c> names, as an array in it.</summary>
    public static RouteHandlerBuilder OrAcceptsMany<T>(this RouteHandlerBuilder route) =>
        route.WithMetadata(new BatchBody(typeof(T)));

    /// <summary>Says which shapes bodies of a content type have, where they are not those that the other types have.</summary>
    /// <param name="route">The route.</param>
    /// <param name="contentType">The content type, which the route names already.</param>
    /// <param name="taken">What it takes; empty: as said.</param>
    /// <param name="given">What it gives, any of these; empty: as said.</param>
    public static RouteHandlerBuilder WithShapes(
        this RouteHandlerBuilder route, string contentType, Type[] taken, Type[] given) =>
        route.WithMetadata(new BodyShapes(contentType, taken, given));

    private static async Task DescribeShapesAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, BodyShapes shapes, CancellationToken cancel)
    {
        if (shapes.Taken.Length > 0)
        {
            operation.RequestBody!.Content![shapes.ContentType].Schema = await AnyOfAsync(context, shapes.Taken, cancel);
        }

        if (shapes.Given.Length > 0)
        {
            operation.Responses!["200"].Content![shapes.ContentType].Schema = await AnyOfAsync(context, shapes.Given, cancel);
        }
    }

    private static async Task<IOpenApiSchema> AnyOfAsync(
        OpenApiOperationTransformerContext context, Type[] types, CancellationToken cancel)
    {
        var references = new List<IOpenApiSchema>();
        foreach (var type in types)
        {
            context.Document!.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, null, cancel));
            references.Add(new OpenApiSchemaReference(type.Name, context.Document));
        }

        return references.Count == 1 ? references[0] : new OpenApiSchema { OneOf = references };
    }

    private static OpenApiParameter Describe(RequestHeader header) => new()
    {
        Name = header.Name,
        In = ParameterLocation.Header,
        Description = header.Description,
        Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            MinLength = 1,
            MaxLength = header.MaxLength,
            Pattern = header.Pattern,
        },
    };

    private static async Task AddBodyAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, Type type, CancellationToken cancel)
    {
        var content = operation.RequestBody!.Content![MediaTypeNames.Application.Json];
        var one = content.Schema!;
        var many = await context.GetOrCreateSchemaAsync(type, null, cancel);

        // The generator would write the shape of the items out once more.
        foreach (var array in many.Properties!.Values.OfType<OpenApiSchema>().Where(p => p.Items is not null))
        {
            array.Items = one;
        }

        context.Document!.AddComponent(type.Name, many);
        content.Schema = new OpenApiSchema { OneOf = [one, new OpenApiSchemaReference(type.Name, context.Document)] };
    }

    private sealed record RequestHeader(string Name, int MaxLength, string Pattern, string Description);

    private sealed record BatchBody(Type Type);

    private sealed record BodyShapes(string ContentType, Type[] Taken, Type[] Given);
}
