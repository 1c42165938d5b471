using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Access;

/// <summary>
/// The bearer keys. Only their SHA-256 is kept, and every one is compared in fixed time, so neither a memory dump nor
/// the time of an answer tells a key.
/// </summary>
internal sealed class ApiKeyRing
{
    /// <summary>Longest key that is looked at, in characters.</summary>
    public const int MaxKey = 512;

    private readonly (byte[] Digest, string Role)[] _keys;

    public ApiKeyRing(LocalApiOptions options)
    {
        _keys = [.. options.Keys.Select(k => (SHA256.HashData(Encoding.UTF8.GetBytes(k.Key)), k.Value))];
        if (options.Keys.Any(k => string.IsNullOrWhiteSpace(k.Key) || !ApiRole.All.Contains(k.Value)))
        {
            throw new ArgumentException(
                "Every API key is a text that is not empty, with one of the known roles.", nameof(options));
        }
    }

    /// <summary>The role of a key, or null if nobody has it.</summary>
    public string? RoleOf(string key)
    {
        if (key.Length is 0 or > MaxKey)
        {
            return null;
        }

        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        string? role = null;
        foreach (var (known, its) in _keys)
        {
            // No early end: which key it was must not show.
            role = CryptographicOperations.FixedTimeEquals(digest, known) ? its : role;
        }

        return role;
    }
}
