using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>
/// Signs as Standard Webhooks 1.0.0 says: HMAC-SHA256 by the secret over <c>id.timestamp.body</c>, in base64 after
/// <c>v1,</c>.
/// </summary>
internal static class WebhookSignature
{
    public static string Sign(ReadOnlySpan<byte> secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        mac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }
}
