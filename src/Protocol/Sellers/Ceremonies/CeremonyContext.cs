using System.Text;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// What the proofs of a ceremony are bound to: the step, the ceremony, what was said before, and who says it. So no proof
/// serves twice: <c>label || 0x00 || ceremony (32) || digests (32 each) || name (ASCII)</c>.
/// </summary>
public static class CeremonyContext
{
    /// <summary>Of a participant's key: label <c>fednode/ceremony/key/1</c>, no digest.</summary>
    public static byte[] Key(Hash256 ceremony, string name) => Of("fednode/ceremony/key/1\0"u8, ceremony, [], name);

    /// <summary>Of a dealing: label <c>fednode/ceremony/dealing/1</c>, digests of the keys and of the commitments.</summary>
    public static byte[] Dealing(Hash256 ceremony, Hash256 keys, Hash256 commitments, string name) =>
        Of("fednode/ceremony/dealing/1\0"u8, ceremony, [keys, commitments], name);

    /// <summary>Of a confirmation: label <c>fednode/ceremony/confirmation/1</c>, digest of the shared key.</summary>
    public static byte[] Confirmation(Hash256 ceremony, Hash256 key, string name) =>
        Of("fednode/ceremony/confirmation/1\0"u8, ceremony, [key], name);

    private static byte[] Of(ReadOnlySpan<byte> label, Hash256 ceremony, ReadOnlySpan<Hash256> digests, string name)
    {
        var context = new byte[label.Length + ((1 + digests.Length) * Hash256.Size) + name.Length];
        label.CopyTo(context);
        var rest = context.AsSpan(label.Length);
        ceremony.CopyTo(rest);
        foreach (var digest in digests)
        {
            rest = rest[Hash256.Size..];
            digest.CopyTo(rest);
        }

        Encoding.ASCII.GetBytes(name, rest[Hash256.Size..]);
        return context;
    }
}
