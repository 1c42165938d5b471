using System.Buffers.Binary;
using System.Numerics;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Keccak-256 with the padding of the original submission (0x01, not SHA-3's 0x06), as Ethereum uses it; the runtime
/// has only SHA-3. The permutation is Keccak-f[1600] of FIPS 202 section 3. For messages of less than one block.
/// </summary>
internal static class Keccak256
{
    /// <summary>Length of the hash in bytes: 32.</summary>
    internal const int Size = 32;

    private const int Rate = 136;
    private const int Rounds = 24;

    /// <summary>Hashes at most 135 bytes.</summary>
    internal static void Hash(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(message.Length, Rate);
        Span<byte> block = stackalloc byte[Rate];
        block.Clear();
        message.CopyTo(block);
        block[message.Length] |= 0x01;
        block[^1] |= 0x80;

        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        for (var i = 0; i < Rate / sizeof(ulong); i++)
        {
            state[i] = BinaryPrimitives.ReadUInt64LittleEndian(block[(i * sizeof(ulong))..]);
        }

        Permute(state);
        for (var i = 0; i < Size / sizeof(ulong); i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(hash[(i * sizeof(ulong))..], state[i]);
        }
    }

    // state[x + 5 y] is the lane (x, y).
    private static void Permute(Span<ulong> state)
    {
        // The round constants are the output of a shift register (FIPS 202, algorithm 5).
        byte register = 1;
        for (var round = 0; round < Rounds; round++)
        {
            Theta(state);
            RhoAndPi(state);
            Chi(state);
            for (var j = 0; j < 7; j++)
            {
                if ((register & 1) != 0)
                {
                    state[0] ^= 1ul << ((1 << j) - 1);
                }

                register = (byte)((register << 1 & 0xff) ^ ((register >> 7) * 0x71));
            }
        }
    }

    private static void Theta(Span<ulong> state)
    {
        Span<ulong> parity = stackalloc ulong[5];
        for (var x = 0; x < 5; x++)
        {
            parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        }

        for (var i = 0; i < state.Length; i++)
        {
            state[i] ^= parity[(i + 4) % 5] ^ BitOperations.RotateLeft(parity[(i + 1) % 5], 1);
        }
    }

    private static void RhoAndPi(Span<ulong> state)
    {
        var (x, y) = (1, 0);
        var moving = state[1];
        for (var t = 0; t < 24; t++)
        {
            (x, y) = (y, ((2 * x) + (3 * y)) % 5);
            var rotation = (t + 1) * (t + 2) / 2 % 64;
            (moving, state[x + (5 * y)]) = (state[x + (5 * y)], BitOperations.RotateLeft(moving, rotation));
        }
    }

    private static void Chi(Span<ulong> state)
    {
        Span<ulong> row = stackalloc ulong[5];
        for (var y = 0; y < 25; y += 5)
        {
            state.Slice(y, 5).CopyTo(row);
            for (var x = 0; x < 5; x++)
            {
                state[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
    }
}
