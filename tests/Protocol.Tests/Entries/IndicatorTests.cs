using System.Security.Cryptography;
using System.Text;
using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

public sealed class IndicatorTests
{
    [Fact]
    public void Id_AnyIndicator_IsTheHashOfSection7() =>
        EntryGen.Indicators.Sample(i =>
        {
            var input = Encoding.UTF8.GetBytes($"fednode/indicator/1\0{i.Kind}\0{i.Scheme}\0").Concat(i.Value.ToArray());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(input.ToArray())), i.Id.ToString());
        });

    [Fact]
    public void Id_DifferentKindSchemeOrValue_Differs() =>
        Gen.Select(EntryGen.Indicators, EntryGen.Indicators).Sample((a, b) =>
        {
            var same = a.Kind == b.Kind && a.Scheme == b.Scheme && a.Value.Span.SequenceEqual(b.Value.Span);
            Assert.Equal(same, a.Id == b.Id);
            Assert.Equal(same, a.Equals(b));
        });

    [Fact]
    public void Id_BordersBetweenThePartsMoved_Differs()
    {
        Assert.NotEqual(new Indicator("ab", "c", "d"u8.ToArray()).Id, new Indicator("a", "bc", "d"u8.ToArray()).Id);
        Assert.NotEqual(new Indicator("a", "bc", "d"u8.ToArray()).Id, new Indicator("a", "b", "cd"u8.ToArray()).Id);
        Assert.NotEqual(new Indicator("a", "b", "\0c"u8.ToArray()).Id, new Indicator("a", "b", "c"u8.ToArray()).Id);
    }

    /// <summary>The borders are 0x00, so neither kind nor scheme may hold one: otherwise two indicators share an id.</summary>
    [Fact]
    public void TryDecode_TwoListingsWithOneId_AtMostOneIsTaken()
    {
        var honest = new Indicator("x", "s", "a\0b"u8.ToArray());
        var twin = new Indicator("x", "s\0a", "b"u8.ToArray());

        Assert.Equal(honest.Id, twin.Id);
        Assert.True(IsTaken(honest));
        Assert.False(IsTaken(twin));
    }

    [Fact]
    public void Id_OfAChangedCopy_IsNotTheOriginals()
    {
        var original = Indicator.Keyword("elfenbein");
        var id = original.Id;

        Assert.NotEqual(id, (original with { Value = "horn"u8.ToArray() }).Id);
        Assert.NotEqual(id, (original with { Kind = "x" }).Id);
        Assert.Equal(id, (original with { }).Id);
    }

    private static bool IsTaken(Indicator indicator) => Payload.TryDecode(
        "listing",
        Pack.Sequence((object)ValidPayloads.Listing(indicator.Kind, indicator.Scheme, indicator.Value.ToArray(), null)),
        out _,
        out _);
}
