using CsCheck;
using FederationNode.Grains.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

public sealed class UrgentEntriesTests
{
    private static readonly Indicator s_indicator = Indicator.Keyword("tusks");

    private static readonly string[] s_listers = ["", "a", "b"];

    // At one place of a log there is only ever one entry: what it says follows from where it stands.
    private static readonly Gen<LogEntry> s_entry = Gen.Select(
        Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[0, 11], (member, epoch, index) => new LogEntry(
            Origin.Parse($"demo/{"abc"[member]}/indicators/{epoch}"),
            index,
            default,
            1,
            PayloadOf((index + member) % 4, s_listers[(index + epoch) % 3])));

    [Fact]
    public void Over_AnyEntries_IsWhatAViewOfThemAllHas() =>
        Gen.Select(s_entry.Array[0, 12], s_entry.Array[1, 12]).Sample((applied, urgent) =>
        {
            var (below, all, over) = (new View(), new View(), new UrgentEntries());
            foreach (var entry in applied)
            {
                below.Apply(entry);
                all.Apply(entry);
            }

            foreach (var entry in urgent)
            {
                over.Add(entry);
                all.Apply(entry);
            }

            var state = below.TryGet(s_indicator.Id, out var known) ? over.Over(known) : over.Over(s_indicator.Id);

            Assert.True(all.TryGet(s_indicator.Id, out var expected));
            Assert.Equal(expected.Listings.Select(Place), state!.Listings.Select(Place));
            Assert.Equal(expected.Opinions.Select(Place), state.Opinions.Select(Place));
        });

    [Fact]
    public void Over_Nothing_IsNull() => Assert.Null(new UrgentEntries().Over(s_indicator.Id));

    [Fact]
    public void Over_OneIndicator_TakesLittleMemory()
    {
        var urgent = new UrgentEntries();
        urgent.Add(new LogEntry(Origin.Parse("demo/a/indicators/1"), 7, default, 1, PayloadOf(0, "")));
        urgent.Over(s_indicator.Id);

        // It is asked for each match of each check, and for each of thousands of entries that wait.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(urgent.Over(s_indicator.Id));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024);
    }

    private static (string, EntryPosition) Place(LogEntry entry) => (entry.Member, entry.Position);

    private static Payload PayloadOf(int kind, string lister) => kind switch
    {
        0 => new ListingPayload
        {
            Indicator = s_indicator,
            Category = "ivory",
            Severity = 1,
            Confidence = 80,
            Action = "review",
            Expires = 1000,
            Context = KeywordContext.None,
        },
        1 => new WithdrawalPayload(s_indicator.Id, "error"),
        _ => new OpinionPayload(s_indicator.Id, lister, kind == 2 ? "confirm" : "dispute", "other"),
    };
}
