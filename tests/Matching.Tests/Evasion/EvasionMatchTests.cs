using System.Numerics;
using FederationNode.Matching.Keywords;
using Xunit;

namespace FederationNode.Matching.Tests.Evasion;

/// <summary>The engine on the evasion suite: every case, all keywords at once.</summary>
public sealed class EvasionMatchTests
{
    private static readonly EvasionSuite Suite = EvasionSuite.Load();

    private static readonly KeywordEngine Engine = Suite.MakeEngine();

    [Fact]
    public void Find_Evasions_FindsEveryKeywordAndNoOther() => Judge(text => !text.IsNearMiss);

    [Fact]
    public void Find_NearMisses_FindsNothing() => Judge(text => text.IsNearMiss);

    private static void Judge(Func<EvasionCase, bool> which)
    {
        var faults = Suite.Cases.Where(which).Select(Fault).OfType<string>().ToList();
        Assert.True(faults.Count == 0, $"{faults.Count} cases: {string.Join('\n', faults)}");
    }

    private static string? Fault(EvasionCase text)
    {
        var hits = new List<KeywordHit>();
        Engine.Find(text.Text, hits);
        var found = hits.Select(hit => Suite.Keywords[hit.RuleId].Id).Distinct().Order(StringComparer.Ordinal).ToList();
        if (!found.SequenceEqual(text.Expect.Order(StringComparer.Ordinal)))
        {
            return $"found [{string.Join(' ', found)}] instead of [{string.Join(' ', text.Expect)}]: {text}";
        }

        // Of several places of a keyword the plainest counts.
        var evasions = hits.GroupBy(hit => hit.RuleId)
            .Select(places => places.MinBy(hit => BitOperations.PopCount((uint)hit.Evasions)).Evasions)
            .Aggregate(KeywordEvasions.None, (all, one) => all | one);
        var expected = text.Evasions.Aggregate(
            KeywordEvasions.None, (all, name) => all | Enum.Parse<KeywordEvasions>(name, ignoreCase: true));
        return evasions == expected ? null : $"as {evasions} instead of {expected}: {text}";
    }
}
