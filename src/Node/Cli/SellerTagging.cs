using System.Security.Cryptography;
using FederationNode.Contracts.Api;
using FederationNode.Node.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>Has blinded identifiers evaluated by the holder of the keys, through a node or directly.</summary>
internal delegate Task<SellerEvaluateResponse> SellerEvaluator(SellerEvaluateRequest request, CancellationToken cancel);

/// <summary>
/// Turns raw identifiers into tags inside this process: they are made canonical and blinded here, and only blinded
/// points go to the node and on to the key holder.
/// </summary>
internal static class SellerTagging
{
    /// <summary>The identifier given, or the first line of standard input.</summary>
    public static string ReadRaw(string argument) => argument != "-"
        ? argument
        : Console.In.ReadLine()?.Trim() ?? throw new CliException(ExitCode.Usage, "Standard input is empty: the identifier is expected there.");

    public static async Task<(SellerScheme Scheme, Hash256 Tag)> TagAsync(
        SellerEvaluator evaluate, string type, int epoch, string raw, string? region, CancellationToken cancel)
    {
        var (scheme, tags) = await TagAllAsync(evaluate, type, epoch, [(raw, region)], cancel);
        return (scheme, tags[0]);
    }

    /// <summary>Tags identifiers of one type, in batches of at most 4,000.</summary>
    public static async Task<(SellerScheme Scheme, IReadOnlyList<Hash256> Tags)> TagAllAsync(
        SellerEvaluator evaluate, string type, int epoch, IReadOnlyList<(string Raw, string? Region)> sellers, CancellationToken cancel)
    {
        if (!SellerIdentifierType.TryParse(type, out var parsedType, out var error) || epoch is < 1 or > SellerScheme.MaxEpoch)
        {
            throw new CliException(ExitCode.Usage, $"--type or --epoch: {error ?? $"an epoch is a number from 1 to {SellerScheme.MaxEpoch}."}");
        }

        var scheme = new SellerScheme(parsedType, epoch);
        var identifiers = sellers.Select(s => Canonical(parsedType, s.Raw, s.Region)).ToList();
        var tags = new List<Hash256>(identifiers.Count);
        foreach (var batch in identifiers.Chunk(VoprfBatch.MaxBatch))
        {
            tags.AddRange(await TagBatchAsync(evaluate, scheme, batch, cancel));
        }

        return (scheme, tags);
    }

    private static SellerIdentifier Canonical(SellerIdentifierType type, string raw, string? region) =>
        SellerIdentifier.TryCanonicalize(type, raw, region, out var identifier, out var error)
            ? identifier
            : throw new CliException(ExitCode.Refused, $"The identifier is no {type}: {error}");

    private static async Task<Hash256[]> TagBatchAsync(
        SellerEvaluator evaluate, SellerScheme scheme, SellerIdentifier[] identifiers, CancellationToken cancel)
    {
        var states = identifiers.Select(i => SellerTag.Blind(i, RandomNumberGenerator.GetBytes(VoprfClient.RandomSize))).ToArray();
        try
        {
            var answer = await evaluate(
                new SellerEvaluateRequest(
                    scheme.Type.Name, scheme.Epoch, [.. states.Select(s => Convert.ToBase64String(s.BlindedElement.Span))]),
                cancel);
            return Finish(answer, states);
        }
        finally
        {
            foreach (var state in states)
            {
                state.Dispose();
            }
        }
    }

    private static Hash256[] Finish(SellerEvaluateResponse answer, BlindState[] states)
    {
        string? error = "The key is malformed.";
        if (!Hash256.TryParseHex(answer.PublicKey, out var key)
            || !RistrettoPoint.TryDecode(key.Span, out var publicKey, out error)
            || !SellerKeyHolder.TryDecode([.. answer.Evaluated.Select(Convert.FromBase64String)], out var points, out error)
            || !DleqProof.TryDecode(Convert.FromBase64String(answer.Proof), out var proof, out error)
            || !SellerTag.TryFinalize(publicKey, states, points, proof, out var tags, out error))
        {
            throw new CliException(ExitCode.Refused, $"The key holder's answer does not hold: {error}");
        }

        return tags;
    }
}
