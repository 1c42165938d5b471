using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>Checks one holder's answer against its public share, and puts checked answers together.</summary>
public static class HolderAnswerCheck
{
    /// <summary>
    /// Whether the answer is that of the holder's share to the batch. Lengths are compared before anything is read; that an
    /// element is a canonical encoding and not the identity is checked by the multiplication that the proof needs anyway.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="number">The holder's number.</param>
    /// <param name="blinded">What was sent to the holder.</param>
    /// <param name="answer">What came back.</param>
    /// <param name="elements">The evaluated elements.</param>
    /// <param name="fault">Who answered wrongly, and how.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such holder.</exception>
    public static bool TryTake(
        SharedKey key,
        int number,
        ReadOnlySpan<RistrettoPoint> blinded,
        HolderAnswer answer,
        [NotNullWhen(true)] out RistrettoPoint[]? elements,
        [NotNullWhen(false)] out HolderFault? fault)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(answer);
        var share = key.PublicShare(number);
        if (TryTake(share, blinded, answer, out elements, out var kind, out var text))
        {
            fault = null;
            return true;
        }

        fault = new HolderFault(number, key.Holders[number - 1], kind, text, answer);
        return false;
    }

    /// <summary>
    /// What the whole key would have answered, for a client that blinds and unblinds elsewhere:
    /// <c>sum w[j] D[j]</c> for each element.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="good">Checked answers to one batch by the holders' numbers, as many as the threshold.</param>
    /// <exception cref="ArgumentException">There are not as many, or they are not of one length.</exception>
    public static RistrettoPoint[] Combine(SharedKey key, IReadOnlyDictionary<int, RistrettoPoint[]> good)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(good);
        int[] numbers = [.. good.Keys.Order()];
        RistrettoPoint[][] answers = [.. numbers.Select(n => good[n])];
        if (answers.Length != key.Threshold || answers.Any(a => a.Length != answers[0].Length))
        {
            throw new ArgumentException($"{key.Threshold} answers of one length are needed, no fewer and no more.", nameof(good));
        }

        var sum = LagrangeSum.At(numbers);
        var one = RistrettoScalar.FromUInt64(1);
        var combined = new RistrettoPoint[answers[0].Length];
        Span<RistrettoPoint> evaluated = stackalloc RistrettoPoint[answers.Length];
        for (var i = 0; i < combined.Length; i++)
        {
            for (var j = 0; j < answers.Length; j++)
            {
                evaluated[j] = answers[j][i];
            }

            combined[i] = sum.Combine(evaluated, in one);
        }

        return combined;
    }

    private static bool TryTake(
        RistrettoPoint share,
        ReadOnlySpan<RistrettoPoint> blinded,
        HolderAnswer answer,
        [NotNullWhen(true)] out RistrettoPoint[]? elements,
        out HolderFaultKind kind,
        [NotNullWhen(false)] out string? text)
    {
        elements = null;
        if (answer.Elements.Count != blinded.Length)
        {
            kind = HolderFaultKind.WrongCount;
            text = $"The holder answered {answer.Elements.Count} elements to a request of {blinded.Length}.";
            return false;
        }

        kind = HolderFaultKind.MalformedProof;
        if (!DleqProof.TryDecode(answer.Proof.Span, out var proof, out text))
        {
            return false;
        }

        var candidates = new RistrettoPoint[blinded.Length];
        for (var i = 0; i < candidates.Length; i++)
        {
            if (!RistrettoPoint.TryReadUnchecked(answer.Elements[i], out candidates[i]))
            {
                return NameBadElement(answer, out kind, out text);
            }
        }

        if (proof.Verify(share, blinded, candidates))
        {
            elements = candidates;
            text = null;
            return true;
        }

        return NameBadElement(answer, out kind, out text);
    }

    /// <summary>Something is wrong: says which element is bad, or else that the proof is.</summary>
    private static bool NameBadElement(HolderAnswer answer, out HolderFaultKind kind, [NotNullWhen(false)] out string? text)
    {
        for (var i = 0; i < answer.Elements.Count; i++)
        {
            if (!RistrettoPoint.TryDecode(answer.Elements[i], out _, out var reason))
            {
                kind = HolderFaultKind.BadElement;
                text = $"Element {i}: {reason}";
                return false;
            }
        }

        kind = HolderFaultKind.WrongProof;
        text = "The proof does not hold for the holder's published share: it used another key, or the answer was altered "
            + "on its way.";
        return false;
    }
}
