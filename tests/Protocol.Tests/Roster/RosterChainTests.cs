using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

/// <summary>docs/protocol.md, section 9, "Chain".</summary>
public sealed class RosterChainTests
{
    private static readonly LogHead s_end = new("demo/alpha/indicators/1", 9, Demo.Pin("root"));

    /// <summary>What has lapsed by one roster has lapsed by all later ones. Days; 0: not said.</summary>
    [Theory]
    [InlineData("seller", 0, 366, true)]
    [InlineData("seller", 0, 367, false)]
    [InlineData("keyword", 0, 731, true)]
    [InlineData("keyword", 0, 732, false)]
    [InlineData("image-pdq", 0, 1830, true)]
    [InlineData("seller", 30, 30, true)]
    [InlineData("seller", 30, 29, true)]
    [InlineData("seller", 30, 31, false)]
    [InlineData("seller", 30, 0, false)]
    [InlineData("seller", 1000, 999, true)]
    [InlineData("seller", 1000, 0, true)]
    [InlineData("image-pdq", 1830, 0, true)]
    public void TryOpenNext_Lifetimes_AreNeverProlonged(string kind, int before, int after, bool ok)
    {
        RosterDocument With(RosterDocument document, int days) =>
            days == 0 ? document : document with { Lifetimes = document.Lifetimes.Add(kind, days * 86_400L) };
        Assert.Equal(ok, RosterChain.TryOpenNext(
            Demo.Sign(With(Demo.Second, after), 1, 2), With(Demo.First, before), out _, out var error));
        Assert.True(ok || error!.Contains("is never prolonged", StringComparison.Ordinal), error);
    }

    /// <summary>Seconds after <see cref="Demo.Issued"/>; null: not said.</summary>
    [Theory]
    [InlineData(null, 5, true)]
    [InlineData(5, 5, true)]
    [InlineData(5, 4, true)]
    [InlineData(5, 6, false)]
    [InlineData(5, null, false)]
    public void TryOpenNext_EndOfASellerKey_IsNeverPutOff(int? before, int? after, bool ok)
    {
        RosterDocument With(RosterDocument document, int? until) =>
            document with { SellerKeys = [Demo.Second.SellerKeys[0] with { Until = Demo.Issued + until }] };
        Assert.Equal(ok, RosterChain.TryOpenNext(
            Demo.Sign(With(Demo.Second, after), 1, 2), With(Demo.First, before), out _, out var error));
        Assert.True(ok || error!.Contains("is never put off", StringComparison.Ordinal), error);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void TryOpenNext_Issued_DoesNotGoBack(int later, bool ok) =>
        Assert.Equal(ok, IsNext(Demo.Sign(Demo.Second with { Issued = Demo.First.Issued + later }, 1, 2)));

    [Fact]
    public void TryOpenFirst_SignedByEnoughKeys_IsTheDocument()
    {
        Assert.True(RosterChain.TryOpenFirst(Demo.Sign(Demo.First, 1, 3), Demo.Anchor, out var roster, out var error), error);
        Assert.Equal(Demo.First.ToText(), roster.ToText());
    }

    /// <summary>Who signs version 1, of which two of the keys 1, 2, 3 must.</summary>
    [Theory]
    [InlineData("1 2 3", true)]
    [InlineData("3 2", true)]
    [InlineData("1 2 4", true)]
    [InlineData("1", false)]
    [InlineData("1 1", false)]
    [InlineData("1 4", false)]
    [InlineData("4 5", false)]
    public void TryOpenFirst_Signers_MustReachTheThreshold(string signers, bool ok) =>
        Assert.Equal(ok, IsFirst(Demo.Sign(Demo.First, Numbers(signers))));

    /// <summary>Who signs version 2: two of the old keys 1, 2, 3 and two of the new keys 1, 2, 4 must.</summary>
    [Theory]
    [InlineData("1 2", true)]
    [InlineData("1 3 4", true)]
    [InlineData("2 3 4", true)]
    [InlineData("1 2 3 4", true)]
    [InlineData("1 3", false)]
    [InlineData("1 4", false)]
    [InlineData("1 1 1", false)]
    [InlineData("4 4 1", false)]
    [InlineData("1", false)]
    [InlineData("5 6", false)]
    public void TryOpenNext_Signers_MustReachBothThresholds(string signers, bool ok) =>
        Assert.Equal(ok, IsNext(Demo.Sign(Demo.Second, Numbers(signers))));

    [Theory]
    [InlineData("1 2 3", false)]
    [InlineData("4 5 6", false)]
    [InlineData("1 2 4 5", true)]
    public void TryOpenNext_AllKeysExchanged_NeedsOldAndNewSignatures(string signers, bool ok) =>
        Assert.Equal(ok, IsNext(Demo.Sign(Demo.Second with { SecretariatKeys = Demo.Keys(4, 5, 6) }, Numbers(signers))));

    [Theory]
    [InlineData(3, "1 2", false)]
    [InlineData(3, "1 2 4", true)]
    [InlineData(1, "1 4", false)]
    [InlineData(1, "1 2", true)]
    public void TryOpenNext_ThresholdChanged_BothCount(int threshold, string signers, bool ok) =>
        Assert.Equal(ok, IsNext(Demo.Sign(Demo.Second with { Threshold = threshold }, Numbers(signers))));

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(int.MaxValue, false)]
    public void TryOpenNext_Version_IsTheNext(int version, bool ok) =>
        Assert.Equal(ok, IsNext(Demo.Sign(Demo.Second with { Version = version }, 1, 2)));

    [Fact]
    public void TryOpenNext_AfterTheLastVersion_IsRefused() =>
        Assert.False(RosterChain.TryOpenNext(
            Demo.Sign(Demo.First, 1, 2), Demo.First with { Version = int.MaxValue }, out _, out _));

    [Fact]
    public void TryOpenFirst_AnotherVersionCoalitionThresholdOrKeys_IsRefused()
    {
        Assert.False(IsFirst(Demo.Sign(Demo.First with { Version = 2 }, 1, 2)));
        Assert.False(IsFirst(Demo.Sign(Demo.First with { Threshold = 1 }, 1, 2)));
        Assert.False(IsFirst(Demo.Sign(Demo.First with { Threshold = 3 }, 1, 2, 3)));
        Assert.False(IsFirst(Demo.Sign(Demo.First with { SecretariatKeys = Demo.Keys(1, 2) }, 1, 2)));
        Assert.False(IsFirst(Demo.Sign(Demo.First with { SecretariatKeys = Demo.Keys(1, 2, 4) }, 1, 2)));
        Assert.False(IsFirst(Demo.Sign(Demo.First with { SecretariatKeys = Demo.Keys(1, 2, 3, 4) }, 1, 2)));
        Assert.True(IsFirst(Demo.Sign(Demo.First with { SecretariatKeys = Demo.Keys(3, 2, 1) }, 1, 2)));
        Assert.False(RosterChain.TryOpenFirst(
            Demo.Sign(Demo.First, 1, 2), Demo.Anchor with { Coalition = "other" }, out _, out var error));
        Assert.Contains("other", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenNext_AnotherCoalition_IsRefused()
    {
        var stranger = Demo.Second with
        {
            Coalition = "other",
            Members = [Demo.Member("secretariat"), Demo.Member("alpha")],
        };

        Assert.False(RosterChain.TryOpenNext(Demo.Sign(stranger, 1, 2), Demo.First, out _, out var error));
        Assert.Contains("coalition", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenNext_LogOrMemberDropped_IsRefused()
    {
        Assert.False(IsNext(Demo.Sign(Demo.Second.With("alpha", m => m with { Logs = [m.Logs[0]] }), 1, 2)));
        Assert.False(IsNext(Demo.Sign(Demo.Second with { Members = [Demo.Second.Members[0]] }, 1, 2)));
    }

    [Fact]
    public void TryOpenFirst_RosterLogOfAnotherKeyOrMissing_IsRefused()
    {
        var other = Demo.Anchor with { RosterLogKey = Demo.Key("demo/secretariat/roster/1", 0xf0).VerificationKey };

        Assert.False(RosterChain.TryOpenFirst(Demo.Sign(Demo.First, 1, 2), other, out _, out var error));
        Assert.Contains("demo/secretariat/roster/1", error, StringComparison.Ordinal);
        Assert.False(IsFirst(Demo.Sign(Demo.First.With("secretariat", m => m with { Logs = [m.Logs[1]] }), 1, 2)));
    }

    [Fact]
    public void TryOpenNext_MemberWithoutLogsDropped_IsRefused()
    {
        var current = Demo.First with { Members = [.. Demo.First.Members, Demo.Member("gamma")] };

        Assert.False(IsNext(Demo.Sign(Demo.Second, 1, 2), current, out var error));
        Assert.Contains("gamma", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenNext_SellerKeyDroppedOrExchanged_IsRefused()
    {
        var kept = Demo.Second with { Version = 3, SellerKeys = [.. Demo.Second.SellerKeys, new SellerKey("tel", 2, Demo.Pin("next"))] };
        var exchanged = kept with { SellerKeys = [new SellerKey("tel", 1, Demo.Pin("other"))] };

        Assert.True(IsNext(Demo.Sign(kept, 1, 2), Demo.Second, out var error), error);
        Assert.False(IsNext(Demo.Sign(kept with { SellerKeys = [] }, 1, 2), Demo.Second, out _));
        Assert.False(IsNext(Demo.Sign(exchanged, 1, 2), Demo.Second, out error));
        Assert.Contains("tel", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenNext_SellerKeyInOtherHands_IsTheSameKey()
    {
        var handedOver = Demo.Third with
        {
            Version = 4,
            SellerKeys = [Demo.Third.SellerKeys[0], Demo.Shared(1, "beta", "alpha")],
        };

        Assert.True(IsNext(Demo.Sign(Demo.Third, 1, 2), Demo.Second, out var error), error);
        Assert.True(IsNext(Demo.Sign(handedOver, 1, 2), Demo.Third, out error), error);
        Assert.True(Demo.Third.SellerKeys[1].MakesTagsOf(handedOver.SellerKeys[1]));
        Assert.NotEqual(Demo.Third.SellerKeys[1], handedOver.SellerKeys[1]);
    }

    [Theory]
    [InlineData(MemberStatus.Suspended)]
    [InlineData(MemberStatus.Expelled)]
    public void TryOpenNext_SharesOfWhoIsNotActive_AreKeptAndNeverGiven(MemberStatus status)
    {
        var absent = Demo.Third.With("beta", m => m with { Status = status });
        var given = absent with { SellerKeys = [absent.SellerKeys[0], Demo.Shared(1, "beta", "alpha")] };

        Assert.False(IsNext(Demo.Sign(absent, 1, 2), Demo.Second, out var error));
        Assert.Contains("given to beta, which is no active member", error, StringComparison.Ordinal);
        Assert.True(IsNext(Demo.Sign(absent with { Version = 4 }, 1, 2), Demo.Third, out error), error);
        var other = absent with { Version = 4, SellerKeys = [absent.SellerKeys[0], absent.SellerKeys[1] with { Quota = null }] };
        Assert.True(IsNext(Demo.Sign(other, 1, 2), Demo.Third, out error), error);
        Assert.False(IsNext(Demo.Sign(given with { Version = 4 }, 1, 2), Demo.Third, out error));
        Assert.Contains("given to beta, which is no active member", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenFirst_SharesOfWhoIsNotActive_AreRefused()
    {
        var first = Demo.First.With("alpha", Demo.HoldsKeys) with { SellerKeys = [Demo.Shared(1, "alpha")] };

        Assert.True(IsFirst(Demo.Sign(first, 1, 2)));
        Assert.False(IsFirst(Demo.Sign(first.With("alpha", m => m with { Status = MemberStatus.Suspended }), 1, 2)));
    }

    [Fact]
    public void TryOpenNext_KeyOfALogExchanged_IsRefused()
    {
        var exchanged = Demo.Second.With("alpha", m => m with
        {
            Logs = [m.Logs[0] with { Key = Demo.Key("demo/alpha/indicators/1", 0xf0).VerificationKey }, m.Logs[1]],
        });

        Assert.False(IsNext(Demo.Sign(exchanged, 1, 2), Demo.First, out var error));
        Assert.Contains("exchanged", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenNext_LogClosedAndNextEpochOpened_IsTaken()
    {
        var closed = Close(Demo.Second);
        var reopened = closed.With("alpha", m => m with { Logs = [.. m.Logs, Demo.LogOf("alpha", "indicators", 2)] });

        Assert.True(IsNext(Demo.Sign(closed, 1, 2)));
        Assert.True(IsNext(Demo.Sign(reopened, 1, 2)));
        Assert.Null(closed.Member("alpha")!.OpenLog("indicators"));
        Assert.Equal(2, reopened.Member("alpha")!.OpenLog("indicators")!.Origin.Epoch);
    }

    [Fact]
    public void TryOpenNext_ClosedLogOpenedOrEndMoved_IsRefused()
    {
        var current = Close(Demo.First);

        Assert.True(IsNext(Demo.Sign(Close(Demo.Second), 1, 2), current, out _));
        Assert.False(IsNext(Demo.Sign(Demo.Second, 1, 2), current, out _));
        Assert.False(IsNext(Demo.Sign(Close(Demo.Second, s_end with { Size = 10 }), 1, 2), current, out _));
        Assert.False(IsNext(Demo.Sign(Close(Demo.Second, s_end with { Size = 8 }), 1, 2), current, out _));
        Assert.False(IsNext(Demo.Sign(Close(Demo.Second, s_end with { Root = default }), 1, 2), current, out var error));
        Assert.Contains("closed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpen_AnyFlippedBit_IsRefused()
    {
        // Exactly as many signatures as are needed: with one to spare, a note that loses one is still good.
        var (first, next) = (Demo.Sign(Demo.First, 1, 2), Demo.Sign(Demo.Second, 1, 2));
        for (var at = 0; at < next.Length; at++)
        {
            var bit = (byte)(1 << (at % 8));
            Flip(next, at, bit);
            Assert.False(IsNext(next), $"byte {at}");
            Flip(next, at, bit);
            if (at < first.Length)
            {
                Flip(first, at, bit);
                Assert.False(IsFirst(first), $"byte {at}");
                Flip(first, at, bit);
            }
        }

        Assert.True(IsFirst(first) && IsNext(next));
    }

    [Fact]
    public void TryOpenNext_BadSignatureOfAKnownKeyToSpare_IsRefused()
    {
        var other = SignedNote.Sign("another text\n", Demo.SecretariatKey(3));
        var line = System.Text.Encoding.UTF8.GetString(other).Split('\n')[2];
        byte[] note = [.. Demo.Sign(Demo.Second, 1, 2), .. System.Text.Encoding.UTF8.GetBytes(line + "\n")];

        Assert.False(IsNext(note));
    }

    [Fact]
    public void TryOpenNext_NoteBeyondTheLimit_IsRefused()
    {
        // Blanks before the end keep the JSON as it is.
        var text = Demo.Second.ToText();
        var rest = RosterChain.MaxNote - Demo.Sign(Demo.Second, 1, 2).Length;
        foreach (var extra in new[] { 0, 1 })
        {
            var longer = text[..^1] + new string(' ', rest + extra) + "\n";
            Assert.Equal(extra == 0, IsNext(SignedNote.Sign(longer, Demo.SecretariatKey(1), Demo.SecretariatKey(2))));
        }
    }

    [Fact]
    public void TryWalk_WholeChain_GivesTheNewest()
    {
        ReadOnlyMemory<byte>[] chain = [Demo.Sign(Demo.First, 1, 2), Demo.Sign(Demo.Second, 1, 2)];

        Assert.True(RosterChain.TryWalk(chain, Demo.Anchor, out var newest, out _));
        Assert.Equal(2, newest!.Version);
        Assert.True(RosterChain.TryWalk([], Demo.Anchor, out newest, out _));
        Assert.Null(newest);
    }

    [Fact]
    public void TryWalk_SkippedOrRepeatedVersion_StopsAtTheLastGood()
    {
        ReadOnlyMemory<byte> first = Demo.Sign(Demo.First, 1, 2);

        Assert.False(RosterChain.TryWalk([Demo.Sign(Demo.Second, 1, 2)], Demo.Anchor, out var newest, out _));
        Assert.Null(newest);
        Assert.False(RosterChain.TryWalk([first, first], Demo.Anchor, out newest, out _));
        Assert.Equal(1, newest!.Version);
    }

    private static RosterDocument Close(RosterDocument document, LogHead? end = null) => document.With(
        "alpha", m => m with { Logs = [m.Logs[0] with { ClosedAt = end ?? s_end }, .. m.Logs.Skip(1)] });

    private static void Flip(byte[] note, int at, byte bit) => note[at] ^= bit;

    private static int[] Numbers(string text) => [.. text.Split(' ').Select(int.Parse)];

    private static bool IsFirst(byte[] note) =>
        RosterChain.TryOpenFirst(note, Demo.Anchor, out var roster, out var error) == (roster is not null)
        && roster is not null == (error is null) && roster is not null;

    private static bool IsNext(byte[] note) => IsNext(note, Demo.First, out _);

    private static bool IsNext(byte[] note, RosterDocument current, out string? error) =>
        RosterChain.TryOpenNext(note, current, out var roster, out error) && roster is not null;
}
