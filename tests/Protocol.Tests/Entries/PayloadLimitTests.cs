using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

/// <summary>Every limit of sections 6, 7 and 16 of docs/protocol.md, at its edge and one beyond.</summary>
public sealed class PayloadLimitTests
{
    /// <summary>Kind, item, a value for it, whether the payload is then well-formed.</summary>
    public static TheoryData<string, int, object?, bool> Items()
    {
        var data = new TheoryData<string, int, object?, bool>();
        AddListing(data);
        AddOthers(data);
        return data;
    }

    [Theory]
    [MemberData(nameof(Items))]
    public void TryDecode_ItemAtOrBeyondItsLimit_IsTakenOrRefused(string kind, int item, object? value, bool ok)
    {
        var items = ValidPayloads.Items(kind);
        items[item] = value;

        Assert.Equal(ok, Payload.TryDecode(kind, Pack.Sequence((object)items), out _, out var error));
        Assert.Equal(ok, error is null);
    }

    /// <summary>Item of the keyword context, a value for it, whether the payload is then well-formed.</summary>
    public static TheoryData<int, object?, bool> ContextItems() => new()
    {
        { 0, "", true },
        { 0, new string('a', 35), true },
        { 0, new string('a', 36), false },
        { 0, "zh_Hant", false },
        { 0, "dé", false },
        { 1, "auto", true },
        { 1, "substring", true },
        { 1, "prefix", true },
        { 1, "Word", false },
        { 1, "", false },
        { 1, "substrings", false },
        { 2, Many("a", 32), true },
        { 2, Many("a", 33), false },
        { 3, Many(new string('a', 128), 1), true },
        { 3, Many(new string('a', 129), 1), false },
        { 4, Many(new string('\u00e9', 64), 1), true },
        { 4, Many(new string('\u00e9', 65), 1), false },
        { 4, Many("", 1), false },
        { 5, 0, true },
        { 5, 10_000, true },
        { 5, 10_001, false },
    };

    [Theory]
    [MemberData(nameof(ContextItems))]
    public void TryDecode_ContextItemAtOrBeyondItsLimit_IsTakenOrRefused(int item, object? value, bool ok)
    {
        var items = ValidPayloads.Items("listing");
        ((object?[])items[15]!)[item] = value;

        Assert.Equal(ok, Payload.TryDecode("listing", Pack.Sequence((object)items), out _, out _));
    }

    /// <summary>Indicator kind, scheme, length of the value, whether such a listing is well-formed.</summary>
    [Theory]
    [InlineData("keyword", "wlnorm/1", 1, true)]
    [InlineData("keyword", "wlnorm/1", 512, true)]
    [InlineData("keyword", "wlnorm/1", 513, false)]
    [InlineData("keyword", "wlnorm/1", 0, false)]
    [InlineData("keyword", "wlnorm/2", 1, false)]
    [InlineData("image-pdq", "pdq/1", 32, true)]
    [InlineData("image-pdq", "pdq/1", 31, false)]
    [InlineData("image-pdq", "pdq/1", 33, false)]
    [InlineData("image-pdq", "sha256/1", 32, false)]
    [InlineData("image-sha256", "sha256/1", 32, true)]
    [InlineData("image-sha256", "sha256/1", 31, false)]
    [InlineData("image-sha256", "pdq/1", 32, false)]
    [InlineData("seller", "voprf/tel/1", 32, true)]
    [InlineData("seller", "voprf/tel/999999", 32, true)]
    [InlineData("seller", "voprf/pay:iban/1", 32, true)]
    [InlineData("seller", "voprf/acct:shop.example/1", 32, true)]
    [InlineData("seller", "voprf/acct:/1", 32, false)]
    [InlineData("seller", "voprf/Tel/1", 32, false)]
    [InlineData("seller", "voprf/tel/1", 31, false)]
    [InlineData("seller", "voprf/tel/1", 33, false)]
    [InlineData("seller", "voprf/tel/1000000", 32, false)]
    [InlineData("seller", "voprf/tel/0", 32, false)]
    [InlineData("seller", "voprf/tel/01", 32, false)]
    [InlineData("seller", "voprf/tel/", 32, false)]
    [InlineData("seller", "voprf/tel", 32, false)]
    [InlineData("seller", "voprf//1", 32, false)]
    [InlineData("seller", "voprf/", 32, false)]
    [InlineData("seller", "voprf/tel/1/1", 32, false)]
    [InlineData("seller", "oprf/tel/1", 32, false)]
    [InlineData("video-vpdq", "vpdq/1", 0, true)]
    [InlineData("video-vpdq", "vpdq/1", 512, true)]
    [InlineData("video-vpdq", "vpdq/1", 513, false)]
    [InlineData("video-vpdq", "", 1, false)]
    [InlineData("video-vpdq", "a scheme", 1, false)]
    [InlineData("video-vpdq", "vpdq\0", 1, false)]
    [InlineData("video_vpdq", "vpdq/1", 1, false)]
    public void TryDecode_KindSchemeAndValue_MustFit(string kind, string scheme, int length, bool ok)
    {
        var value = new byte[length];
        value.AsSpan().Fill((byte)'a');
        var items = ValidPayloads.Listing(kind, scheme, value, kind == "keyword" ? ValidPayloads.Context() : null);

        Assert.Equal(ok, Payload.TryDecode("listing", Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void TryDecode_SchemeAtOrBeyondItsLimit_IsTakenOrRefused(int length, bool ok) =>
        TryDecode_KindSchemeAndValue_MustFit("video-vpdq", new string('s', length), 1, ok);

    [Fact]
    public void TryDecode_KeywordWithoutContextOrImageWithOne_IsRefused()
    {
        var keyword = ValidPayloads.Items("listing");
        keyword[15] = null;
        var image = ValidPayloads.Listing("image-pdq", "pdq/1", new byte[32], ValidPayloads.Context());

        Assert.False(Payload.TryDecode("listing", Pack.Sequence((object)keyword), out _, out _));
        Assert.False(Payload.TryDecode("listing", Pack.Sequence((object)image), out _, out _));
    }

    [Theory]
    [InlineData("heartbeat", 512, true)]
    [InlineData("heartbeat", 513, false)]
    [InlineData("receipt", 256, true)]
    [InlineData("receipt", 257, false)]
    [InlineData("erasure", 256, true)]
    [InlineData("erasure", 257, false)]
    [InlineData("erasure", 0, true)]
    [InlineData("heartbeat", 0, true)]
    [InlineData("receipt", 0, true)]
    public void TryDecode_NumberOfHeads_IsBounded(string kind, int count, bool ok)
    {
        var head = ((object?[])ValidPayloads.Items(kind)[1]!)[0];
        object?[] items = [1, Enumerable.Repeat(head, count).ToArray()];

        Assert.Equal(ok, Payload.TryDecode(kind, Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    [InlineData(0, false)]
    public void TryDecode_NumberOfCounts_IsBounded(int count, bool ok)
    {
        object?[] items =
        [
            1, 20_000, Enumerable.Range(1, count).Select(epoch => (object?)new object?[] { "alpha", "tel", epoch, 5, 0 }).ToArray(),
        ];

        Assert.Equal(ok, Payload.TryDecode("evaluations", Pack.Sequence((object)items), out _, out _));
    }

    /// <summary>Item of a count, a value for it, whether it is well-formed.</summary>
    public static TheoryData<int, object?, bool> CountItems() => new()
    {
        { 0, "Alpha", false },
        { 0, "", false },
        { 0, new string('a', 64), false },
        { 1, "acct:taobao", true },
        { 1, "TEL", false },
        { 1, "", false },
        { 2, 0, false },
        { 2, 999_999, true },
        { 2, 1_000_000, false },
        { 3, 1L << 53, true },
        { 3, (1L << 53) + 1, false },
        { 3, -1, false },
        { 4, 1L << 53, true },
        { 4, (1L << 53) + 1, false },
        { 4, null, false },
    };

    [Theory]
    [MemberData(nameof(CountItems))]
    public void TryDecode_CountItem_IsTakenOrRefused(int item, object? value, bool ok)
    {
        var items = ValidPayloads.Items("evaluations");
        ((object?[])((object?[])items[2]!)[0]!)[item] = value;

        Assert.Equal(ok, Payload.TryDecode("evaluations", Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData("alpha", "tel", 2, true)]
    [InlineData("alpha", "url", 1, true)]
    [InlineData("beta", "email", 1, true)]
    [InlineData("alpha", "tel", 1, false)]
    [InlineData("alpha", "email", 1, false)]
    [InlineData("aaaaa", "tel", 1, false)]
    public void TryDecode_SecondCount_MustComeBehindTheFirst(string member, string type, int epoch, bool ok)
    {
        object?[] items = [1, 20_000, new object?[] { (object?[])["alpha", "tel", 1, 5, 0], (object?[])[member, type, epoch, 5, 0] }];

        Assert.Equal(ok, Payload.TryDecode("evaluations", Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(8_192, true)]
    [InlineData(8_193, false)]
    public void TryDecode_MessageOfACeremony_IsBoundedAndNotLookedInto(int length, bool ok) =>
        Assert.Equal(ok, Payload.TryDecode("ceremony", new byte[length], out _, out _));

    /// <summary>Item of a head, a value for it, whether it is well-formed.</summary>
    public static TheoryData<int, object?, bool> HeadItems() => new()
    {
        { 0, "demo/alpha/indicators/999999", true },
        { 0, "demo/alpha/indicators", false },
        { 0, "", false },
        { 1, 0, true },
        { 1, 1L << 40, true },
        { 1, (1L << 40) + 1, false },
        { 2, new byte[31], false },
        { 2, new byte[33], false },
        { 2, null, false },
    };

    [Theory]
    [MemberData(nameof(HeadItems))]
    public void TryDecode_HeadItem_IsTakenOrRefused(int item, object? value, bool ok)
    {
        foreach (var kind in new[] { "heartbeat", "receipt" })
        {
            var items = ValidPayloads.Items(kind);
            ((object?[])((object?[])items[1]!)[0]!)[item] = value;
            Assert.Equal(ok, Payload.TryDecode(kind, Pack.Sequence((object)items), out _, out _));
        }
    }

    [Theory]
    [InlineData("receipt", 3, 253_402_300_799_000, true)]
    [InlineData("receipt", 3, 253_402_300_799_001, false)]
    [InlineData("erasure", 2, 253_402_300_799_000, true)]
    [InlineData("erasure", 2, 253_402_300_799_001, false)]
    [InlineData("erasure", 1, 1L << 40, true)]
    [InlineData("erasure", 1, (1L << 40) + 1, false)]
    public void TryDecode_NumberInAStatement_IsBounded(string kind, int item, long number, bool ok)
    {
        var items = ValidPayloads.Items(kind);
        ((object?[])((object?[])items[1]!)[0]!)[item] = number;

        Assert.Equal(ok, Payload.TryDecode(kind, Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData("demo/alpha/indicators/1", true)]
    [InlineData("demo/alpha/indicators", false)]
    [InlineData("", false)]
    public void TryDecode_OriginOfAnErasure_IsWellFormed(string origin, bool ok)
    {
        var items = ValidPayloads.Items("erasure");
        ((object?[])((object?[])items[1]!)[0]!)[0] = origin;

        Assert.Equal(ok, Payload.TryDecode("erasure", Pack.Sequence((object)items), out _, out _));
    }

    [Theory]
    [InlineData("listing", 65_536)]
    [InlineData("heartbeat", 65_536)]
    [InlineData("unknown", 65_536)]
    [InlineData("roster", 1_048_576)]
    public void TryDecode_LongerThanAPayload_IsRefusedForItsLength(string kind, int limit)
    {
        Assert.False(Payload.TryDecode(kind, new byte[limit + 1], out _, out var beyond));
        Assert.False(Payload.TryDecode(kind, new byte[limit], out _, out var at));
        Assert.Contains("at most", beyond, StringComparison.Ordinal);
        Assert.DoesNotContain("at most", at, StringComparison.Ordinal);
    }

    [Fact]
    public void TryDecode_RosterOfExactlyTheLimit_IsTaken()
    {
        // Array header, version, header of a binary of 32 bits of length.
        var longest = new RosterPayload(new byte[ProtocolLimits.MaxRosterPayload - 7]).Encode();

        Assert.Equal(ProtocolLimits.MaxRosterPayload, longest.Length);
        Assert.True(Payload.TryDecode("roster", longest, out _, out _));
    }

    private static void AddListing(TheoryData<string, int, object?, bool> data)
    {
        AddCode(data, "listing", 4);
        data.Add("listing", 5, "", true);
        data.Add("listing", 5, new string('a', 96), true);
        data.Add("listing", 5, new string('a', 97), false);
        data.Add("listing", 5, "Panthera pardus ssp. orientalis", true);
        data.Add("listing", 5, "a1", false);
        data.Add("listing", 5, "\u00e9", false);
        data.Add("listing", 6, "III", true);
        data.Add("listing", 6, "", true);
        data.Add("listing", 6, "IV", false);
        data.Add("listing", 6, "i", false);
        data.Add("listing", 7, 3, true);
        data.Add("listing", 7, 4, false);
        data.Add("listing", 8, 100, true);
        data.Add("listing", 8, 101, false);
        data.Add("listing", 9, "review", true);
        data.Add("listing", 9, "signal", true);
        data.Add("listing", 9, "", false);
        data.Add("listing", 9, "Block", false);
        data.Add("listing", 10, 253_402_300_799, true);
        data.Add("listing", 10, 253_402_300_800, false);
        data.Add("listing", 11, Many("DE", 64), true);
        data.Add("listing", 11, Many("DE", 65), false);
        data.Add("listing", 11, Many("de", 1), false);
        data.Add("listing", 11, Many("DEU", 1), false);
        data.Add("listing", 11, Many("D", 1), false);
        data.Add("listing", 12, Many("a", 16), true);
        data.Add("listing", 12, Many("a", 17), false);
        data.Add("listing", 12, Many(new string('a', 32), 1), true);
        data.Add("listing", 12, Many(new string('a', 33), 1), false);
        data.Add("listing", 12, Many("a b", 1), false);
        foreach (var label in new[] { "clear", "green", "amber", "amber-strict", "red" })
        {
            data.Add("listing", 13, label, true);
        }

        data.Add("listing", 13, "white", false);
        data.Add("listing", 13, "", false);
        data.Add("listing", 14, null, true);
        data.Add("listing", 14, new byte[31], false);
        data.Add("listing", 14, new byte[33], false);
        data.Add("listing", 14, new string('a', 32), false);
    }

    private static void AddOthers(TheoryData<string, int, object?, bool> data)
    {
        AddCode(data, "withdrawal", 2);
        AddCode(data, "opinion", 4);
        AddCode(data, "tally", 2);
        AddCode(data, "erase", 2);
        foreach (var kind in new[] { "withdrawal", "opinion" })
        {
            data.Add(kind, 1, new byte[31], false);
            data.Add(kind, 1, new byte[33], false);
            data.Add(kind, 1, null, false);
        }

        data.Add("opinion", 2, "", true);
        data.Add("opinion", 2, new string('a', 63), true);
        data.Add("opinion", 2, new string('a', 64), false);
        data.Add("opinion", 2, "Alpha", false);
        data.Add("opinion", 3, "confirm", true);
        data.Add("opinion", 3, "none", true);
        data.Add("opinion", 3, "", false);
        data.Add("opinion", 3, "doubt", false);
        data.Add("tally", 1, 0, true);
        data.Add("tally", 1, 253_402_300_799 / 86_400, true);
        data.Add("tally", 1, (253_402_300_799 / 86_400) + 1, false);
        foreach (var item in new[] { 3, 4, 5 })
        {
            data.Add("tally", item, 1L << 53, true);
            data.Add("tally", item, (1L << 53) + 1, false);
        }

        data.Add("erase", 1, 0, true);
        data.Add("erase", 1, 1L << 40, true);
        data.Add("erase", 1, (1L << 40) + 1, false);
    }

    private static void AddCode(TheoryData<string, int, object?, bool> data, string kind, int item)
    {
        data.Add(kind, item, new string('a', 32), true);
        data.Add(kind, item, new string('a', 33), false);
        data.Add(kind, item, "", false);
        data.Add(kind, item, "-a", false);
        data.Add(kind, item, "A", false);
    }

    private static object?[] Many(string text, int count) => [.. Enumerable.Repeat(text, count)];
}
