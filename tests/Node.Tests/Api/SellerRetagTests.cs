using System.Net;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>POST /v1/seller/retag and GET /v1/seller/keys, at a node whose roster has two epochs.</summary>
public sealed class SellerRetagTests : IAsyncLifetime
{
    private const string Log = "test/acme/indicators/1";
    private const long Day = 86_400;

    private ApiNode _node = null!;

    public async Task InitializeAsync()
    {
        _node = await ApiNode.StartReadyAsync();
        await PutAsync(_ => null);
    }

    public Task DisposeAsync() => _node.DisposeAsync().AsTask();

    [Fact]
    public async Task Retag_ListedSellers_GoOnUnderTheLaterEpochAndReferToTheOlderEntry()
    {
        var (a, b, c) = (Some.Hex(), Some.Hex(), Some.Hex());
        var index = (await ListAsync(a)).Index!.Value;
        await ListAsync(b);
        var items = new[] { Item(a), Item(c), Item(b) };

        Assert.Equal(["retagged", "not-listed", "retagged"], (await RetagAsync(true, items)).Items);
        Assert.Equal(index + 2, (await LogAsync()).Size);
        Assert.Equal(["retagged", "not-listed", "retagged"], (await RetagAsync(false, items)).Items);
        Assert.Equal(["already", "not-listed", "already"], (await RetagAsync(false, items)).Items);

        var range = await _node.Grains.GetGrain<IMemberLogGrain>(Log).ReadAsync(index, 10, 100_000);
        Assert.Equal(4, range.Entries.Count);
        for (var i = 0; i < 2; i++)
        {
            Assert.True(Leaf.TryDecode(range.Entries[2 + i].Leaf, out var leaf, out _));
            Assert.Equal(index + i, leaf.Ref);
            Assert.Equal("voprf/tel/2", leaf.Term!.Scheme);
            Assert.True(Payload.TryDecode(EntryKind.Listing, range.Entries[i].Payload, out var before, out _));
            Assert.True(Payload.TryDecode(EntryKind.Listing, range.Entries[2 + i].Payload, out var after, out _));
            Assert.Equal(((ListingPayload)before) with { Indicator = ((ListingPayload)after).Indicator }, after);
        }
    }

    [Fact]
    public async Task Retag_AfterTheOlderEpochHasEnded_FindsNothingInForce()
    {
        var a = Some.Hex();
        await ListAsync(a);
        await PutAsync(epoch => epoch == 1 ? _node.Now + 10 : null);
        Assert.Equal([true, true], await CountingAsync());
        _node.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([true, false], await CountingAsync());
        Assert.Equal(["not-listed"], (await RetagAsync(false, Item(a))).Items);
        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, Seller(Some.Hex()), ApiRole.Analyst), HttpStatusCode.UnprocessableEntity, "lifetime");
        Assert.Contains("tags of voprf/tel/1 count no more since", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("voprf/tel/1", "voprf/tel/1", "TTT", 400, "invalid")]
    [InlineData("voprf/tel/2", "voprf/tel/1", "TTT", 400, "invalid")]
    [InlineData("voprf/tel/1", "voprf/email/2", "TTT", 400, "invalid")]
    [InlineData("tel", "voprf/tel/2", "TTT", 400, "invalid")]
    [InlineData("voprf/tel/1", "voprf/tel/2", "00", 400, "invalid")]
    [InlineData("voprf/tel/1", "voprf/tel/3", "TTT", 422, "unknown-seller-key")]
    public async Task Retag_BadItem_RefusedWholeAndNothingIsWritten(string from, string to, string tag, int status, string code)
    {
        var a = Some.Hex();
        await ListAsync(a);
        var size = (await LogAsync()).Size;

        var problem = await ApiNode.ReadProblemAsync(
            await _node.PostAsync(
                ApiRoutes.SellerRetag,
                new SellerRetagRequest([Item(a), new SellerRetagItem(from, tag == "TTT" ? Some.Hex() : tag, to, Some.Hex())]),
                ApiRole.Analyst),
            (HttpStatusCode)status,
            code);

        Assert.Contains("items[1]", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(size, (await LogAsync()).Size);
    }

    [Theory]
    [InlineData("""{"items": []}""")]
    [InlineData("""{"items": [null]}""")]
    public async Task Retag_BadRequest_Refused(string body) => await ApiNode.ReadProblemAsync(
        await _node.PostTextAsync(ApiRoutes.SellerRetag, body, ApiRole.Analyst), HttpStatusCode.BadRequest, "invalid");

    private static SellerRetagItem Item(string tag) => new("voprf/tel/1", tag, "voprf/tel/2", Hash256.Of(Convert.FromHexString(tag)).ToString());

    private static ListingRequest Seller(string tag) => Some.Image(tag) with { Kind = IndicatorKind.Seller, Scheme = "voprf/tel/1" };

    private async Task<PublishResponse> ListAsync(string tag) => await _node.PublishAsync(Seller(tag) with { Expires = _node.Now + (30 * Day) });

    private async Task<SellerRetagResponse> RetagAsync(bool dryRun, params SellerRetagItem[] items) =>
        await ApiNode.ReadAsync<SellerRetagResponse>(
            await _node.PostAsync(ApiRoutes.SellerRetag, new SellerRetagRequest(items, dryRun), ApiRole.Analyst));

    private async Task<IEnumerable<bool>> CountingAsync() =>
        (await ApiNode.ReadAsync<SellerKeysResponse>(await _node.GetAsync(ApiRoutes.SellerKeys, ApiRole.Detector))).Keys
            .Where(k => k.Type == "tel").Select(k => k.Counts);

    private Task<LogStatus> LogAsync() => _node.Grains.GetGrain<IMemberLogGrain>(Log).GetStatusAsync();

    /// <summary>The next roster, with keys for tel of the epochs 1 and 2.</summary>
    private async Task PutAsync(Func<int, long?> until)
    {
        var board = _node.Services.GetRequiredService<RosterBoard>();
        var current = board.Current!;
        var first = current.SellerKeyOf("tel", 1)!;
        RosterDocument next = current with
        {
            Version = current.Version + 1,
            SellerKeys =
            [
                first with { Until = until(1) },
                new SellerKey("tel", 2, Hash256.Of("another key"u8)) { Until = until(2) },
            ],
        };
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        board.Changed += _ => changed.TrySetResult();
        await _node.PutRosterAsync(_node.Coalition.Sign(next));
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
