using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// A seeded 64-bit mix of a 32-byte key. Keys are mostly hash values, but a hostile member may list any 32 bytes it
/// likes; without the seed it cannot pick keys that fall into one slot. Not a cryptographic hash: the seed stays in
/// the process, and nothing derived from it leaves the index.
/// </summary>
internal readonly struct KeyMixer
{
    private readonly ulong _secret0;
    private readonly ulong _secret1;
    private readonly ulong _secret2;
    private readonly ulong _secret3;
    private readonly ulong _secret4;

    public KeyMixer(ulong seed)
    {
        _secret0 = Next(ref seed);
        _secret1 = Next(ref seed);
        _secret2 = Next(ref seed);
        _secret3 = Next(ref seed);
        _secret4 = Next(ref seed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Mix(in Hash256 key)
    {
        var bytes = key.Span;
        var low = Fold(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ _secret0,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ _secret1);
        var high = Fold(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) ^ _secret2,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) ^ _secret3);
        return Fold(low ^ _secret4, high ^ _secret0);
    }

    /// <summary>The 128-bit product, both halves on top of each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): stretches the seed into independent secrets.</summary>
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
