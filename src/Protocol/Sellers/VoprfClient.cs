using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The client's side of RFC 9497 section 3.3: blind an input, send the element to the holder, check the proof, unblind
/// and hash. The input never leaves.
/// </summary>
public static class VoprfClient
{
    /// <summary>Longest input in bytes: 65,535 (section 1.2).</summary>
    public const int MaxInputLength = ushort.MaxValue;

    /// <summary>Length in bytes of the randomness of one blind: 64.</summary>
    public const int RandomSize = RistrettoScalar.WideSize;

    /// <summary>Blind: multiplies the input's hash to the group by a fresh random scalar.</summary>
    /// <param name="input">0 to <see cref="MaxInputLength"/> bytes; copied, the caller erases its own.</param>
    /// <param name="random64">64 fresh random bytes, for this input alone; the caller erases them.</param>
    /// <param name="mode">The mode, which is part of the hash to the group.</param>
    /// <exception cref="ArgumentException">A length is not allowed, or the random bytes reduce to zero, as those of a
    /// buffer that nobody filled do.</exception>
    public static BlindState Blind(
        ReadOnlySpan<byte> input, ReadOnlySpan<byte> random64, OprfMode mode = OprfMode.Verifiable)
    {
        var blind = RistrettoScalar.Reduce(random64);
        try
        {
            return BlindWith(input, in blind, mode);
        }
        finally
        {
            blind.Erase();
        }
    }

    /// <summary>Blind with the scalar given, as test vectors do. It must be random and used once.</summary>
    /// <param name="input">0 to <see cref="MaxInputLength"/> bytes; copied.</param>
    /// <param name="blind">The blind, not zero; copied, the caller erases its own.</param>
    /// <param name="mode">The mode, which is part of the hash to the group.</param>
    /// <exception cref="ArgumentException">The input is too long or the blind is zero.</exception>
    public static BlindState BlindWith(
        ReadOnlySpan<byte> input, in RistrettoScalar blind, OprfMode mode = OprfMode.Verifiable)
    {
        if (blind.IsZero)
        {
            throw new ArgumentException("The blind is zero: the random bytes are not random.", nameof(blind));
        }

        var element = HashInput(input, mode);
        return new BlindState(input, in blind, RistrettoPoint.Multiply(in blind, in element));
    }

    /// <summary>
    /// Finalize of the verifiable mode (section 3.3.2) for a batch: the outputs in the order of the states, or nothing
    /// at all if the proof does not hold. Does not dispose the states.
    /// </summary>
    /// <param name="publicKey">The published key of the holder.</param>
    /// <param name="states">What <see cref="Blind"/> returned, in the order in which the elements were sent.</param>
    /// <param name="evaluated">The holder's answer, element by element.</param>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="outputs">As many outputs as states.</param>
    /// <param name="error">Why the answer was refused.</param>
    public static bool TryFinalize(
        RistrettoPoint publicKey,
        ReadOnlySpan<BlindState> states,
        ReadOnlySpan<RistrettoPoint> evaluated,
        DleqProof proof,
        [NotNullWhen(true)] out VoprfOutput[]? outputs,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(proof);
        outputs = null;
        if (states.Length != evaluated.Length)
        {
            error = $"The holder answered {evaluated.Length} elements to a request of {states.Length}.";
            return false;
        }

        if (!VoprfBatch.IsAllowedCount(states.Length, out error))
        {
            return false;
        }

        var blinded = new RistrettoPoint[states.Length];
        for (var i = 0; i < blinded.Length; i++)
        {
            blinded[i] = states[i].BlindedElement;
        }

        if (!proof.Verify(publicKey, blinded, evaluated))
        {
            error = "The holder's proof does not hold: it used another key than the published one, or the answer was "
                + "altered on its way. Discard the whole batch.";
            return false;
        }

        var results = new VoprfOutput[states.Length];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Finalize(states[i], evaluated[i]);
        }

        outputs = results;
        return true;
    }

    /// <summary>
    /// Finalize of mode 0 (section 3.3.1): unblinds and hashes one element whose origin the caller has already
    /// checked, for example one combined out of several holders' proven shares.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="evaluated"/> is the identity.</exception>
    public static VoprfOutput Finalize(BlindState state, RistrettoPoint evaluated)
    {
        ArgumentNullException.ThrowIfNull(state);
        var inverse = RistrettoScalar.Invert(in state.Blind);
        var unblinded = RistrettoPoint.Multiply(in inverse, in evaluated);
        inverse.Erase();
        return VoprfOutput.Of(state.Input, in unblinded);
    }

    internal static RistrettoPoint HashInput(ReadOnlySpan<byte> input, OprfMode mode)
    {
        if (input.Length > MaxInputLength)
        {
            throw new ArgumentException($"At most {MaxInputLength} bytes, not {input.Length}.", nameof(input));
        }

        var element = OprfSuite.Of(mode).HashToGroup(input);
        return element.IsIdentity
            ? throw new ArgumentException("The input hashes to the identity.", nameof(input))
            : element;
    }
}
