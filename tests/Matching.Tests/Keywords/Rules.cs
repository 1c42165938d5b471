using FederationNode.Matching.Keywords;

namespace FederationNode.Matching.Tests.Keywords;

/// <summary>Short ways to write rules.</summary>
internal static class Rules
{
    public static KeywordRule Rule(
        string text,
        KeywordMatch match = KeywordMatch.ByScript,
        string[]? any = null,
        string[]? all = null,
        string[]? none = null,
        int window = 0,
        int id = 1) =>
        new(id, text, match, [.. any ?? []], [.. all ?? []], [.. none ?? []], window);

    /// <summary>An engine with these rules.</summary>
    public static KeywordEngine Engine(IEnumerable<KeywordRule> rules)
    {
        var engine = new KeywordEngine(0x5EED);
        foreach (var rule in rules)
        {
            _ = engine.Add(rule);
        }

        return engine;
    }

    /// <summary>The parts of <paramref name="text"/> that were hit, in order.</summary>
    public static string[] Parts(KeywordEngine engine, string text)
    {
        var hits = new List<KeywordHit>();
        engine.Find(text, hits);
        return [.. hits.Select(hit => text.Substring(hit.Start, hit.Length))];
    }

    public static string[] Parts(KeywordRule rule, string text) => Parts(Engine([rule]), text);
}
