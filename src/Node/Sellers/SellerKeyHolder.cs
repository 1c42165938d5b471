using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Peers;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Sellers;

/// <summary>
/// Evaluates blinded seller identifiers with the keys in the node's folder. It never sees an identifier: what comes in
/// is a random point to it. Safe from any thread.
/// </summary>
public sealed class SellerKeyHolder : IDisposable
{
    private readonly Dictionary<(string Type, int Epoch), VoprfSecretKey> _keys;

    private SellerKeyHolder(Dictionary<(string Type, int Epoch), VoprfSecretKey> keys) => _keys = keys;

    /// <summary>Whether the node holds any key.</summary>
    public bool HasKeys => _keys.Count > 0;

    /// <summary>Whether the node holds the key for identifiers of a type in an epoch.</summary>
    public bool Holds(string type, int epoch) => _keys.ContainsKey((type, epoch));

    /// <summary>Reads the keys of a folder; none if it has no such folder.</summary>
    /// <exception cref="NodeFolderException">A file is not a key.</exception>
    public static SellerKeyHolder Load(NodeFolder folder)
    {
        var keys = new Dictionary<(string, int), VoprfSecretKey>();
        var files = Directory.Exists(folder.SellerKeyFolder) ? Directory.GetFiles(folder.SellerKeyFolder, "*.key") : [];
        foreach (var file in files)
        {
            var scheme = ReadScheme(file);
            keys[(scheme.Type.Name, scheme.Epoch)] = ReadKey(file);
        }

        return new SellerKeyHolder(keys);
    }

    /// <summary>Writes a key so that <see cref="Load"/> finds it.</summary>
    public static void Save(NodeFolder folder, SellerScheme scheme, VoprfSecretKey key)
    {
        var bytes = new byte[VoprfSecretKey.Size];
        key.CopyTo(bytes);
        NodeFolder.WriteSecret(folder.SellerKeyFile(scheme.Type.Name, scheme.Epoch), Convert.ToHexStringLower(bytes) + "\n");
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>Evaluates a batch.</summary>
    /// <param name="request">Type, epoch and 1 to 4,000 points.</param>
    /// <param name="answer">The evaluated points with one proof for all.</param>
    /// <param name="error">Which part of the request is bad.</param>
    public bool TryEvaluate(
        EvaluateMessage request,
        [NotNullWhen(true)] out EvaluatedMessage? answer,
        [NotNullWhen(false)] out string? error)
    {
        answer = null;
        if (!_keys.TryGetValue((request.Type, request.Epoch), out var key))
        {
            error = $"This node holds no key for identifiers of type {request.Type}, epoch {request.Epoch}.";
            return false;
        }

        if (request.Blinded.Length is 0 or > VoprfBatch.MaxBatch)
        {
            error = $"A batch has 1 to {VoprfBatch.MaxBatch} points, not {request.Blinded.Length}.";
            return false;
        }

        if (!TryDecode(request.Blinded, out var blinded, out error))
        {
            return false;
        }

        var random = RandomNumberGenerator.GetBytes(DleqProof.RandomSize);
        var evaluation = VoprfServer.Evaluate(key, blinded, random);
        CryptographicOperations.ZeroMemory(random);
        answer = new EvaluatedMessage
        {
            Evaluated = [.. evaluation.Elements.Select(e => e.ToArray())],
            Proof = evaluation.Proof.ToArray(),
        };
        return true;
    }

    /// <summary>Decodes points as they come off the wire.</summary>
    public static bool TryDecode(
        IReadOnlyList<byte[]> encoded,
        [NotNullWhen(true)] out RistrettoPoint[]? points,
        [NotNullWhen(false)] out string? error)
    {
        points = new RistrettoPoint[encoded.Count];
        for (var i = 0; i < points.Length; i++)
        {
            if (!RistrettoPoint.TryDecode(encoded[i], out points[i], out error))
            {
                error = $"Point {i}: {error}";
                points = null;
                return false;
            }
        }

        error = null;
        return true;
    }

    /// <summary>The public key that the roster names, or false if it names none.</summary>
    public static bool TryGetPublicKey(
        RosterDocument roster,
        SellerScheme scheme,
        out RistrettoPoint key,
        [NotNullWhen(false)] out string? error)
    {
        key = default;
        var named = roster.SellerKeys.FirstOrDefault(k => k.Type == scheme.Type.Name && k.Epoch == scheme.Epoch);
        if (named is null)
        {
            error = $"The roster, version {roster.Version}, names no key for {scheme}.";
            return false;
        }

        return RistrettoPoint.TryDecode(named.PublicKey.Span, out key, out error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private static SellerScheme ReadScheme(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var dash = name.LastIndexOf('-');
        var text = dash < 0 ? name : $"voprf/{name[..dash].Replace('_', ':')}/{name[(dash + 1)..]}";
        return SellerScheme.TryParse(text, out var scheme, out var error)
            ? scheme
            : throw new NodeFolderException($"{file} is not named <type>-<epoch>.key: {error}");
    }

    private static VoprfSecretKey ReadKey(string file)
    {
        var text = Encoding.ASCII.GetString(NodeFolder.Read(file)).Trim();
        var bytes = new byte[VoprfSecretKey.Size];
        if (text.Length != 2 * bytes.Length
            || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done
            || !VoprfSecretKey.TryDecode(bytes, out var key, out _))
        {
            throw new NodeFolderException($"{file} is not a key: 64 hexadecimal digits are expected.");
        }

        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}
