using System.Globalization;
using System.Security.Cryptography;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>
/// Sealed shares as files: <c>TYPE-EPOCH-DIGEST.share</c>, the digest being the first bytes of the shared key's. So the shares
/// of a key before and after other holders got it lie beside each other.
/// </summary>
internal static class ShareFiles
{
    /// <summary>What the files' names match.</summary>
    public const string Pattern = "*.share";

    /// <summary>The file of a share in a folder.</summary>
    public static string PathOf(string folder, SharedKey key) => Path.Combine(folder, string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(key.Scheme)}{key.Digest.ToString()[..8]}.share"));

    /// <summary>The files of all shares of a type and epoch in a folder, whoever else holds some.</summary>
    public static IReadOnlyList<string> Of(string folder, SellerScheme scheme) =>
        [.. All(folder).Where(f => Path.GetFileName(f).StartsWith(NameOf(scheme), StringComparison.Ordinal))];

    /// <summary>The files of a folder, in the order of their names; none if there is no folder.</summary>
    public static IReadOnlyList<string> All(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetFiles(folder, Pattern).Order(StringComparer.Ordinal)] : [];

    /// <summary>Seals a share into its file.</summary>
    /// <exception cref="NodeFolderException">It cannot be written.</exception>
    public static void Write(string folder, KeyShare share, SharePassphrase passphrase)
    {
        var random = RandomNumberGenerator.GetBytes(SealedSecret.RandomSize);
        NodeFolder.WriteSecret(
            PathOf(folder, share.Key), SealedShare.Seal(share, passphrase.Bytes, passphrase.Cost, random));
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="NodeFolderException">It cannot be opened, or is the share of another member.</exception>
    public static KeyShare Read(string file, SharePassphrase passphrase, string member)
    {
        if (!SealedShare.TryOpen(NodeFolder.ReadUpTo(file, SealedSecret.MaxEncoded), passphrase.Bytes, out var share, out var error))
        {
            throw new NodeFolderException($"{file}: {error}");
        }

        if (share.Holder == member)
        {
            return share;
        }

        share.Dispose();
        throw new NodeFolderException($"{file} is the share of {share.Holder}, and this is the node of {member}.");
    }

    private static string NameOf(SellerScheme scheme) =>
        string.Create(CultureInfo.InvariantCulture, $"{scheme.Type.Name.Replace(':', '_')}-{scheme.Epoch}-");
}
