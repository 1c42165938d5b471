using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Protocol.Entries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>Webhooks are told of every change, in order, however their receivers behave.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private static readonly byte[] s_secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private Receiver _receiver = null!;
    private ApiNode _node = null!;

    public async Task InitializeAsync() => _receiver = await Receiver.StartAsync();

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Change_OfAnyKind_ComesSignedAndInOrder()
    {
        await StartAsync();
        var published = await _node.PublishAsync(Some.Image(Some.Hex()));
        var first = await _receiver.NextAsync();
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(published.IndicatorIds[0]));
        var second = await _receiver.NextAsync();

        Assert.All([first, second], d => Assert.Equal(published.IndicatorIds, d.Page.Changes.Select(c => c.IndicatorId)));
        Assert.Equal(("listing", "withdrawal"), (first.Page.Changes[0].Kind, second.Page.Changes[0].Kind));
        Assert.NotEqual(first.Id, second.Id);
        foreach (var delivery in (Delivery[])[first, second])
        {
            var signed = Encoding.UTF8.GetBytes($"{delivery.Id}.{delivery.Timestamp}.{Encoding.UTF8.GetString(delivery.Body)}");
            Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(s_secret, signed)), delivery.Signature);
            Assert.Equal(_node.Now, long.Parse(delivery.Timestamp, System.Globalization.CultureInfo.InvariantCulture), 60.0);
            Assert.Equal(
                delivery.Page.Sha256, Convert.ToHexStringLower(SHA256.HashData(delivery.Body.AsSpan(0, delivery.Body.Length - 93))));
        }

        var status = Assert.Single(await StatusAsync());
        Assert.Equal(("hook", 0, null, ""), (status.Name, status.Failures, status.FailingSince, status.LastError));
    }

    [Fact]
    public async Task Receiver_RefusesForAWhile_GetsTheSameBatchAgainAndNothingIsLeftOut()
    {
        foreach (var status in (int[])[500, 429, 302, 404])
        {
            _receiver.Answers.Enqueue(status);
        }

        await StartAsync();
        var words = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            words.Add(Some.Word());
            await _node.PublishAsync(Some.Keyword(words[i]));
        }

        var deliveries = new List<Delivery>();
        while (deliveries.Where(d => d.Answer == 200).SelectMany(d => d.Page.Changes).Count() < 3)
        {
            deliveries.Add(await _receiver.NextAsync());
        }

        Assert.Equal([500, 429, 302, 404, 200], deliveries.Take(5).Select(d => d.Answer));
        Assert.Single(deliveries.Take(5).Select(d => d.Id).Distinct());
        Assert.All(deliveries.Take(5), d => Assert.Equal(deliveries[0].Body, d.Body));
        Assert.Equal(
            words.Select(Some.KeywordId),
            deliveries.Where(d => d.Answer == 200).SelectMany(d => d.Page.Changes).Select(c => c.IndicatorId));

        // A redirect is not followed.
        Assert.Equal(0, _receiver.Redirected);
    }

    [Fact]
    public async Task Batch_RefusedForTooLong_GivenUpListedAndReplayed()
    {
        _receiver.Default = 503;
        await StartAsync(t => t with { GiveUpAfter = TimeSpan.FromMinutes(10) });
        var published = await _node.PublishAsync(Some.Image(Some.Hex()));
        await _receiver.NextAsync();
        await ApiNode.ReadProblemAsync(await ReplayAsync("hook"), HttpStatusCode.Conflict, "nothing-to-replay");

        // Whether the sender has begun to wait is not to be seen: time goes on until it has given up.
        var status = await WaitAsync(s =>
        {
            if (s.DeadLetters.Count == 0)
            {
                _node.Clock.Advance(TimeSpan.FromMinutes(11));
            }

            return s.DeadLetters.Count > 0;
        });

        Assert.Equal(1, Assert.Single(status.DeadLetters).Count);
        Assert.Contains("503", status.DeadLetters[0].Error, StringComparison.Ordinal);
        _receiver.Default = 200;
        await ApiNode.ReadAsync<WebhookStatus>(await ReplayAsync("hook"));
        Delivery taken;
        do
        {
            taken = await _receiver.NextAsync();
        }
        while (taken.Answer != 200);

        Assert.Equal(published.IndicatorIds, taken.Page.Changes.Select(c => c.IndicatorId));
        Assert.Empty((await WaitAsync(s => s.LastDelivered is not null)).DeadLetters);
        await ApiNode.ReadProblemAsync(await ReplayAsync("other"), HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Sender_StartedAgain_GoesOnWhereItWas()
    {
        await StartAsync();
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        var first = await _receiver.NextAsync();
        await WaitAsync(s => s.LastDelivered is not null);
        var sender = _node.Services.GetRequiredService<WebhookSender>();
        await sender.StopAsync(default);
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));

        using var again = ActivatorUtilities.CreateInstance<WebhookSender>(_node.Services);
        await again.StartAsync(default);
        var ids = new HashSet<string?>();
        while (!ids.Contains(published.IndicatorIds[0]))
        {
            ids.UnionWith((await _receiver.NextAsync()).Page.Changes.Select(c => c.IndicatorId));
        }

        await again.StopAsync(default);
        Assert.NotEqual(first.Page.Changes[0].IndicatorId, published.IndicatorIds[0]);
    }

    [Fact]
    public async Task Filter_KindsAndCategories_OnlyTheseAndWhatIsWithdrawn()
    {
        await StartAsync(change: w => w with { Kinds = ["image-sha256"], Categories = ["pangolin"] });
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        await _node.PublishAsync(Some.Image(Some.Hex()) with { Category = "ivory" });
        var wanted = await _node.PublishAsync(Some.Image(Some.Hex()));

        Assert.Equal(wanted.IndicatorIds, (await _receiver.NextAsync()).Page.Changes.Select(c => c.IndicatorId));
        await _node.PostAsync(ApiRoutes.Withdrawals, new WithdrawalRequest(wanted.IndicatorIds[0]));
        Assert.Equal(wanted.IndicatorIds, (await _receiver.NextAsync()).Page.Changes.Select(c => c.IndicatorId));
    }

    [Fact]
    public async Task List_TakesBackEntries_WebhookGoesOn()
    {
        await StartAsync();
        await _node.ReceiveAsync(Some.ForeignKeyword(Some.Word(), _node.Now + 1000), new HeartbeatPayload([]));
        await _receiver.NextAsync();

        _node.List.Truncate(Protocol.Origin.Parse(_node.Globex.Origin), 0, 0, _node.Now, _ => true);
        var published = await _node.PublishAsync(Some.Keyword(Some.Word()));

        // What was taken back is told, too: nobody says anything of it any more.
        var changes = new List<ChangeRow>();
        while (!changes.Any(c => c.IndicatorId == published.IndicatorIds[0]))
        {
            changes.AddRange((await _receiver.NextAsync()).Page.Changes);
        }

        Assert.Contains(changes, c => c.Kind == "aside" && c.Indicator is null);
    }

    [Theory]
    [InlineData(ApiRole.Detector)]
    [InlineData(ApiRole.Analyst)]
    [InlineData(ApiRole.Auditor)]
    public async Task Status_OtherRoles_Forbidden(string role)
    {
        await StartAsync();
        await ApiNode.ReadProblemAsync(await _node.GetAsync(ApiRoutes.Webhooks, role), HttpStatusCode.Forbidden, "forbidden");
        await ApiNode.ReadProblemAsync(await ReplayAsync("hook", role), HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public void Signature_OfTheSpecificationsExample_IsTheSame() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Sign(
            Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            "{\"test\": 2432232314}"u8));

    private async Task StartAsync(Func<WebhookTimes, WebhookTimes>? times = null, Func<Webhook, Webhook>? change = null)
    {
        var webhook = new Webhook("hook", _receiver.Url, s_secret, [], []);
        _node = await ApiNode.StartAsync(TestCoalition.Acme, o => o with
        {
            Webhooks = [change?.Invoke(webhook) ?? webhook],
            WebhookTimes = (times ?? (t => t))(new WebhookTimes
            {
                FirstPause = TimeSpan.FromMilliseconds(10),
                LongestPause = TimeSpan.FromMilliseconds(50),
            }),
        });
        await _node.PutRosterAsync(_node.Coalition.Sign(_node.Coalition.Roster()));
        await _node.WaitReadyAsync();

        // It begins with what comes from now on, so its place must be there first.
        var rows = _node.Services.GetRequiredService<FederationNode.Grains.Storage.RowStore>();
        while (await rows.ReadAsync<FederationNode.Grains.Webhooks.WebhookRow>("webhook", "hook") is null)
        {
            await Task.Delay(20);
        }
    }

    private Task<HttpResponseMessage> ReplayAsync(string name, string role = ApiRole.Operator) =>
        _node.SendAsync(HttpMethod.Post, $"{ApiRoutes.Webhooks}/{name}/replay", role, null);

    private async Task<IReadOnlyList<WebhookStatus>> StatusAsync() =>
        await ApiNode.ReadAsync<IReadOnlyList<WebhookStatus>>(await _node.GetAsync(ApiRoutes.Webhooks));

    private async Task<WebhookStatus> WaitAsync(Func<WebhookStatus, bool> holds)
    {
        for (var attempt = 0; attempt < 1500; attempt++)
        {
            var status = Assert.Single(await StatusAsync());
            if (holds(status))
            {
                return status;
            }

            await Task.Delay(20);
        }

        throw new TimeoutException("The webhook's status did not come about.");
    }

    private sealed record Delivery(string Id, string Timestamp, string Signature, byte[] Body, int Answer)
    {
        public ChangesPage Page { get; } = JsonSerializer.Deserialize<ChangesPage>(Body, ApiJson.Options)!;
    }

    /// <summary>A receiver on a real server that answers as the test wants.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();
        private WebApplication _app = null!;
        private int _redirected;

        public Uri Url => new(_app.Urls.Single() + "/hook");

        public ConcurrentQueue<int> Answers { get; } = new();

        public int Default { get; set; } = 200;

        public int Redirected => Volatile.Read(ref _redirected);

        public static async Task<Receiver> StartAsync()
        {
            var receiver = new Receiver();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            receiver._app = builder.Build();
            receiver._app.MapPost("/hook", receiver.TakeAsync);
            receiver._app.Map("/elsewhere", () => Interlocked.Increment(ref receiver._redirected));
            await receiver._app.StartAsync();
            return receiver;
        }

        public async Task<Delivery> NextAsync()
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            return await _deliveries.Reader.ReadAsync(timeout.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        private async Task TakeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var answer = Answers.TryDequeue(out var next) ? next : Default;
            var headers = context.Request.Headers;
            context.Response.StatusCode = answer;
            context.Response.Headers.Location = "/elsewhere";
            _deliveries.Writer.TryWrite(new Delivery(
                headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, body.ToArray(), answer));
        }
    }
}
