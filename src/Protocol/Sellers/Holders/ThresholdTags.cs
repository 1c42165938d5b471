
namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>Tags by a key held in shares: the batches of <see cref="ThresholdEvaluation"/> for identifiers.</summary>
public static class ThresholdTags
{
    /// <summary>Blinds identifiers for the holders of a key.</summary>
    /// <param name="key">The key of the identifiers' type and epoch.</param>
    /// <param name="identifiers">1 to <see cref="VoprfBatch.MaxBatch"/> identifiers, all of the key's type.</param>
    /// <param name="random">64 fresh random bytes for each identifier; the caller erases them.</param>
    /// <exception cref="ArgumentException">A count does not fit, an identifier is of another type, or the bytes are not
    /// random.</exception>
    public static ThresholdEvaluation Blind(
        SharedKey key, IReadOnlyList<SellerIdentifier> identifiers, ReadOnlySpan<byte> random)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(identifiers);
        VoprfBatch.RequireAllowedCount(identifiers.Count);
        if (random.Length != identifiers.Count * VoprfClient.RandomSize)
        {
            throw new ArgumentException(
                $"{identifiers.Count} identifiers take {identifiers.Count * VoprfClient.RandomSize} random bytes, not {random.Length}.",
                nameof(random));
        }

        if (identifiers.FirstOrDefault(i => i.Type != key.Scheme.Type) is { } other)
        {
            throw new ArgumentException(
                $"The key {key.Scheme} makes no tags for identifiers of type {other.Type}.", nameof(identifiers));
        }

        var states = new List<BlindState>(identifiers.Count);
        for (var i = 0; i < identifiers.Count; i++)
        {
            states.Add(SellerTag.Blind(identifiers[i], random.Slice(i * VoprfClient.RandomSize, VoprfClient.RandomSize)));
        }

        return new ThresholdEvaluation(key, states);
    }

    /// <summary>The tags in the order of the identifiers, once.</summary>
    /// <exception cref="InvalidOperationException">Good answers are missing, or the outputs were taken.</exception>
    public static Hash256[] Finish(ThresholdEvaluation evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        return Array.ConvertAll(evaluation.Finish(), o => SellerTag.FromOutput(in o));
    }
}
