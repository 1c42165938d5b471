using FederationNode.Node.Api.Access;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace FederationNode.Node.Api;

/// <summary>What the OpenAPI document says beyond the routes themselves: keys, and the roles of each route.</summary>
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
                Description = "A key of the node's folder, api-keys/<role>.key.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<Permission>().FirstOrDefault() is { } permission)
            {
                var scheme = new OpenApiSecuritySchemeReference(SchemeName, context.Document);
                operation.Security = [new() { [scheme] = [] }];
                operation.Description = $"{operation.Description} Role: {permission}.".TrimStart();
            }

            return Task.CompletedTask;
        });
    }
}
