using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Access;

/// <summary>
/// The bearer keys. Only their SHA-256 is kept, and every one is compared in fixed time, so neither a memory dump nor
/// the time of an answer tells a key.
/// </summary>
internal sealed class ApiKeyRing : IDisposable
{
    /// <summary>Longest key that is looked at, in characters.</summary>
    public const int MaxKey = 512;

    private readonly KnownKey[] _keys;

    public ApiKeyRing(LocalApiOptions options)
    {
        if (options.Keys.Any(k => string.IsNullOrWhiteSpace(k.Key) || !ApiRole.All.Contains(k.Value)))
        {
            throw new ArgumentException(
                "Every API key is a text that is not empty, with one of the known roles.", nameof(options));
        }

        _keys = [.. options.Keys.Select(k => new KnownKey(
            SHA256.HashData(Encoding.UTF8.GetBytes(k.Key)), k.Value, RequestRate.LimiterFor(options.RequestsPerSecond)))];
    }

    /// <summary>What is known of a key, or null if nobody has it.</summary>
    public KnownKey? Find(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxKey)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[3 * MaxKey];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)], digest);
        KnownKey? found = null;
        foreach (var known in _keys)
        {
            // No early end: which key it was must not show.
            found = CryptographicOperations.FixedTimeEquals(digest, known.Digest) ? known : found;
        }

        return found;
    }

    public void Dispose()
    {
        foreach (var key in _keys)
        {
            key.Limiter?.Dispose();
        }
    }
}

/// <summary>A bearer key.</summary>
/// <param name="Digest">Its SHA-256.</param>
/// <param name="Role">What it may.</param>
/// <param name="Limiter">How much of it; null: as much as comes.</param>
internal sealed record KnownKey(byte[] Digest, string Role, RateLimiter? Limiter);
