using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Contracts.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Sellers;

/// <summary>
/// Has blinded identifiers evaluated by the holders of the keys, through a node or directly.
/// </summary>
/// <param name="request">Type, epoch and 1 to 4,000 points.</param>
/// <param name="cancellationToken">Stops the waiting.</param>
/// <exception cref="UnknownSellerKeyException">The roster names no key of the type and epoch.</exception>
internal delegate Task<SellerEvaluateResponse> SellerEvaluator(
    SellerEvaluateRequest request, CancellationToken cancellationToken);

/// <summary>The roster names no key of a type and epoch.</summary>
internal sealed class UnknownSellerKeyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the node answered gives no tag: it is malformed.</summary>
internal sealed class SellerAnswerException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>An identifier as a company has it on record.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Raw">The identifier.</param>
/// <param name="Region">The region of the account, ISO 3166-1 alpha-2, or null.</param>
internal sealed record RawSeller(SellerIdentifierType Type, string Raw, string? Region)
{
    /// <summary>The type only: logs and exceptions print objects, and the identifier must not get there.</summary>
    public override string ToString() => $"({Type})";
}

/// <summary>A tag with the key that made it.</summary>
/// <param name="Scheme">The type and epoch.</param>
/// <param name="Tag">The tag.</param>
internal readonly record struct SchemedTag(SellerScheme Scheme, Hash256 Tag);

/// <summary>What became of a raw identifier.</summary>
/// <param name="Tags">Its tags, the newest epoch first, and behind them those of what it also stands for; empty if there is an error.</param>
/// <param name="Error">Why there is no tag, without any part of the identifier; null if there is one.</param>
/// <param name="LacksKey">Whether the error is that the roster names no key for it.</param>
internal sealed record TaggedSeller(IReadOnlyList<SchemedTag> Tags, string? Error, bool LacksKey);

/// <summary>
/// Turns raw identifiers into tags inside this process: they are made canonical and blinded here, and only blinded
/// points go to the node and on to the key holders. What is given twice is asked for once, since every point counts.
/// The one way to tags, for the verbs and for the local API.
/// </summary>
internal static class SellerTagger
{
    /// <summary>
    /// Batches that are under way at once. While holders work at one, this process blinds the next and puts the one before
    /// together; many more would only wait at the holders, and look slow.
    /// </summary>
    public const int MaxAtOnce = 4;

    /// <summary>Tags identifiers of any types.</summary>
    /// <param name="evaluate">The way to the key holders; asked once for each type, epoch and 4,000 identifiers, several at once.</param>
    /// <param name="epochs">The epochs to tag a type under, the newest first; each costs an evaluation.</param>
    /// <param name="sellers">The identifiers; memory is needed for all of them at once.</param>
    /// <param name="cancellationToken">Stops it between and within batches.</param>
    /// <returns>One for each, in their order.</returns>
    /// <exception cref="SellerAnswerException">An answer does not hold.</exception>
    public static async Task<IReadOnlyList<TaggedSeller>> TagAsync(
        SellerEvaluator evaluate, SellerEpochs epochs, IReadOnlyList<RawSeller> sellers, CancellationToken cancellationToken)
    {
        var named = new List<(SellerIdentifier? Own, SellerIdentifier? Implied, string? Error)>(sellers.Count);
        foreach (var seller in sellers)
        {
            named.Add(Canonicalize(seller));
        }

        var wanted = named.SelectMany(n => (SellerIdentifier?[])[n.Own, n.Implied]).OfType<SellerIdentifier>().Distinct();
        var tags = new Dictionary<SellerIdentifier, SchemedTag[]>();
        var faults = new Dictionary<SellerIdentifierType, string>();
        var batches = new List<(SellerScheme Scheme, int Place, SellerIdentifier[] Part)>();
        foreach (var ofType in wanted.GroupBy(i => i.Type))
        {
            var ofThisType = epochs(ofType.Key);
            if (ofThisType.Count == 0)
            {
                faults[ofType.Key] = $"The roster names no key for {ofType.Key} that counts.";
            }

            foreach (var identifier in ofType)
            {
                tags[identifier] = new SchemedTag[ofThisType.Count];
            }

            batches.AddRange(ofThisType.SelectMany((epoch, place) =>
                ofType.Chunk(VoprfBatch.MaxBatch).Select(part => (new SellerScheme(ofType.Key, epoch), place, part))));
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(batches, options, async (batch, cancel) =>
        {
            try
            {
                var result = await TagBatchAsync(evaluate, batch.Scheme, batch.Part, cancel);
                for (var i = 0; i < result.Length; i++)
                {
                    // Each batch has places of its own.
                    tags[batch.Part[i]][batch.Place] = new SchemedTag(batch.Scheme, result[i]);
                }
            }
            catch (UnknownSellerKeyException fault)
            {
                lock (faults)
                {
                    faults[batch.Scheme.Type] = fault.Message;
                }
            }
        });

        return named.ConvertAll(n => Answer(n.Own, n.Implied, n.Error, tags, faults));
    }

    private static (SellerIdentifier? Own, SellerIdentifier? Implied, string? Error) Canonicalize(RawSeller seller)
    {
        if (!SellerIdentifier.TryCanonicalize(seller.Type, seller.Raw, seller.Region, out var own, out var error))
        {
            return (null, null, error);
        }

        return (own, own.TryImplyQq(out var qq) ? qq : null, null);
    }

    private static TaggedSeller Answer(
        SellerIdentifier? own,
        SellerIdentifier? implied,
        string? error,
        Dictionary<SellerIdentifier, SchemedTag[]> tags,
        Dictionary<SellerIdentifierType, string> faults)
    {
        if (own is null)
        {
            return new TaggedSeller([], error, LacksKey: false);
        }

        if (faults.TryGetValue(own.Type, out var fault))
        {
            return new TaggedSeller([], fault, LacksKey: true);
        }

        var all = tags[own];

        // Without a key for what it also stands for, nobody has such tags: there is nothing to miss.
        return new TaggedSeller(
            implied is not null && !faults.ContainsKey(implied.Type) ? [.. all, .. tags[implied]] : all, null, LacksKey: false);
    }

    private static async Task<Hash256[]> TagBatchAsync(
        SellerEvaluator evaluate, SellerScheme scheme, SellerIdentifier[] identifiers, CancellationToken cancellationToken)
    {
        var states = new BlindState[identifiers.Length];
        try
        {
            // Thousands of scalar multiplications: off the caller's thread, which may be that of a request.
            await Task.Run(() => Blind(identifiers, states), cancellationToken);
            var answer = await evaluate(
                new SellerEvaluateRequest(
                    scheme.Type.Name, scheme.Epoch, [.. states.Select(s => Convert.ToBase64String(s.BlindedElement.Span))]),
                cancellationToken);
            return await Task.Run(() => Finish(answer, states), cancellationToken);
        }
        finally
        {
            foreach (var state in states)
            {
                state?.Dispose();
            }
        }
    }

    private static void Blind(SellerIdentifier[] identifiers, BlindState[] states)
    {
        var random = new byte[VoprfClient.RandomSize];
        for (var i = 0; i < states.Length; i++)
        {
            RandomNumberGenerator.Fill(random);
            states[i] = SellerTag.Blind(identifiers[i], random);
        }

        CryptographicOperations.ZeroMemory(random);
    }

    /// <summary>The node has checked the holders' proofs; what it says is believed as its verdicts are.</summary>
    private static Hash256[] Finish(SellerEvaluateResponse answer, BlindState[] states)
    {
        var points = new RistrettoPoint[answer.Evaluated.Count];
        string? error = $"It has {points.Length} points, and {states.Length} were sent.";
        for (var i = 0; i < points.Length; i++)
        {
            if (points.Length != states.Length
                || !TryFromBase64(answer.Evaluated[i], RistrettoPoint.Size, out var encoded, out error)
                || !RistrettoPoint.TryDecode(encoded, out points[i], out error))
            {
                break;
            }
        }

        return error is null
            ? SellerTag.FinalizeChecked(states, points)
            : throw new SellerAnswerException($"The answer to a request for tags does not hold: {error}");
    }

    private static bool TryFromBase64(
        string text, int size, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? error)
    {
        var decoded = new byte[size];
        var isRight = text.Length == Base64.GetMaxEncodedToUtf8Length(size)
            && Convert.TryFromBase64String(text, decoded, out var written) && written == size;
        bytes = isRight ? decoded : null;
        error = isRight ? null : $"It is not the base64 of {size} bytes where it must be.";
        return isRight;
    }
}
