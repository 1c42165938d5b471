using System.Security.Cryptography;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>
/// The seeds of ceremonies in which this node takes part, each sealed in a file <c>ID.seed</c>. That there is one
/// is its operator's consent; all that the node says in the ceremony follows from it.
/// </summary>
internal static class CeremonySeeds
{
    private const string Extension = ".seed";

    /// <summary>The ceremonies whose seeds lie in a node's folder.</summary>
    public static IReadOnlyList<Hash256> All(NodeFolder folder) => !Directory.Exists(folder.CeremonyFolder)
        ? []
        :
        [
            .. Directory.GetFiles(folder.CeremonyFolder, "*" + Extension).Order(StringComparer.Ordinal)
                .Select(f => Hash256.TryParseLowerHex(Path.GetFileNameWithoutExtension(f), out var id) ? id : (Hash256?)null)
                .OfType<Hash256>(),
        ];

    /// <summary>Whether there is one.</summary>
    public static bool Exists(NodeFolder folder, Hash256 ceremony) => File.Exists(PathOf(folder, ceremony));

    /// <summary>Draws a seed and seals it into its file.</summary>
    /// <exception cref="NodeFolderException">It cannot be written.</exception>
    public static void Create(NodeFolder folder, Hash256 ceremony, SharePassphrase passphrase)
    {
        NodeFolder.CreateFolder(folder.CeremonyFolder);
        var seed = RandomNumberGenerator.GetBytes(CeremonyParticipant.SeedSize);
        try
        {
            var random = RandomNumberGenerator.GetBytes(SealedSecret.RandomSize);
            NodeFolder.WriteSecret(
                PathOf(folder, ceremony), SealedShare.SealSeed(ceremony, seed, passphrase.Bytes, passphrase.Cost, random));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Opens a seed; the caller erases it.</summary>
    /// <exception cref="NodeFolderException">It cannot be opened.</exception>
    public static byte[] Read(NodeFolder folder, Hash256 ceremony, SharePassphrase passphrase)
    {
        var file = PathOf(folder, ceremony);
        return SealedShare.TryOpenSeed(
            ceremony, NodeFolder.ReadUpTo(file, SealedSecret.MaxEncoded), passphrase.Bytes, out var seed, out var error)
            ? seed
            : throw new NodeFolderException($"{file}: {error}");
    }

    /// <summary>Deletes a seed.</summary>
    public static void Delete(NodeFolder folder, Hash256 ceremony) => File.Delete(PathOf(folder, ceremony));

    private static string PathOf(NodeFolder folder, Hash256 ceremony) => Path.Combine(folder.CeremonyFolder, ceremony + Extension);
}
