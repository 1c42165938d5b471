using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

public sealed class IndicatorStateTests
{
    private static readonly Indicator s_ivory = Indicator.Keyword("elfenbein");

    [Theory]
    [InlineData(Log.Issued, true)]
    [InlineData(Log.Issued + 9, true)]
    [InlineData(Log.Issued + 10, false)]
    [InlineData(Log.Issued + 11, false)]
    public void Active_AroundExpiry_EndsAtExpiry(long now, bool active)
    {
        var state = StateOf(new Log("alpha").Append(Log.Listing(s_ivory, expires: Log.Issued + 10)));

        Assert.Equal(active, state.Active(now, _ => true).Any());
    }

    [Fact]
    public void Active_WithdrawnAndExpelled_DoNotCount()
    {
        var (alpha, beta, gamma) = (new Log("alpha"), new Log("beta"), new Log("gamma"));
        var state = StateOf(
            alpha.Append(Log.Listing(s_ivory)),
            beta.Append(Log.Listing(s_ivory)),
            beta.Append(new WithdrawalPayload(s_ivory.Id, "error")),
            gamma.Append(Log.Listing(s_ivory)));

        Assert.Equal(["alpha"], state.Active(Log.Issued, m => m != "gamma").Select(e => e.Member));
        Assert.Equal(s_ivory, state.Indicator);
    }

    /// <summary>
    /// What gamma said of everybody's listings and of alpha's ("-": nothing), and what then counts against or for
    /// alpha's and beta's listing.
    /// </summary>
    [Theory]
    [InlineData("-", "-", "-", "-")]
    [InlineData("dispute", "-", "dispute", "dispute")]
    [InlineData("confirm", "-", "confirm", "confirm")]
    [InlineData("none", "-", "-", "-")]
    [InlineData("-", "dispute", "dispute", "-")]
    [InlineData("-", "confirm", "confirm", "-")]
    [InlineData("-", "none", "-", "-")]
    [InlineData("dispute", "confirm", "confirm", "dispute")]
    [InlineData("confirm", "dispute", "dispute", "confirm")]
    [InlineData("none", "dispute", "dispute", "-")]
    [InlineData("dispute", "none", "-", "dispute")]
    public void DisputersOfAndConfirmersOf_GeneralAndNamedOpinion_NamedGoesFirst(
        string general, string named, string alpha, string beta)
    {
        var gamma = new Log("gamma");
        var entries = new List<LogEntry> { new Log("alpha").Append(Log.Listing(s_ivory)), new Log("beta").Append(Log.Listing(s_ivory)) };
        AddOpinion(entries, gamma, "alpha", named);
        AddOpinion(entries, gamma, "", general);
        var state = StateOf([.. entries]);

        AssertStance(state, "alpha", alpha);
        AssertStance(state, "beta", beta);
    }

    [Theory]
    [InlineData("alpha")]
    [InlineData("")]
    public void DisputersOf_OwnListing_DoesNotCount(string lister)
    {
        var alpha = new Log("alpha");
        var state = StateOf(
            alpha.Append(Log.Listing(s_ivory)),
            alpha.Append(new OpinionPayload(s_ivory.Id, lister, "dispute", "error")),
            new Log("beta").Append(Log.Listing(s_ivory)));

        Assert.Empty(state.DisputersOf("alpha", _ => true));
        Assert.Equal(lister.Length == 0 ? ["alpha"] : [], state.DisputersOf("beta", _ => true));
    }

    [Fact]
    public void DisputersOf_ExpelledMember_DoesNotCount()
    {
        var state = StateOf(
            new Log("alpha").Append(Log.Listing(s_ivory)),
            new Log("beta").Append(new OpinionPayload(s_ivory.Id, "alpha", "dispute", "error")),
            new Log("gamma").Append(new OpinionPayload(s_ivory.Id, "", "confirm", "seen-too")));

        Assert.Equal(["beta"], state.DisputersOf("alpha", _ => true));
        Assert.Empty(state.DisputersOf("alpha", m => m != "beta"));
        Assert.Equal(["gamma"], state.ConfirmersOf("alpha", _ => true));
        Assert.Empty(state.ConfirmersOf("alpha", m => m != "gamma"));
    }

    [Fact]
    public void DisputersOf_NewerOpinion_ReplacesTheOlder()
    {
        var beta = new Log("beta");
        var state = StateOf(
            new Log("alpha").Append(Log.Listing(s_ivory)),
            beta.Append(new OpinionPayload(s_ivory.Id, "alpha", "dispute", "error")),
            beta.Append(new OpinionPayload(s_ivory.Id, "alpha", "none", "error")));

        Assert.Empty(state.DisputersOf("alpha", _ => true));
    }

    [Fact]
    public void Indicator_OpinionsOnly_IsNotKnown()
    {
        var state = StateOf(new Log("beta").Append(new OpinionPayload(s_ivory.Id, "alpha", "dispute", "error")));

        Assert.Null(state.Indicator);
        Assert.Equal(["beta"], state.DisputersOf("alpha", _ => true));
    }

    private static void AddOpinion(List<LogEntry> entries, Log log, string lister, string stance)
    {
        if (stance != "-")
        {
            entries.Add(log.Append(new OpinionPayload(s_ivory.Id, lister, stance, "seen-too")));
        }
    }

    private static void AssertStance(IndicatorState state, string lister, string stance)
    {
        Assert.Equal(stance == "dispute" ? ["gamma"] : [], state.DisputersOf(lister, _ => true));
        Assert.Equal(stance == "confirm" ? ["gamma"] : [], state.ConfirmersOf(lister, _ => true));
    }

    private static IndicatorState StateOf(params LogEntry[] entries)
    {
        var view = new View();
        Array.ForEach(entries, e => view.Apply(e));
        Assert.True(view.TryGet(s_ivory.Id, out var state));
        return state;
    }
}
