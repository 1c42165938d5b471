using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The tag that stands for a seller in an indicator: the first 32 bytes of the verifiable OPRF's output for
/// <see cref="SellerIdentifier.ToTagInput"/> under the key of the identifier's type and the current epoch. Equal for
/// two companies exactly if their canonical identifiers are equal; without the key nobody can test a guess.
/// </summary>
public static class SellerTag
{
    /// <summary>The tag of an output: its first 32 bytes.</summary>
    public static Hash256 FromOutput(in VoprfOutput output) => new(output.Span[..Hash256.Size]);

    /// <summary>The first step of a tagging: blinds an identifier for the holder.</summary>
    /// <param name="identifier">What to tag.</param>
    /// <param name="random64">64 fresh random bytes, for this identifier alone; the caller erases them.</param>
    /// <exception cref="ArgumentException">The random bytes are not 64, or not random.</exception>
    public static BlindState Blind(SellerIdentifier identifier, ReadOnlySpan<byte> random64)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var input = identifier.ToTagInput();
        try
        {
            return VoprfClient.Blind(input, random64);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }

    /// <summary>
    /// The last step, for a batch: the tags in the order of the states, or none at all if the proof does not hold
    /// (<see cref="VoprfClient.TryFinalize"/>). Does not dispose the states.
    /// </summary>
    public static bool TryFinalize(
        RistrettoPoint publicKey,
        ReadOnlySpan<BlindState> states,
        ReadOnlySpan<RistrettoPoint> evaluated,
        DleqProof proof,
        [NotNullWhen(true)] out Hash256[]? tags,
        [NotNullWhen(false)] out string? error)
    {
        tags = null;
        if (!VoprfClient.TryFinalize(publicKey, states, evaluated, proof, out var outputs, out error))
        {
            return false;
        }

        tags = Array.ConvertAll(outputs, output => FromOutput(in output));
        return true;
    }

    /// <summary>
    /// The last step, for elements whose proofs somebody that the caller trusts has checked: the tags in the order of the
    /// states. Does not dispose them.
    /// </summary>
    /// <param name="states">What was blinded.</param>
    /// <param name="evaluated">As many elements, none the identity.</param>
    /// <exception cref="ArgumentException">They are not as many, or one is the identity.</exception>
    public static Hash256[] FinalizeChecked(ReadOnlySpan<BlindState> states, ReadOnlySpan<RistrettoPoint> evaluated)
    {
        if (states.Length != evaluated.Length)
        {
            throw new ArgumentException($"{states.Length} elements are needed, not {evaluated.Length}.", nameof(evaluated));
        }

        var tags = new Hash256[states.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            tags[i] = FromOutput(VoprfClient.Finalize(states[i], evaluated[i]));
        }

        return tags;
    }

    /// <summary>The tag by who has the whole key: for tests and demonstrations, and the holder's own sellers.</summary>
    public static Hash256 EvaluateLocally(VoprfSecretKey key, SellerIdentifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var input = identifier.ToTagInput();
        try
        {
            return FromOutput(VoprfServer.EvaluateLocally(key, input));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }
}
