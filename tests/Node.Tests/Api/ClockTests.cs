using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>A clock that is far off, here or at a peer: what is refused changes nothing, and nothing is lost.</summary>
public sealed class ClockTests
{
    private const string Log = "test/acme/indicators/1";

    [Theory]
    [InlineData(-40, HttpStatusCode.UnprocessableEntity, "lifetime", "at most 731 days ahead")]
    [InlineData(40, HttpStatusCode.BadRequest, "invalid", "expires before it was issued")]
    public async Task Listings_ClockYearsOff_RefusedByTheExpiryOfTheRightClock(int years, HttpStatusCode status, string code, string says)
    {
        await using var node = await ApiNode.StartReadyAsync();
        var first = await node.PublishAsync(Some.Keyword(Some.Word()));
        var listing = Some.Keyword(Some.Word(), l => l with { Expires = node.Now + 86_400 });
        var off = TimeSpan.FromDays(years * 365.25);
        node.Clock.Advance(off);

        var problem = await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, listing, key: "same"), status, code);

        Assert.Contains(says, problem.Detail, StringComparison.Ordinal);
        Assert.Equal(1, (await node.Grains.GetGrain<IMemberLogGrain>(Log).GetStatusAsync()).Size);

        // The clock is set right, and the same request goes through.
        node.Clock.Advance(-off);
        var second = await ApiNode.ReadAsync<PublishResponse>(
            await node.PostAsync(ApiRoutes.Listings, listing, key: "same"), HttpStatusCode.Created);
        Assert.Equal(first.Index + 1, second.Index);
    }

    /// <summary>A time before 1970 cannot stand in a leaf at all.</summary>
    [Fact]
    public async Task Listings_ClockBefore1970_RefusedAndNothingWritten()
    {
        await using var node = await ApiNode.StartReadyAsync();
        var toEpoch = TimeSpan.FromSeconds(node.Now + 86_400);
        node.Clock.Advance(-toEpoch);

        await ApiNode.ReadProblemAsync(
            await node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word())), HttpStatusCode.BadRequest, "invalid");

        Assert.Equal(0, (await node.Grains.GetGrain<IMemberLogGrain>(Log).GetStatusAsync()).Size);
        node.Clock.Advance(toEpoch);
        Assert.Equal(0, (await node.PublishAsync(Some.Keyword(Some.Word()))).Index);
    }

    /// <summary>The merge asks no clock: a peer's listing is as good as its expiry, whatever time its leaf claims.</summary>
    [Fact]
    public async Task Entries_OfAPeerWhoseClockIsYearsOff_AreTakenAndExpireByTheirOwnTime()
    {
        await using var node = await ApiNode.StartReadyAsync();
        var (early, late) = (Some.Hex(), Some.Hex());
        var year = 365 * 86_400L;
        node.Globex.Add(Some.ForeignHash(IndicatorKind.ImageSha256, early, node.Now - (9 * year)), node.Now - (10 * year));
        node.Globex.Add(Some.ForeignHash(IndicatorKind.ImageSha256, late, node.Now + (11 * year)), node.Now + (10 * year));
        await node.ReceiveAsync();

        var answer = await ApiNode.ReadAsync<CheckResponse>(await node.PostAsync(ApiRoutes.Check, new CheckRequest(
        [
            new CheckItem("image-sha256", early),
            new CheckItem("image-sha256", late),
        ])));

        Assert.Empty(answer.Items[0].Matches);
        Assert.Single(answer.Items[1].Matches);
        Assert.Equal(2, (await node.Grains.GetGrain<IMemberLogGrain>(node.Globex.Origin).GetStatusAsync()).Size);
    }
}
