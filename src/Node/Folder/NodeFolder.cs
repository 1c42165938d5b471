using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Settings;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Folder;

/// <summary>
/// A node's folder: configuration, trust anchor, keys, certificate, API keys, database. Whoever can read it can act as
/// the member, so it and every secret in it are made readable by their owner only.
/// </summary>
/// <param name="path">The folder.</param>
public sealed class NodeFolder(string path)
{
    private const int MaxFile = 2 << 20;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnlyFile | UnixFileMode.UserExecute;

    /// <summary>The folder, absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The configuration file.</summary>
    public string ConfigFile => In("node.json");

    /// <summary>The trust anchor.</summary>
    public string AnchorFile => In("coalition.json");

    /// <summary>The request that the member hands to the secretariat.</summary>
    public string EnrolmentFile => In("enrolment.note");

    /// <summary>The policy that turns evidence into verdicts; optional.</summary>
    public string PolicyFile => In("policy.json");

    /// <summary>Whom the node tells of changes; may be missing.</summary>
    public string WebhooksFile => In("webhooks.json");

    /// <summary>The private keys of the logs.</summary>
    public string KeyFolder => In("keys");

    /// <summary>The file of the private key of an own log.</summary>
    public string KeyFile(Origin log) => System.IO.Path.Combine(KeyFolder, KeyFileName(log.Text));

    /// <summary>The name of a key's file: the last parts of the key's name, such as <c>indicators-2.key</c>.</summary>
    public static string KeyFileName(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return string.Join('-', key.Split('/')[2..]) + ".key";
    }

    /// <summary>The request by which the member asks the secretariat for a log's next epoch.</summary>
    public string EpochFile(Origin log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return In(string.Create(CultureInfo.InvariantCulture, $"new-epoch-{log.Log}-{log.Epoch}.note"));
    }

    /// <summary>The certificate and its key.</summary>
    public string TlsFolder => In("tls");

    /// <summary>The bearer keys of the local API, one file a role.</summary>
    public string ApiKeyFolder => In("api-keys");

    /// <summary>At the secretariat: its signing keys, which a real coalition keeps on separate machines.</summary>
    public string SecretariatKeyFolder => In("secretariat-keys");

    /// <summary>At a holder: its sealed shares of the keys for seller tags.</summary>
    public string SellerKeyFolder => In("seller-keys");

    /// <summary>Seeds of the key ceremonies in which the node takes part, each sealed.</summary>
    public string CeremonyFolder => In("ceremonies");

    /// <summary>At the secretariat: signed roster documents, published when the node runs.</summary>
    public string RosterFolder => In("roster");

    /// <summary>Where a running node says how to reach it.</summary>
    public string RunFile => In("run.json");

    /// <summary>Held while a node runs on this folder.</summary>
    public string LockFile => In("node.lock");

    /// <summary>The embedded database.</summary>
    public string DatabaseFile => In("node.db");

    /// <summary>Whether a node was set up here.</summary>
    public bool IsNode => File.Exists(ConfigFile);

    /// <summary>Makes the folder and its parts.</summary>
    /// <exception cref="NodeFolderException">There is a node here already, or the folder cannot be made.</exception>
    public void Create()
    {
        if (IsNode)
        {
            throw new NodeFolderException($"{Path} holds a node already: choose another folder.");
        }

        foreach (var folder in (string[])[Path, KeyFolder, TlsFolder, ApiKeyFolder])
        {
            CreateFolder(folder);
        }
    }

    /// <summary>Makes a folder that only its owner can enter.</summary>
    public static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(folder, OwnerOnlyFolder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{folder} cannot be made: {e.Message}", e);
        }
    }

    /// <summary>Writes a file that only its owner can read, whole or not at all.</summary>
    public static void WriteSecret(string file, ReadOnlySpan<byte> content)
    {
        var temporary = file + ".new";
        try
        {
            File.Delete(temporary);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnlyFile;
            }

            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{file} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Writes a text file that only its owner can read.</summary>
    public static void WriteSecret(string file, string text) => WriteSecret(file, Encoding.UTF8.GetBytes(text));

    /// <summary>Reads a file whole, if it is no longer than any file of a node's folder may be.</summary>
    /// <exception cref="NodeFolderException">It is not there, too long, or cannot be read.</exception>
    public static byte[] Read(string file) => ReadUpTo(file, MaxFile);

    /// <summary>Reads a file whole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="maxBytes">The longest that it may be, in bytes.</param>
    /// <exception cref="NodeFolderException">It is not there, too long, or cannot be read.</exception>
    public static byte[] ReadUpTo(string file, int maxBytes)
    {
        try
        {
            return SettingsFile.ReadUpTo(file, maxBytes);
        }
        catch (SettingsException e)
        {
            throw new NodeFolderException(e.Message, e);
        }
    }

    /// <summary>The configuration.</summary>
    /// <exception cref="NodeFolderException">There is no node here, or its configuration is wrong.</exception>
    public NodeConfig ReadConfig() => IsNode
        ? NodeConfig.Parse(Encoding.UTF8.GetString(Read(ConfigFile)), ConfigFile)
        : throw new NodeFolderException(
            $"{Path} holds no node (no node.json): set one up with `fednode member init` or `fednode coalition create`.");

    /// <summary>The trust anchor.</summary>
    /// <exception cref="NodeFolderException">It is missing or malformed.</exception>
    public TrustAnchor ReadAnchor() => ReadAnchor(AnchorFile);

    /// <summary>Reads a trust anchor file.</summary>
    /// <exception cref="NodeFolderException">It is missing or malformed.</exception>
    public static TrustAnchor ReadAnchor(string file) =>
        TrustAnchor.TryParse(Encoding.UTF8.GetString(Read(file)), out var anchor, out var error)
            ? anchor
            : throw new NodeFolderException($"{file}: {error}");

    /// <summary>Who the node is, with its private keys.</summary>
    /// <exception cref="NodeFolderException">A file is missing or malformed, or of another member.</exception>
    public NodeIdentity ReadIdentity(NodeConfig config)
    {
        var anchor = ReadAnchor();
        var keys = ReadKeys(KeyFolder);
        if (KeyFault(anchor.Coalition, config.Member, keys) is { } fault)
        {
            foreach (var key in keys)
            {
                key.Dispose();
            }

            throw new NodeFolderException(fault);
        }

        return new NodeIdentity(anchor, config.Member, keys);
    }

    /// <summary>Without its key the node would leave a log alone, which nobody notices until it is needed.</summary>
    private string? KeyFault(string coalition, string member, IReadOnlyList<SigningKey> keys)
    {
        var logs = new List<string>();
        foreach (var name in keys.Select(k => k.VerificationKey.Name))
        {
            if (!Origin.TryParse(name, out var origin, out _) || origin.Coalition != coalition || origin.Member != member)
            {
                return $"{KeyFolder} holds the key of {name}, but {ConfigFile} and {AnchorFile} make this the node of "
                    + $"{coalition}/{member}: one of these files is another node's.";
            }

            logs.Add(origin.Log);
        }

        string[] needed = member == Origin.Secretariat
            ? [Origin.Indicators, Origin.Receipts, Origin.RosterLog]
            : [Origin.Indicators, Origin.Receipts];
        return needed.Except(logs).FirstOrDefault() is { } missing
            ? $"{KeyFolder} holds no key of the log {coalition}/{member}/{missing}: bring its file back from a copy."
            : null;
    }

    /// <summary>The private keys in a folder.</summary>
    /// <exception cref="NodeFolderException">There are none, or one is malformed.</exception>
    public static IReadOnlyList<SigningKey> ReadKeys(string folder)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.key") : [];
        if (files.Length == 0)
        {
            throw new NodeFolderException($"{folder} holds no keys (*.key).");
        }

        return [.. files.Order(StringComparer.Ordinal).Select(ReadKey)];
    }

    /// <summary>The database, as configured.</summary>
    /// <exception cref="NodeFolderException">The connection string is malformed; it is not repeated in the message.</exception>
    public StorageConnection ReadStorage(NodeConfig config)
    {
        var text = Environment.GetEnvironmentVariable("FEDNODE_STORAGE") is { Length: > 0 } fromEnvironment
            ? fromEnvironment
            : config.Storage;
        if (text.Length == 0)
        {
            return StorageConnection.ForSqliteFile(DatabaseFile);
        }

        return StorageConnection.TryParse(text, out var connection, out var error)
            ? connection
            : throw new NodeFolderException($"\"storage\" in {ConfigFile} (or FEDNODE_STORAGE): {error}");
    }

    /// <summary>The bearer key of a role, as a client presents it.</summary>
    /// <exception cref="NodeFolderException">It is missing.</exception>
    public string ReadApiKey(string role) => Encoding.UTF8.GetString(Read(ApiKeyFile(role))).Trim();

    /// <summary>
    /// The bearer keys and their roles: of each role <c>ROLE.key</c>, and <c>ROLE-NAME.key</c> for as many more as are
    /// wanted, so that one program's key can be taken away without the others'.
    /// </summary>
    /// <exception cref="NodeFolderException">A file is empty, two hold the same key, or a name is none.</exception>
    public IReadOnlyDictionary<string, string> ReadApiKeys()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] files = Directory.Exists(ApiKeyFolder) ? Directory.GetFiles(ApiKeyFolder, "*.key") : [];
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(file);
            var role = ApiRole.All.FirstOrDefault(r => name == r || name.StartsWith(r + "-", StringComparison.Ordinal))
                ?? throw new NodeFolderException(
                    $"{file} is named after no role: name it {string.Join(", ", ApiRole.All)}, with or without -NAME, or delete it.");
            var key = Encoding.UTF8.GetString(Read(file)).Trim();
            if (key.Length == 0 || !keys.TryAdd(key, role))
            {
                throw new NodeFolderException(
                    $"{file} is empty, or holds the key of another role or name: write a key of its own into it, "
                    + "or delete it, which takes the key away.");
            }
        }

        return keys;
    }

    /// <summary>The file of a role's key.</summary>
    public string ApiKeyFile(string role) => System.IO.Path.Combine(ApiKeyFolder, role + ".key");

    /// <summary>The file of a roster version.</summary>
    public string RosterFile(int version) =>
        System.IO.Path.Combine(RosterFolder, version.ToString("0000", CultureInfo.InvariantCulture) + ".note");

    /// <summary>The signed rosters in the folder, oldest first.</summary>
    public IReadOnlyList<byte[]> ReadRosters() => Directory.Exists(RosterFolder)
        ? [.. Directory.GetFiles(RosterFolder, "*.note").Order(StringComparer.Ordinal).Select(Read)]
        : [];

    /// <summary>The file with the passphrase of the sealed shares.</summary>
    public string SharePassphraseFile(NodeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return System.IO.Path.Combine(Path, config.SharePassphraseFile.Length > 0 ? config.SharePassphraseFile : "share.passphrase");
    }

    /// <summary>Reads a private key.</summary>
    /// <exception cref="NodeFolderException">It is missing or malformed.</exception>
    public static SigningKey ReadKey(string file) =>
        SigningKey.TryParse(Encoding.UTF8.GetString(Read(file)).Trim(), out var key, out var error)
            ? key
            : throw new NodeFolderException($"{file}: {error}");

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
