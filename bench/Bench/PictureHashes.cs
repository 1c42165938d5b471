using System.Numerics;
using FederationNode.Matching.Images;

namespace FederationNode.Bench;

/// <summary>
/// Hashes with the unevenness of real ones. A picture here is one to five soft-edged boxes on a plain ground, as things
/// are photographed to be sold, with some texture; its 256 frequencies are computed directly (a box has a closed form,
/// and the transform is linear) and compared with their median, as PDQ does. One hash in five is a copy of an earlier
/// one with up to 12 bits changed: the same picture, saved anew.
/// </summary>
internal sealed class PictureHashes(int seed)
{
    private const int Side = 16;
    private const int Frequencies = Side * Side;
    private const int MostBoxes = 5;
    private const int CopyEvery = 5;
    private const int MostCopyBits = 12;
    private const float Texture = 0.001f;

    private readonly Random _random = new(seed);
    private readonly float[] _picture = new float[Frequencies];
    private readonly float[] _sorted = new float[Frequencies];
    private readonly float[] _across = new float[Side];
    private readonly float[] _down = new float[Side];

    public PdqHash[] Make(int count)
    {
        var hashes = new PdqHash[count];
        for (var i = 0; i < count; i++)
        {
            hashes[i] = i % CopyEvery == CopyEvery - 1
                ? Flip(hashes[_random.Next(i)], _random.Next(MostCopyBits + 1), _random)
                : Picture();
        }

        return hashes;
    }

    /// <summary>The hash with so many different bits changed.</summary>
    public static PdqHash Flip(PdqHash hash, int bits, Random random)
    {
        Span<bool> flipped = stackalloc bool[PdqHash.Bits];
        flipped.Clear();
        while (bits > 0)
        {
            var bit = random.Next(PdqHash.Bits);
            if (!flipped[bit])
            {
                (flipped[bit], hash, bits) = (true, hash.WithBitFlipped(bit), bits - 1);
            }
        }

        return hash;
    }

    private PdqHash Picture()
    {
        for (var i = 0; i < Frequencies; i++)
        {
            _picture[i] = Texture * (_random.NextSingle() - 0.5f);
        }

        for (var boxes = _random.Next(1, MostBoxes + 1); boxes > 0; boxes--)
        {
            Box(_across);
            Box(_down);
            var light = _random.NextSingle() - 0.7f;
            for (var row = 0; row < Side; row++)
            {
                var weight = light * _down[row];
                for (var column = 0; column < Side; column += Vector<float>.Count)
                {
                    var line = _picture.AsSpan(row * Side + column);
                    (new Vector<float>(line) + weight * new Vector<float>(_across.AsSpan(column))).CopyTo(line);
                }
            }
        }

        _picture.CopyTo(_sorted, 0);
        Array.Sort(_sorted);
        var median = _sorted[Frequencies / 2 - 1];
        Span<ulong> parts = stackalloc ulong[4];
        parts.Clear();
        for (var i = 0; i < Frequencies; i++)
        {
            parts[i / 64] |= _picture[i] > median ? 1ul << (i % 64) : 0;
        }

        return new PdqHash(parts[0], parts[1], parts[2], parts[3]);
    }

    /// <summary>The cosine transform, frequencies 1 to 16, of a box near the middle with blurred edges.</summary>
    private void Box(float[] frequencies)
    {
        var (centre, half) = (0.35f + 0.3f * _random.NextSingle(), 0.05f + 0.4f * _random.NextSingle());
        var blur = 0.02f + 0.06f * _random.NextSingle();
        for (var k = 1; k <= Side; k++)
        {
            var edge = blur * k;
            frequencies[k - 1] =
                MathF.Cos(MathF.PI * k * centre) * MathF.Sin(MathF.PI * k * half) / k * MathF.Exp(-edge * edge);
        }
    }
}
