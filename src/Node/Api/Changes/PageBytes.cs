using System.Security.Cryptography;
using System.Text.Json;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// A page of changes as it is sent: compact JSON that ends with its own sum,
/// <c>,"sha256":"&lt;64 hex&gt;","complete":true}</c>. The sum is over all bytes before these 93.
/// </summary>
internal static class PageBytes
{
    /// <summary>Stands in a page where its sum will.</summary>
    public static readonly string NoSum = new('0', 2 * SHA256.HashSizeInBytes);

    private static readonly int s_before = ",\"sha256\":\"".Length;

    private static readonly int s_after = "\",\"complete\":true}".Length;

    /// <summary>Writes a page whose sum is <see cref="NoSum"/>.</summary>
    public static ReadOnlyMemory<byte> Write(ChangesPage page)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(page, ApiJson.Options);
        var sum = json.AsSpan(json.Length - s_after - NoSum.Length, NoSum.Length);
        var digest = SHA256.HashData(json.AsSpan(0, json.Length - s_after - NoSum.Length - s_before));
        var status = Convert.TryToHexStringLower(digest, sum, out _);
        return status ? json : throw new InvalidOperationException("A SHA-256 has 64 hexadecimal digits.");
    }
}
