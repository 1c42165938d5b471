using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The holder's side of RFC 9497 section 3.3: it multiplies blinded elements by its key and proves that it did. It
/// learns how many elements there are and nothing about them.
/// </summary>
public static class VoprfServer
{
    /// <summary>
    /// BlindEvaluate of the verifiable mode (section 3.3.2) for a batch: evaluations in the order of the elements and
    /// one proof for all of them.
    /// </summary>
    /// <param name="key">The secret key of the tag's type and epoch.</param>
    /// <param name="blinded">1 to <see cref="VoprfBatch.MaxBatch"/> elements, as <see cref="VoprfBatch.TryDecode"/>
    /// returns them.</param>
    /// <param name="proofRandom64">64 fresh random bytes for the proof; the caller erases them.</param>
    /// <exception cref="ArgumentException">A count or length is not allowed, or an element is the identity.</exception>
    public static VoprfEvaluation Evaluate(
        VoprfSecretKey key, ReadOnlySpan<RistrettoPoint> blinded, ReadOnlySpan<byte> proofRandom64)
    {
        var evaluated = BlindEvaluate(key, blinded);
        return new VoprfEvaluation(evaluated, DleqProof.Create(key, blinded, evaluated, proofRandom64));
    }

    /// <summary>
    /// The same for elements as they come off the wire. Each is decoded once, by the multiplication itself, which refuses
    /// what is no canonical encoding and the identity.
    /// </summary>
    /// <param name="key">The secret key or share.</param>
    /// <param name="blinded">The elements, meant to be 1 to <see cref="VoprfBatch.MaxBatch"/> of 32 bytes.</param>
    /// <param name="proofRandom64">64 fresh random bytes for the proof; the caller erases them.</param>
    /// <param name="evaluation">Evaluations in the order of the elements and one proof for all of them.</param>
    /// <param name="error">Which element is bad, by its position from 0, or that the number is not allowed.</param>
    /// <exception cref="ArgumentException">There are not 64 random bytes.</exception>
    public static bool TryEvaluate(
        VoprfSecretKey key,
        IReadOnlyList<byte[]> blinded,
        ReadOnlySpan<byte> proofRandom64,
        [NotNullWhen(true)] out VoprfEvaluation? evaluation,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(blinded);
        evaluation = null;
        if (!VoprfBatch.IsAllowedCount(blinded.Count, out error))
        {
            return false;
        }

        var elements = new RistrettoPoint[blinded.Count];
        var evaluated = new RistrettoPoint[blinded.Count];
        for (var i = 0; i < elements.Length; i++)
        {
            if (!RistrettoPoint.TryReadUnchecked(blinded[i], out elements[i])
                || !RistrettoPoint.TryMultiply(in key.Scalar, in elements[i], out evaluated[i]))
            {
                _ = RistrettoPoint.TryDecode(blinded[i], out _, out var reason);
                error = $"Element {i}: {reason}";
                return false;
            }
        }

        evaluation = new VoprfEvaluation(evaluated, DleqProof.Create(key, elements, evaluated, proofRandom64));
        return true;
    }

    /// <summary>
    /// The multiplication alone, without a proof: BlindEvaluate of mode 0 (section 3.3.1).
    /// </summary>
    /// <param name="key">The secret key.</param>
    /// <param name="blinded">1 to <see cref="VoprfBatch.MaxBatch"/> elements.</param>
    /// <exception cref="ArgumentException">The count is not allowed, or an element is the identity.</exception>
    public static RistrettoPoint[] BlindEvaluate(VoprfSecretKey key, ReadOnlySpan<RistrettoPoint> blinded)
    {
        ArgumentNullException.ThrowIfNull(key);
        VoprfBatch.RequireAllowedCount(blinded.Length);
        var evaluated = new RistrettoPoint[blinded.Length];
        for (var i = 0; i < blinded.Length; i++)
        {
            evaluated[i] = RistrettoPoint.Multiply(in key.Scalar, in blinded[i]);
        }

        return evaluated;
    }

    /// <summary>
    /// Evaluate (section 3.3.1): the output for an input known in the clear, by who has the whole key. Equal to what
    /// a client gets through the blinded exchange.
    /// </summary>
    /// <param name="key">The secret key.</param>
    /// <param name="input">0 to <see cref="VoprfClient.MaxInputLength"/> bytes.</param>
    /// <param name="mode">The mode, which is part of the hash to the group.</param>
    /// <exception cref="ArgumentException">The input is too long, or hashes to the identity (nobody knows one).
    /// </exception>
    public static VoprfOutput EvaluateLocally(
        VoprfSecretKey key, ReadOnlySpan<byte> input, OprfMode mode = OprfMode.Verifiable)
    {
        ArgumentNullException.ThrowIfNull(key);
        var element = VoprfClient.HashInput(input, mode);
        var evaluated = RistrettoPoint.Multiply(in key.Scalar, in element);
        return VoprfOutput.Of(input, in evaluated);
    }
}
