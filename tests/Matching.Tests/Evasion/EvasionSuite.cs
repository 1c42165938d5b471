using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Matching.Keywords;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>
/// Texts in the manner of marketplace listings that hide keywords, and texts that only look as if they did. Each is
/// judged against all keywords at once. README.md beside the files says how a case is written.
/// </summary>
/// <param name="Keywords">All keywords, in the order of the file.</param>
/// <param name="Cases">All cases, in the order of the file.</param>
internal sealed record EvasionSuite(ImmutableArray<EvasionKeyword> Keywords, ImmutableArray<EvasionCase> Cases)
{
    /// <summary>The technique of texts that hide nothing.</summary>
    public const string Plain = "plain";

    /// <summary>The technique of texts with a phrase that is allowed although it holds a keyword.</summary>
    public const string AllowPhrase = "allow-phrase";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    /// <summary>The ways of matching beyond normalisation.</summary>
    public static ImmutableArray<string> Evasions { get; } = ["lookalike", "separated", "repeated"];

    /// <summary>The keywords' file.</summary>
    public static string KeywordsFile { get; } = InSuite("keywords.json");

    /// <summary>The cases' file.</summary>
    public static string CasesFile { get; } = InSuite("cases.jsonl");

    /// <summary>Reads both files.</summary>
    /// <exception cref="JsonException">A file is malformed, or a line of the cases is, which the message names.</exception>
    public static EvasionSuite Load()
    {
        var keywords = JsonSerializer.Deserialize<ImmutableArray<EvasionKeyword>>(File.ReadAllText(KeywordsFile), Json);
        return new EvasionSuite(keywords, [.. File.ReadLines(CasesFile).Select(ReadCase)]);
    }

    private static EvasionCase ReadCase(string line, int index)
    {
        try
        {
            return JsonSerializer.Deserialize<EvasionCase>(line, Json) ?? throw new JsonException("No object.");
        }
        catch (JsonException exception)
        {
            throw new JsonException($"cases.jsonl, line {index + 1}: {exception.Message}", exception);
        }
    }

    private static string InSuite(string name) =>
        Path.Combine(TestFiles.Repository, "tests", "Matching.Tests", "Evasion", name);

    /// <summary>An engine with the keywords, a rule's number being the keyword's place.</summary>
    /// <param name="language">The keywords' language; empty for all.</param>
    public KeywordEngine MakeEngine(string language = "")
    {
        var engine = new KeywordEngine(0x5EED);
        for (var id = 0; id < Keywords.Length; id++)
        {
            var keyword = Keywords[id];
            if (language.Length == 0 || keyword.Language == language)
            {
                Assert.True(engine.Add(new KeywordRule(
                    id, keyword.Text, keyword.Match, keyword.AnyOf, keyword.AllOf, keyword.NoneOf, keyword.Window)));
            }
        }

        return engine;
    }
}
