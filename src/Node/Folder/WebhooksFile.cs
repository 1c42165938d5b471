using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Detector.Settings;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Folder;

/// <summary>
/// The file <c>webhooks.json</c>: <c>{"webhooks": [{"name": "catalogue", "url": "http://127.0.0.1:9000/changes",
/// "secretFile": "catalogue.secret", "kinds": [], "categories": []}]}</c>. Read at start, and when it changes.
/// </summary>
public sealed record WebhooksFile
{
    /// <summary>Most webhooks.</summary>
    public const int MaxWebhooks = 16;

    private const string SecretPrefix = "whsec_";
    private const int MinSecret = 24;
    private const int MaxSecret = 64;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>The webhooks.</summary>
    public IReadOnlyList<Entry> Webhooks { get; init; } = [];

    /// <summary>The webhooks of a node; none without the file.</summary>
    /// <exception cref="NodeFolderException">The file or a secret is malformed; says which and what to do.</exception>
    public static IReadOnlyList<Webhook> Load(NodeFolder folder) => Load(folder, new FileStamps());

    /// <summary>As above.</summary>
    /// <param name="folder">The node's folder.</param>
    /// <param name="stamps">Takes the file and the secrets', also those of a file that cannot be used.</param>
    /// <exception cref="NodeFolderException">The file or a secret is malformed; says which and what to do.</exception>
    internal static IReadOnlyList<Webhook> Load(NodeFolder folder, FileStamps stamps)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = folder.WebhooksFile;
        stamps.Note(path);
        if (!File.Exists(path))
        {
            return [];
        }

        WebhooksFile file;
        try
        {
            file = JsonSerializer.Deserialize<WebhooksFile>(NodeFolder.Read(path), s_json) ?? new WebhooksFile();
        }
        catch (JsonException e)
        {
            throw new NodeFolderException($"{path} {SettingsFault.Describe(e)}", e);
        }

        if (file.Webhooks is null || file.Webhooks.Count > MaxWebhooks
            || file.Webhooks.Any(w => w is null)
            || file.Webhooks.DistinctBy(w => w.Name).Count() != file.Webhooks.Count)
        {
            throw new NodeFolderException($"{path}: \"webhooks\" has at most {MaxWebhooks} entries, each with a name of its own.");
        }

        return [.. file.Webhooks.Select(w => w.ToWebhook(folder, stamps))];
    }

    /// <summary>One webhook.</summary>
    public sealed record Entry
    {
        private static readonly string[] s_kinds =
            [IndicatorKind.Keyword, IndicatorKind.Seller, IndicatorKind.ImagePdq, IndicatorKind.ImageSha256];

        /// <summary>1 to 63 of a-z, 0-9 and '-'.</summary>
        public required string Name { get; init; }

        /// <summary>Where batches are posted, http or https.</summary>
        public required string Url { get; init; }

        /// <summary>A file in the node's folder with <c>whsec_</c> and 24 to 64 bytes in base64.</summary>
        public required string SecretFile { get; init; }

        /// <summary>Only indicators of these kinds; empty: of all.</summary>
        public IReadOnlyList<string> Kinds { get; init; } = [];

        /// <summary>Only indicators of these categories; empty: of all.</summary>
        public IReadOnlyList<string> Categories { get; init; } = [];

        internal Webhook ToWebhook(NodeFolder folder, FileStamps stamps)
        {
            Uri? url = null;
            var fault = Name is null || !Names.IsName(Name) ? "\"name\" must be 1 to 63 of a-z, 0-9 and '-'."
                : !Uri.TryCreate(Url, UriKind.Absolute, out url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0
                    ? $"\"url\" of {Name} must be an http or https address without a password in it."
                : Kinds is null || Kinds.Any(k => !s_kinds.Contains(k)) ? $"\"kinds\" of {Name} must be of {string.Join(", ", s_kinds)}."
                : Categories is null || Categories.Any(c => c is null || !Names.IsCode(c)) ? $"\"categories\" of {Name} must be codes, such as ivory."
                : string.IsNullOrEmpty(SecretFile) || Path.GetFileName(SecretFile) != SecretFile
                    ? $"\"secretFile\" of {Name} must name a file in the node's folder."
                : null;
            return fault is null
                ? new Webhook(Name!, url!, ReadSecret(Path.Combine(folder.Path, SecretFile), stamps), Kinds!, Categories!)
                : throw new NodeFolderException($"{folder.WebhooksFile}: {fault}");
        }

        private static byte[] ReadSecret(string file, FileStamps stamps)
        {
            stamps.Note(file);
            var text = Encoding.UTF8.GetString(NodeFolder.Read(file)).Trim();
            var bytes = new byte[text.Length];
            return text.StartsWith(SecretPrefix, StringComparison.Ordinal)
                && Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out var length)
                && length is >= MinSecret and <= MaxSecret
                    ? bytes[..length]
                    : throw new NodeFolderException(
                        $"{file}: a secret is {SecretPrefix} and {MinSecret} to {MaxSecret} random bytes in base64: "
                        + "echo \"whsec_$(head -c 32 /dev/urandom | base64 -w0)\" makes one.");
        }
    }
}
