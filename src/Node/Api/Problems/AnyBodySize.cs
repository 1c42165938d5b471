using Microsoft.AspNetCore.Http.Metadata;

namespace FederationNode.Node.Api.Problems;

/// <summary>On a route that bounds its bodies itself, each kind by what it is, and reads some as endless streams.</summary>
internal sealed class AnyBodySize : IRequestSizeLimitMetadata
{
    public static readonly AnyBodySize Instance = new();

    public long? MaxRequestBodySize => null;
}
