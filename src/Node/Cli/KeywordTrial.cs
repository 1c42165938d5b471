using System.Collections.Immutable;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Linting;
using FederationNode.Node.Api.Publishing;
using FederationNode.Node.Policies;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode publish keyword --dry-run-against</c>: what a keyword hits in recorded texts. Publishes nothing.</summary>
internal static class KeywordTrial
{
    private const int Snippets = 20;

    /// <summary>Tries a keyword.</summary>
    /// <param name="request">What would be published.</param>
    /// <param name="texts">The recorded texts.</param>
    /// <param name="output">Where to say what it hits.</param>
    /// <exception cref="CliException">It could not be published at all; says why.</exception>
    public static int Run(ListingRequest request, ImmutableArray<string> texts, Output output)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        // What the lint says is told beside the hits, not in their place.
        if (!new ListingBuilder(roster: null, now).TryBuild(
                request with { OverrideLint = request.OverrideLint ?? "a dry run" }, "$", out var built, out var problem))
        {
            throw new CliException(ExitCode.Refused, problem.Detail);
        }

        var lint = PublishingLint.FaultOf(built.Payload) is { } fault ? $"{fault.Field[1..]} {fault.Says}." : null;
        var hits = SampleHits.Count([built.Payload], texts, Snippets)[0];
        var places = hits.Places
            .Select(p => new KeywordTrialPlace(p.Text + 1, PolicyTrial.Snippet(texts[p.Text], p.Start, p.Length))).ToList();
        output.Json(new { texts = texts.Length, hits = hits.Texts, hitRate = (double)hits.Texts / texts.Length, lint, places });
        output.Line(
            $"Hits {PolicyVerbs.Number(hits.Texts)} of {PolicyVerbs.Number(texts.Length)} texts "
            + $"({PolicyVerbs.Rate(hits.Texts, texts.Length)}). Nothing was published.");
        if (lint is not null)
        {
            output.Line($"The lint refuses it: {lint}");
        }

        if (places.Count > 0)
        {
            output.Table(["text", "place"], places.Select(p => (IReadOnlyList<string>)[PolicyVerbs.Number(p.Text), p.Snippet]));
        }

        return ExitCode.Done;
    }
}

/// <summary>A place that a keyword hits.</summary>
/// <param name="Text">The number of the text, from 1, empty ones left out.</param>
/// <param name="Snippet">The place with what is around it.</param>
internal sealed record KeywordTrialPlace(int Text, string Snippet);
