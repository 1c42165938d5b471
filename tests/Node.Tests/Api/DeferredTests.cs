using System.Net;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>
/// Publishing while the own log may not sign yet: docs/protocol.md, section 14, "Deferred". No peer answers these
/// nodes, so the log may sign when the test says so.
/// </summary>
public sealed class DeferredTests : IAsyncLifetime
{
    private const string Log = "test/acme/indicators/1";

    private ApiNode _node = null!;

    private IMemberLogGrain OwnLog => _node.Grains.GetGrain<IMemberLogGrain>(Log);

    public async Task InitializeAsync() => _node = await ApiNode.StartReadyAsync(confirmed: false);

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Listing_LogMayNotSign_AcceptedAndCountsHereAtOnce()
    {
        var word = Some.Word();
        var digest = _node.List.Current.Digest;

        var deferred = await DeferAsync(Some.Keyword(word));

        Assert.Equal((Log, null, 1, false), (deferred.Origin, deferred.Index, deferred.Count, deferred.Repeated));
        Assert.Equal([Some.KeywordId(word)], deferred.IndicatorIds);
        Assert.True(Lists(word));
        Assert.Equal("review", await VerdictAsync(word));

        // Nobody else is shown anything of it, and no digest includes it.
        Assert.Equal(digest, _node.List.Current.Digest);
        Assert.Equal((0, 0), await SizeAsync());
    }

    [Fact]
    public async Task Confirm_WithEntriesDeferred_AppendsThemOnceInTheirOrder()
    {
        var words = Enumerable.Range(0, 5).Select(_ => Some.Word()).ToList();
        await DeferAsync(Some.Keyword(words[0]));
        await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, new ListingBatch([.. words[1..4].Select(w => Some.Keyword(w))])),
            HttpStatusCode.Accepted);
        await DeferAsync(Some.Keyword(words[4]));
        var digest = _node.List.Current.Digest;

        await OwnLog.ConfirmAsync();
        await OwnLog.ConfirmAsync();

        Assert.Equal((5, 5), await SizeAsync());
        Assert.Equal(words, await LoggedAsync());
        await _node.Follower.WaitAppliedAsync(Log, 4, default);
        Assert.All(words, word => Assert.True(Lists(word)));
        Assert.NotEqual(digest, _node.List.Current.Digest);

        // What comes from now on is behind it.
        Assert.Equal(5, (await _node.PublishAsync(Some.Keyword(Some.Word()))).Index);
    }

    [Fact]
    public async Task Listing_SameKeyWhileDeferredAndAfterwards_HasOneEffect()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());

        var first = await DeferAsync(listing, key);
        _node.Clock.Advance(TimeSpan.FromHours(1));
        var second = await DeferAsync(listing, key);
        await OwnLog.ConfirmAsync();
        var third = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, listing, key: key));
        var fourth = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, listing, key: key));

        Assert.Equal((null, false), (first.Index, first.Repeated));
        Assert.Equal((null, 1, true), (second.Index, second.Count, second.Repeated));
        Assert.Equal((0L, 1, true, false), (third.Index, third.Count, third.Repeated, third.Deferred));
        Assert.Equal((0L, 1, true, false), (fourth.Index, fourth.Count, fourth.Repeated, fourth.Deferred));
        Assert.All([second, third, fourth], answer => Assert.Equal(first.IndicatorIds, answer.IndicatorIds));
        Assert.Equal((1, 1), await SizeAsync());
    }

    [Fact]
    public async Task Listing_SameKeyManyAtOnceWhileItBecomesConfirmed_OneEntry()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());

        var requests = Enumerable.Range(0, 16)
            .Select(_ => _node.PostAsync(ApiRoutes.Listings, listing, key: key))
            .ToList();
        await OwnLog.ConfirmAsync();
        var answers = new List<PublishResponse>();
        foreach (var response in await Task.WhenAll(requests))
        {
            answers.Add(await ApiNode.ReadAsync<PublishResponse>(response, response.StatusCode));
            Assert.InRange((int)response.StatusCode, 200, 202);
        }

        Assert.Single(answers, a => !a.Repeated);
        Assert.All(answers, a => Assert.Equal(a.Deferred ? null : 0, a.Index));
        Assert.Equal((1, 1), await SizeAsync());
    }

    [Fact]
    public async Task Listing_SameKeyOtherContent_KeyReusedWhileDeferredAndAfterwards()
    {
        var key = Some.Word();
        await DeferAsync(Some.Keyword(Some.Word()), key);

        await AssertReusedAsync();
        await OwnLog.ConfirmAsync();
        await AssertReusedAsync();
        Assert.Equal((1, 1), await SizeAsync());

        async Task AssertReusedAsync()
        {
            await ApiNode.ReadProblemAsync(
                await _node.PostAsync(ApiRoutes.Listings, Some.Keyword(Some.Word()), key: key),
                HttpStatusCode.UnprocessableEntity,
                "key-reused");
            await ApiNode.ReadProblemAsync(
                await _node.PostAsync(ApiRoutes.Opinions, new OpinionRequest(Some.Hex(), "dispute"), key: key),
                HttpStatusCode.UnprocessableEntity,
                "key-reused");
        }
    }

    [Fact]
    public async Task Listing_WithoutKeyTwice_TwoEntries()
    {
        var listing = Some.Keyword(Some.Word());
        await DeferAsync(listing);
        Assert.False((await DeferAsync(listing)).Repeated);

        await OwnLog.ConfirmAsync();

        Assert.Equal((2, 2), await SizeAsync());
    }

    [Fact]
    public async Task Withdrawal_OfADeferredListing_TakesItOutOfTheListAndIsRepeatable()
    {
        var (word, key) = (Some.Word(), Some.Word());
        var listed = await DeferAsync(Some.Keyword(word));
        var request = new WithdrawalRequest(listed.IndicatorIds[0], "legal");

        var first = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Withdrawals, request, key: key), HttpStatusCode.Accepted);
        Assert.False(Lists(word));
        Assert.Equal("none", await VerdictAsync(word));
        var second = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Withdrawals, request, key: key), HttpStatusCode.Accepted);
        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Withdrawals, request), HttpStatusCode.Conflict, "not-listed");
        await OwnLog.ConfirmAsync();
        var third = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Withdrawals, request, key: key));

        Assert.Equal((false, true), (first.Repeated, second.Repeated));
        Assert.Equal((1L, true), (third.Index, third.Repeated));
        Assert.Equal((2, 2), await SizeAsync());
        Assert.False(Lists(word));
    }

    [Fact]
    public async Task Opinion_LogMayNotSign_IsDeferredToo()
    {
        var request = new OpinionRequest(Some.Hex(), "dispute");

        var deferred = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Opinions, request), HttpStatusCode.Accepted);
        await OwnLog.ConfirmAsync();

        Assert.Equal((null, true), (deferred.Index, deferred.Deferred));
        Assert.IsType<OpinionPayload>((await ReadAsync(0)).Payload);
    }

    [Fact]
    public async Task Listings_MoreThanAreKept_BehindAndNothingOfThemIsKept()
    {
        var key = Some.Word();
        var batch = new ListingBatch(
            [.. Enumerable.Range(0, Limits.MaxDeferredEntries).Select(_ => Some.Image(Some.Hex()))]);
        var full = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, batch, key: key), HttpStatusCode.Accepted);
        var more = Some.Keyword(Some.Word());

        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, more), HttpStatusCode.ServiceUnavailable, "log-behind");

        Assert.Equal(Limits.MaxDeferredEntries, full.Count);
        Assert.False(Lists(more.Value));
        Assert.True((await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, batch, key: key), HttpStatusCode.Accepted)).Repeated);
        await OwnLog.ConfirmAsync();
        Assert.Equal((Limits.MaxDeferredEntries, Limits.MaxDeferredEntries), await SizeAsync());
        Assert.Equal(Limits.MaxDeferredEntries, (await _node.PublishAsync(more)).Index);
    }

    [Fact]
    public async Task Listing_LogIsLoadedAgain_IsStillDeferred()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());
        await DeferAsync(listing, key);

        await _node.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

        Assert.True((await DeferAsync(listing, key)).Repeated);
        Assert.True(Lists(listing.Value));
        await OwnLog.ConfirmAsync();
        Assert.Equal([listing.Value], await LoggedAsync());
    }

    [Fact]
    public async Task Storage_TakesNoWrites_NothingIsKeptAndTheSameKeyWorksLater()
    {
        var (listing, key) = (Some.Keyword(Some.Word()), Some.Word());
        await StopWritesAsync();

        await ApiNode.ReadProblemAsync(
            await _node.PostAsync(ApiRoutes.Listings, listing, key: key),
            HttpStatusCode.ServiceUnavailable,
            "storage-unavailable");
        Assert.False(Lists(listing.Value));

        await ExecuteAsync("DROP TRIGGER NoINSERT; DROP TRIGGER NoUPDATE");
        Assert.False((await DeferAsync(listing, key)).Repeated);
        Assert.True(Lists(listing.Value));
    }

    [Fact]
    public async Task Storage_TakesNoWrites_RepetitionInTheSameBatchFailsToo()
    {
        var payload = Some.ForeignKeyword(Some.Word(), _node.Now + 1000);
        AppendRequest Request(string key) => new([new NewEntry(payload.Kind, payload.Encode())], key);
        Assert.True(Assert.Single(await OwnLog.AppendAsync([Request("before")])).Deferred);
        await StopWritesAsync();

        var results = await OwnLog.AppendAsync([Request("once"), Request("once"), Request("before")]);

        Assert.Equal(AppendRefusal.StorageUnavailable, results[0].Refusal);
        Assert.Equal(AppendRefusal.StorageUnavailable, results[1].Refusal);

        // What was durable before is not touched by the failure.
        Assert.Equal((AppendRefusal.None, true, true), (results[2].Refusal, results[2].Deferred, results[2].Repeated));
    }

    private async Task<PublishResponse> DeferAsync(ListingRequest listing, string? key = null)
    {
        var answer = await ApiNode.ReadAsync<PublishResponse>(
            await _node.PostAsync(ApiRoutes.Listings, listing, ApiRole.Analyst, key), HttpStatusCode.Accepted);
        Assert.True(answer.Deferred);
        return answer;
    }

    private bool Lists(string word) =>
        Hash256.TryParseHex(Some.KeywordId(word), out var id)
        && _node.List.TryGet(id, out var state)
        && state.Listings.Any(l => l.Member == TestCoalition.Acme && l.Payload is ListingPayload);

    private async Task<string> VerdictAsync(string word) => (await ApiNode.ReadAsync<CheckResponse>(
        await _node.PostAsync(ApiRoutes.Check, new CheckRequest([new CheckItem("text", word)]), ApiRole.Detector)))
        .Items[0].Verdict;

    private async Task<(long Size, long SignedSize)> SizeAsync()
    {
        var status = await OwnLog.GetStatusAsync();
        return (status.Size, status.SignedSize);
    }

    private async Task<List<string>> LoggedAsync()
    {
        var words = new List<string>();
        for (var i = 0; i < (await SizeAsync()).Size; i++)
        {
            var listing = Assert.IsType<ListingPayload>((await ReadAsync(i)).Payload);
            words.Add(System.Text.Encoding.UTF8.GetString(listing.Indicator.Value.Span));
        }

        return words;
    }

    private async Task<(Leaf Leaf, Payload Payload)> ReadAsync(long index)
    {
        var stored = Assert.Single((await OwnLog.ReadAsync(index, 1, 1)).Entries);
        Assert.True(Leaf.TryDecode(stored.Leaf, out var leaf, out _));
        Assert.True(Payload.TryDecode(leaf.Kind, stored.Payload, out var payload, out _));
        return (leaf, payload);
    }

    private async Task StopWritesAsync()
    {
        foreach (var verb in (string[])["INSERT", "UPDATE"])
        {
            await ExecuteAsync(
                $"CREATE TRIGGER No{verb} BEFORE {verb} ON OrleansStorage BEGIN SELECT RAISE(ABORT, 'no writes'); END");
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_node.DatabaseFile}");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
