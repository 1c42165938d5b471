using System.Security.Cryptography;
using System.Text;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Keys;

namespace FederationNode.Node.Sellers;

/// <summary>
/// The passphrase under which shares of keys for seller tags lie sealed. <see cref="Dispose"/> erases it.
/// </summary>
internal sealed class SharePassphrase : IDisposable
{
    /// <summary>The environment variable that goes before the file.</summary>
    public const string Variable = "FEDNODE_SHARE_PASSPHRASE";

    /// <summary>Fewest bytes of a passphrase: 16.</summary>
    public const int MinBytes = 16;

    private const string GeneratedPrefix = "fnp_";
    private const int GeneratedBytes = 24;

    private readonly byte[] _bytes;

    private SharePassphrase(ReadOnlySpan<byte> bytes)
    {
        _bytes = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(_bytes);
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>
    /// What a guess costs: a passphrase that this program made is one of 2^192, and needs no more than the least; one that people
    /// chose costs whoever guesses, and the start of the node, a few tenths of a second a share.
    /// </summary>
    public PassphraseCost Cost => IsGenerated ? new PassphraseCost(PassphraseCost.MinMemory, 1) : PassphraseCost.Default;

    private bool IsGenerated =>
        _bytes.Length == GeneratedPrefix.Length + (2 * GeneratedBytes)
        && Encoding.ASCII.GetString(_bytes) is var text
        && text.StartsWith(GeneratedPrefix, StringComparison.Ordinal)
        && text[GeneratedPrefix.Length..].All(char.IsAsciiHexDigitLower);

    /// <summary>Makes one.</summary>
    public static SharePassphrase Make() =>
        new(Encoding.ASCII.GetBytes(GeneratedPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GeneratedBytes))));

    /// <summary>The node's: from the environment, or its file.</summary>
    /// <exception cref="NodeFolderException">There is none, or it is too short or too long.</exception>
    public static SharePassphrase OfNode(NodeFolder folder, NodeConfig config) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
            ? Check(Encoding.UTF8.GetBytes(text), Variable)
            : Read(folder.SharePassphraseFile(config));

    /// <summary>The node's, made and written to its file if there is none yet.</summary>
    /// <exception cref="NodeFolderException">It cannot be read or written.</exception>
    public static SharePassphrase OfNodeOrNew(NodeFolder folder, NodeConfig config)
    {
        var file = folder.SharePassphraseFile(config);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } || File.Exists(file))
        {
            return OfNode(folder, config);
        }

        var made = Make();
        made.Write(file);
        return made;
    }

    /// <summary>Reads a file with a passphrase, without the line's end.</summary>
    /// <exception cref="NodeFolderException">It cannot be read, or holds none.</exception>
    public static SharePassphrase Read(string file) => Check(NodeFolder.Read(file), file);

    /// <summary>Writes it to a file that only its owner can read.</summary>
    public void Write(string file) => NodeFolder.WriteSecret(file, [.. _bytes, (byte)'\n']);

    /// <summary>Erases it.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static SharePassphrase Check(byte[] read, string where)
    {
        var bytes = read.AsSpan().TrimEnd("\r\n"u8);
        var passphrase = bytes.Length is >= MinBytes and <= SealedSecret.MaxPassphrase
            ? new SharePassphrase(bytes)
            : throw new NodeFolderException(
                $"{where} must hold a passphrase of {MinBytes} to {SealedSecret.MaxPassphrase} bytes, not of {bytes.Length}.");
        CryptographicOperations.ZeroMemory(read);
        return passphrase;
    }
}
