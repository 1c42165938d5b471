using System.Text.Json;

namespace FederationNode.Node.Folder;

/// <summary>What a running node leaves in its folder so that the verbs on this machine find it.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="ApiUrl">Its local API.</param>
/// <param name="PeerUrl">Where it takes connections from peers; empty if it does not.</param>
public sealed record RunFile(int ProcessId, string ApiUrl, string PeerUrl)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The node that runs on a folder, or null if none does. A file left by a crash does not count.</summary>
    public static RunFile? TryRead(NodeFolder folder)
    {
        if (!File.Exists(folder.RunFile))
        {
            return null;
        }

        using (var unused = NodeLock.TryTake(folder))
        {
            if (unused is not null)
            {
                return null;
            }
        }

        try
        {
            return JsonSerializer.Deserialize<RunFile>(NodeFolder.Read(folder.RunFile), Json);
        }
        catch (JsonException e)
        {
            throw new NodeFolderException($"{folder.RunFile} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Leaves the file.</summary>
    public void Write(NodeFolder folder) => NodeFolder.WriteSecret(folder.RunFile, JsonSerializer.Serialize(this, Json));
}
