using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains;
using FederationNode.Grains.Erasure;
using FederationNode.Grains.Hosting;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Storage;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Sellers;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Node.Policies;
using FederationNode.Node.Sellers;
using FederationNode.Node.Tests.Peers;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Replication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>A node without peers' transport: a real silo over SQLite, and the local API on a real server.</summary>
internal sealed class ApiNode : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-api-").FullName;
    private readonly ForeignLog _rosterLog;
    private WebApplication _app = null!;

    private ApiNode(string member, TestClock clock)
    {
        Member = member;
        Clock = clock;
        Coalition = new TestCoalition(clock.GetUtcNow().ToUnixTimeSeconds());
        _rosterLog = new ForeignLog(Coalition.LogKey("secretariat/roster"));
        Globex = new ForeignLog(Coalition.LogKey("globex/indicators"));
    }

    public string Member { get; }

    public TestClock Clock { get; }

    public TestCoalition Coalition { get; }

    public TestTransport Transport { get; } = new();

    public LogCapture Log { get; } = new();

    /// <summary>The indicators log of the other member.</summary>
    public ForeignLog Globex { get; }

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public MergedList List => Services.GetRequiredService<MergedList>();

    public ListFollower Follower => Services.GetRequiredService<ListFollower>();

    public string DatabaseFile => Path.Combine(_folder, "node.db");

    public long Now => Clock.GetUtcNow().ToUnixTimeSeconds();

    public static string KeyOf(string role) => $"key-of-{role}-0123456789";

    /// <summary>A node that has its roster and answers.</summary>
    /// <param name="confirmed">Whether own logs take entries at once, as after other members were asked.</param>
    public static async Task<ApiNode> StartReadyAsync(bool confirmed = true)
    {
        var node = await StartAsync(TestCoalition.Acme, confirmed: confirmed);
        await node.PutRosterAsync(node.Coalition.Sign(node.Coalition.Roster()));
        await node.WaitReadyAsync();
        return node;
    }

    /// <summary>A node of acme that has its roster, answers, and follows the policy of a folder.</summary>
    public static async Task<ApiNode> StartWithPolicyAsync(NodeFolder folder)
    {
        var node = await StartAsync(TestCoalition.Acme, o => o with
        {
            Folder = folder,
            PolicyFromFolder = PolicyReader.Load(folder, TestCoalition.Acme),
        });
        await node.PutRosterAsync(node.Coalition.Sign(node.Coalition.Roster()));
        await node.WaitReadyAsync();
        return node;
    }

    /// <summary>Starts a node.</summary>
    /// <param name="member">Whose.</param>
    /// <param name="change">Changes its options.</param>
    /// <param name="confirmed">Whether own logs take entries at once, as after other members were asked.</param>
    public static async Task<ApiNode> StartAsync(
        string member, Func<LocalApiOptions, LocalApiOptions>? change = null, bool confirmed = true)
    {
        var node = new ApiNode(member, new TestClock());

        // Where a test confirms the logs itself, no peer may do so before it by an answer.
        node.Transport.Reachable = confirmed;
        await node.StartHostAsync(change ?? (o => o));
        foreach (var key in confirmed ? node.Coalition.Identity(member).LogKeys : [])
        {
            node.Services.GetRequiredService<HeadBoard>().Confirm(key.VerificationKey.Name);
        }

        return node;
    }

    /// <summary>A node as it is in the first moment, before it has read its logs.</summary>
    public static async Task<ApiNode> StartAsleepAsync()
    {
        var node = new ApiNode(TestCoalition.Acme, new TestClock());
        await node.StartHostAsync(o => o, wake: false);
        return node;
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? role = ApiRole.Operator) =>
        SendAsync(HttpMethod.Get, path, role, null);

    public Task<HttpResponseMessage> PostAsync<T>(string path, T body, string? role = ApiRole.Operator, string? key = null) =>
        SendAsync(HttpMethod.Post, path, role, JsonContent.Create(body, options: ApiJson.Options), key);

    public Task<HttpResponseMessage> PostTextAsync(string path, string json, string? role = ApiRole.Operator) =>
        SendAsync(HttpMethod.Post, path, role, new StringContent(json, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? role, HttpContent? body, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body };
        if (role is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", KeyOf(role));
        }

        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation(ApiRoutes.IdempotencyHeader, idempotencyKey);
        }

        return Client.SendAsync(request);
    }

    /// <summary>Lets the node take up what its folder has for a policy by now.</summary>
    public void LookAtPolicy() => Services.GetServices<IHostedService>().OfType<PolicyWatch>().Single().Look();

    /// <summary>Lets the node have heard of all peers just now.</summary>
    public void HearPeers()
    {
        var contact = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var peer in Services.GetRequiredService<RosterBoard>().ActivePeers())
        {
            Services.GetRequiredService<LinkBoard>().Change(peer.Name, link => link with { LastContact = contact });
        }
    }

    /// <summary>Publishes a listing of this member and returns where it stands.</summary>
    public async Task<PublishResponse> PublishAsync(ListingRequest listing) =>
        await ReadAsync<PublishResponse>(await PostAsync(ApiRoutes.Listings, listing, ApiRole.Analyst), HttpStatusCode.Created);

    /// <summary>Lets entries of the other member arrive, and waits until the list has them.</summary>
    public async Task ReceiveAsync(params Payload[] payloads)
    {
        foreach (var payload in payloads)
        {
            Globex.Add(payload, Now);
        }

        await ExtendAsync(Globex);
        await Follower.WaitAppliedAsync(Globex.Origin, Globex.Size - 1, default);
    }

    public async Task PutRosterAsync(byte[] note)
    {
        _rosterLog.Add(new RosterPayload(note), Now);
        await ExtendAsync(_rosterLog);
    }

    public async Task WaitReadyAsync()
    {
        for (var attempt = 0; attempt < 1500; attempt++)
        {
            using var answer = await Client.GetAsync(ApiRoutes.Ready);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            await Task.Delay(20);
        }

        Assert.Fail("The node did not become ready: " + string.Join('\n', Log.Lines.TakeLast(30)));
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode} instead of {(int)expected}: {text}");
            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
            return JsonSerializer.Deserialize<T>(text, ApiJson.Options)!;
        }
    }

    public static async Task<ApiProblem> ReadProblemAsync(HttpResponseMessage response, HttpStatusCode expected, string code)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode} instead of {(int)expected}: {text}");
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            var problem = JsonSerializer.Deserialize<ApiProblem>(text, ApiJson.Options)!;
            Assert.Equal("urn:fednode:error:" + code, problem.Type);
            Assert.Equal((int)expected, problem.Status);
            Assert.NotEmpty(problem.Title);
            Assert.NotEmpty(problem.Detail);
            return problem;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ExtendAsync(ForeignLog log)
    {
        var result = await Grains.GetGrain<IMemberLogGrain>(log.Origin).ExtendAsync(log.TakeRange());
        Assert.Equal(ExtendOutcome.Extended, result.Outcome);
    }

    /// <summary>What the composition root registers, with the clock and the wire exchanged.</summary>
    private async Task StartHostAsync(Func<LocalApiOptions, LocalApiOptions> change, bool wake = true)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder });
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Log);
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(server => server.ConfigureLocalApi());
        builder.Host.UseOrleans(silo =>
        {
            silo.UseLoneSilo("fednode");
            silo.AddFederationStorage(StorageConnection.ForSqliteFile(DatabaseFile));
        });
        var services = builder.Services;
        services.AddSingleton(Coalition.Identity(Member));
        services.AddKeyedSingleton<TimeProvider>(FederationClock.Key, Clock);
        services.AddSingleton<RosterBoard>();
        services.AddSingleton<HeadBoard>();
        services.AddSingleton<LogAppender>();
        services.AddSingleton<LinkBoard>();
        services.AddSingleton(new ReceiptOptions());

        // Nobody is asked for heads by itself, and nobody is waited for at start.
        services.AddSingleton(new ReplicationOptions { HeadsInterval = 3_600_000, ExchangeTimeout = 50 });
        services.AddSingleton<IPeerTransport>(Transport);
        services.AddSingleton<MergedList>();
        services.AddSingleton<ListFollower>();
        services.AddSingleton<SellerStatements>();
        services.AddHostedService(provider => provider.GetRequiredService<ListFollower>());
        services.AddSingleton<EntryEraser>();
        services.AddHostedService(provider => provider.GetRequiredService<EntryEraser>());
        services.AddSingleton<ReplicationDriver>();
        services.AddHostedService(provider => provider.GetRequiredService<ReplicationDriver>());
        if (wake)
        {
            services.AddHostedService<LogStarter>();
        }

        services.AddSingleton(new HeldShares());
        services.AddSingleton<ITagAllowance, QuotaAllowance>();
        services.AddSingleton<ISellerEvaluator, LocalSellerEvaluator>();
        services.AddSingleton(new QuorumOptions());
        services.AddSingleton<ISellerTags, HolderQuorum>();
        services.AddLocalApi(change(new LocalApiOptions
        {
            Keys = ApiRole.All.ToDictionary(KeyOf, r => r),
            Policy = new VerdictPolicy { Self = Member },
            StreamKeepAlive = TimeSpan.FromMilliseconds(50),

            // Tests tell it when to work.
            HitsInterval = TimeSpan.FromHours(1),
            TallyInterval = TimeSpan.FromHours(1),
        }));
        _app = builder.Build();
        _app.UseLocalApi();
        _app.MapLocalApi();
        _app.MapGet("/test/throws", (HttpContext _) => throw new InvalidOperationException("a secret of the inside"));
        await _app.StartAsync();
        Client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
    }
}

/// <summary>One node that the tests of several classes share; each uses indicators of its own.</summary>
public sealed class SharedNode : IAsyncLifetime
{
    internal ApiNode Node { get; private set; } = null!;

    public async Task InitializeAsync() => Node = await ApiNode.StartReadyAsync();

    public async Task DisposeAsync() => await Node.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class SharedNodeTests : ICollectionFixture<SharedNode>
{
    public const string Name = "local API";
}
