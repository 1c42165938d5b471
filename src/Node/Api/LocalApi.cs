using FederationNode.Node.Folder;

namespace FederationNode.Node.Api;

/// <summary>The local API.</summary>
public static class LocalApi
{
    /// <summary>Services.</summary>
    public static void AddLocalApi(this IServiceCollection services, NodeFolder folder, NodeConfig config)
    {
    }

    /// <summary>Routes.</summary>
    public static void MapLocalApi(this WebApplication app)
    {
    }
}
