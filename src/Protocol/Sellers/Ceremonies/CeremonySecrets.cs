using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// The secrets of one participant in one ceremony, all made from one random seed, so that a node that restarts says the same
/// again: <c>reduce(HMAC-SHA-512(seed, label || 0x00 || ceremony || context (32) || I2OSP(number, 2)))</c>. Nobody
/// else can tell how they were made.
/// </summary>
internal sealed class CeremonySecrets : IDisposable
{
    private readonly byte[] _seed = GC.AllocateArray<byte>(CeremonyParticipant.SeedSize, pinned: true);
    private readonly Hash256 _ceremony;

    public CeremonySecrets(ReadOnlySpan<byte> seed, Hash256 ceremony)
    {
        seed.CopyTo(_seed);
        _ceremony = ceremony;
    }

    /// <summary>The secret of the participant's key.</summary>
    public VoprfSecretKey Key() => Secret("key", default, 0);

    /// <summary>
    /// Coefficient <paramref name="k"/> of the polynomial; bound to the keys, so that it is dealt to one set of keys only.
    /// </summary>
    public VoprfSecretKey Coefficient(Hash256 keys, int k) => Secret("coefficient", keys, k);

    /// <summary>64 bytes for the proof of a complaint; the caller erases them.</summary>
    public void ComplaintRandom(Hash256 dealings, int dealer, Span<byte> random64) =>
        Derive("complaint", dealings, dealer, random64);

    public void Dispose() => CryptographicOperations.ZeroMemory(_seed);

    private VoprfSecretKey Secret(string label, Hash256 context, int number)
    {
        Span<byte> wide = stackalloc byte[RistrettoScalar.WideSize];
        Derive(label, context, number, wide);
        var scalar = RistrettoScalar.Reduce(wide);
        CryptographicOperations.ZeroMemory(wide);
        try
        {
            return VoprfSecretKey.TryDecode(scalar.Span, out var key, out var error)
                ? key
                : throw new CryptographicException(error);
        }
        finally
        {
            scalar.Erase();
        }
    }

    private void Derive(string label, Hash256 context, int number, Span<byte> wide)
    {
        Span<byte> message = stackalloc byte[128];
        var length = Encoding.ASCII.GetBytes(label, message);
        message[length++] = 0;
        _ceremony.CopyTo(message[length..]);
        context.CopyTo(message[(length + Hash256.Size)..]);
        length += 2 * Hash256.Size;
        BinaryPrimitives.WriteUInt16BigEndian(message[length..], (ushort)number);
        HMACSHA512.HashData(_seed, message[..(length + sizeof(ushort))], wide);
    }
}
