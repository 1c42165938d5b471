using System.Collections.Concurrent;
using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Node.Peers;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Text;
using MessagePack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>The client against a peer that has the right key and means ill.</summary>
public sealed class HttpPeerTransportTests : IAsyncLifetime, IDisposable
{
    private static readonly HeadsQuestion s_question = new(default, 0, 0, [], 0);
    private static readonly LogRange s_push = new(PeerCoalition.CheckpointOf(12), 0, [], [], []);

    private static readonly HeadsAnswerMessage s_heads = new()
    {
        Digest = new byte[32],
        Instance = long.MaxValue,
        Version = 7,
        Heads = [new() { Origin = PeerCoalition.Log, Size = 3, Root = new byte[32], FrozenAt = 3, Held = 5 }],
        Urgent = [new() { Origin = PeerCoalition.Log, From = 7, End = 9 }],
        Links = ["a", "c"],
        Paused = true,
        Yours = [[1, 2]],
    };

    private readonly PeerCoalition _coalition = new();
    private readonly PeerTraffic _traffic = new();
    private readonly TablesBoard _tables = new(TimeProvider.System, NullLogger<TablesBoard>.Instance);
    private WebApplication _server = null!;
    private HttpPeerTransport _transport = null!;
    private RequestDelegate _answer = _ => Task.CompletedTask;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = _coalition.B.Certificate,
                SslProtocols = SslProtocols.Tls13,
            });
        }));
        _server = builder.Build();
        _server.Run(context => _answer(context));
        await _server.StartAsync();
        var board = _coalition.BoardOf("a");
        board.Put(_coalition.Roster(_server.Urls.Single()));
        _transport = new HttpPeerTransport(board, _coalition.A, _traffic, _tables);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _transport.Dispose();
        _coalition.Dispose();
    }

    [Fact]
    public async Task Answer_Garbage_IsRefused()
    {
        AnswerWith([0xc1, 1, 2, 3]);

        await AssertFailsAsync("the answer is malformed");
        var row = Assert.Single(_traffic.Rows());
        Assert.Equal((PeerRoutes.Heads, 1, 4), (row.Route, row.Requests, row.BytesReceived));
        Assert.InRange(row.BytesSent, 30, 200);
    }

    [Theory]
    [InlineData(null, TablesVerdict.NotTold)]
    [InlineData("wlnorm/1=ff", TablesVerdict.Malformed)]
    [InlineData("wlnorm/1=00000000000000000000000000000000000000000000000000000000000000ff", TablesVerdict.Other)]
    public async Task Answer_OtherTextTablesOrNone_IsTakenAllTheSame(string? says, TablesVerdict verdict)
    {
        string? told = null;
        AnswerWith(MessagePackSerializer.Serialize(s_heads));
        var answer = _answer;
        _answer = context =>
        {
            told = context.Request.Headers[TablesStatement.Header];
            if (says is not null)
            {
                context.Response.Headers[TablesStatement.Header] = says;
            }

            return answer(context);
        };

        var heads = await _transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        Assert.Equal(7, heads.Version);
        Assert.Equal(TablesStatement.Own, told);
        Assert.Equal(verdict, _tables.Get("b")!.Verdict);
    }

    [Fact]
    public async Task Answer_AnotherContentType_IsRefused()
    {
        AnswerWith(MessagePackSerializer.Serialize(s_heads), "text/html");

        await AssertFailsAsync("the answer is not application/vnd.msgpack");
    }

    [Fact]
    public async Task Answer_WithoutEnd_IsCutAtTheLimit()
    {
        _answer = async context =>
        {
            context.Response.ContentType = PeerRoutes.ContentType;
            var chunk = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        };

        await AssertFailsAsync($"the answer has more than {Limits.MaxHeadsBody} bytes");
    }

    [Fact]
    public async Task Answer_AnnouncedTooLong_IsNotRead()
    {
        _answer = async context =>
        {
            context.Response.ContentType = PeerRoutes.ContentType;
            context.Response.ContentLength = Limits.MaxHeadsBody + 1;
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        await AssertFailsAsync($"the answer has more than {Limits.MaxHeadsBody} bytes");
    }

    [Fact]
    public async Task Answer_BrokenOff_IsRefused()
    {
        _answer = async context =>
        {
            context.Response.ContentType = PeerRoutes.ContentType;
            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync(new byte[10]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };

        await AssertFailsAsync("no answer from https://127.0.0.1");
    }

    [Fact]
    public async Task Answer_Never_EndsWithTheToken()
    {
        using var cancel = new CancellationTokenSource();
        _answer = async context =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _transport.AskHeadsAsync("b", s_question, cancel.Token));
    }

    [Fact]
    public async Task Answer_NobodyListens_IsAFailure()
    {
        await _server.StopAsync();

        await AssertFailsAsync("no answer from https://127.0.0.1");
    }

    [Fact]
    public async Task Redirect_IsNotFollowed()
    {
        _answer = context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };

        Assert.Equal(302, (await AssertFailsAsync("refused with 302: no reason given")).Status);
    }

    [Fact]
    public async Task Refusal_DetailWithControlCharacters_IsCleanedAndCut()
    {
        var detail = "a\u001b[31m\r\nb\u202e" + new string('x', 1000);
        AnswerWith(JsonSerializer.SerializeToUtf8Bytes(new { detail }), "application/problem+json", 422);

        var failure = await AssertFailsAsync("refused with 422: a[31mbxxx");

        Assert.Equal(422, failure.Status);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.InRange(failure.Message.Length, 1, 350);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"detail\":5}")]
    [InlineData("{\"detail\":\"\\ud800\"}")]
    [InlineData("{")]
    public async Task Refusal_ProblemWithoutDetail_IsOnlyTheStatus(string json)
    {
        AnswerWith(System.Text.Encoding.UTF8.GetBytes(json), "application/problem+json", 403);

        await AssertFailsAsync("refused with 403: no reason given");
    }

    [Fact]
    public async Task Conflict_OfAPush_TellsWhatThePeerHolds()
    {
        AnswerWith(
            MessagePackSerializer.Serialize(new PushAnswerMessage { Size = 4, Held = 7 }), PeerRoutes.ContentType, 409);

        var answer = await _transport.PushAsync("b", s_push, 12, CancellationToken.None);

        Assert.Equal((4, 7), (answer.Size, answer.Held));
    }

    [Fact]
    public async Task Conflict_OutsideAPush_IsARefusal()
    {
        var sizes = MessagePackSerializer.Serialize(new PushAnswerMessage { Size = 1, Held = 1 });
        AnswerWith(sizes, PeerRoutes.ContentType, 409);

        await AssertFailsAsync("refused with 409");
        await AssertRangeFailsAsync("refused with 409");
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.PushForkAsync("b", PeerCoalition.Log, [1], CancellationToken.None));
        Assert.Equal(409, failure.Status);
    }

    [Fact]
    public async Task Heads_Answered_AreWhatWasSent()
    {
        AnswerWith(MessagePackSerializer.Serialize(s_heads));

        var heads = await _transport.AskHeadsAsync("b", s_question, CancellationToken.None);

        Assert.Equal(MessagePackSerializer.Serialize(s_heads), MessagePackSerializer.Serialize(PeerWire.ToMessage(heads)));
    }

    [Fact]
    public async Task Fork_LongerThanAnyProof_IsRefused()
    {
        AnswerWith(new byte[PeerBody.MaxForkBody + 1]);

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.GetForkAsync("b", PeerCoalition.Log, CancellationToken.None));
        Assert.Contains($"more than {PeerBody.MaxForkBody} bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Range_MoreEntriesThanAskedFor_IsRefused()
    {
        AnswerWith(MessagePackSerializer.Serialize(RangeOf(Enumerable.Repeat(new EntryMessage { Leaf = [1] }, 3))));

        await AssertRangeFailsAsync("asked for 2 entries at most, got 3");
    }

    [Fact]
    public async Task Range_MoreEntriesThanAnyRange_IsRefused()
    {
        AnswerWith(MessagePackSerializer.Serialize(
            RangeOf(Enumerable.Repeat(new EntryMessage { Leaf = [1] }, Limits.MaxRangeEntries + 1))));

        await AssertRangeFailsAsync("The list of entries has 0 to 4096 items, not 4097.");
    }

    [Theory]
    [InlineData(1_000, 1_000 + Limits.MaxRangeOverhead)]
    [InlineData(Limits.MaxRangeBytes, Limits.MaxRangeBody)]
    [InlineData(int.MaxValue, Limits.MaxRangeBody)]
    public async Task Range_LongerThanWhatWasAskedFor_IsRefused(int maxBytes, int limit)
    {
        AnswerWith(new byte[limit + 1]);

        await AssertRangeFailsAsync($"the answer has more than {limit} bytes", maxBytes);
    }

    [Fact]
    public async Task Connections_RangesInBulkHaveOneOfTheirOwn_AndWhatIsUrgentIsNotOnIt()
    {
        var (bulk, release) = (new TaskCompletionSource<string>(), new TaskCompletionSource());
        var control = new ConcurrentQueue<string>();
        var range = MessagePackSerializer.Serialize(RangeOf([]));
        var sizes = MessagePackSerializer.Serialize(new PushAnswerMessage { Size = 1, Held = 1 });
        var fork = MessagePackSerializer.Serialize(new ForkMessage { Proof = [1] });
        _answer = async context =>
        {
            if (!bulk.Task.IsCompleted)
            {
                // The answer to the first range stays under way while all else goes on.
                context.Response.ContentType = PeerRoutes.ContentType;
                await context.Response.Body.FlushAsync();
                bulk.SetResult(context.Connection.Id);
                await release.Task;
                await context.Response.Body.WriteAsync(range);
                return;
            }

            control.Enqueue(context.Connection.Id);
            context.Response.ContentType = PeerRoutes.ContentType;
            await context.Response.Body.WriteAsync(context.Request.Path.Value switch
            {
                PeerRoutes.Heads => MessagePackSerializer.Serialize(s_heads),
                PeerRoutes.Range => range,
                PeerRoutes.Fork => fork,
                _ => sizes,
            });
        };

        var request = new RangeRequestMessage { Origin = PeerCoalition.Log, From = 0, MaxEntries = 2, MaxBytes = 1000 };
        var slow = _transport.GetRangeAsync("b", request, urgent: false, CancellationToken.None);
        var connection = await bulk.Task;
        await _transport.AskHeadsAsync("b", s_question, CancellationToken.None);
        await _transport.PushAsync("b", s_push, 1, CancellationToken.None);
        await _transport.GetRangeAsync("b", request, urgent: true, CancellationToken.None);
        await _transport.GetForkAsync("b", PeerCoalition.Log, CancellationToken.None);
        await _transport.PushForkAsync("b", PeerCoalition.Log, [1], CancellationToken.None);
        Assert.NotEqual(connection, Assert.Single(control.Distinct()));
        control.Clear();
        await _transport.GetRangeAsync("b", request, urgent: false, CancellationToken.None);
        release.SetResult();
        await slow;

        Assert.Equal([connection], control);
    }

    [Fact]
    public async Task Connections_TheOneForSmallThingsBreaks_TheOtherIsMadeAnew()
    {
        var bulk = new ConcurrentQueue<string>();
        var range = MessagePackSerializer.Serialize(RangeOf([]));
        _answer = async context =>
        {
            if (context.Request.Path.Value == PeerRoutes.Heads)
            {
                context.Abort();
                return;
            }

            bulk.Enqueue(context.Connection.Id);
            context.Response.ContentType = PeerRoutes.ContentType;
            await context.Response.Body.WriteAsync(range);
        };
        var request = new RangeRequestMessage { Origin = PeerCoalition.Log, From = 0, MaxEntries = 2, MaxBytes = 1000 };
        await _transport.GetRangeAsync("b", request, urgent: false, CancellationToken.None);
        await _transport.GetRangeAsync("b", request, urgent: false, CancellationToken.None);
        Assert.Single(bulk.Distinct());

        await AssertFailsAsync("no answer from https://127.0.0.1");

        await _transport.GetRangeAsync("b", request, urgent: false, CancellationToken.None);
        Assert.Equal(2, bulk.Distinct().Count());
    }

    private static RangeMessage RangeOf(IEnumerable<EntryMessage> entries) =>
        new() { Checkpoint = [1], From = 0, Entries = [.. entries], Before = [], After = [] };

    private void AnswerWith(byte[] body, string type = PeerRoutes.ContentType, int status = 200) => _answer = async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    };

    private async Task AssertRangeFailsAsync(string message, int maxBytes = 1_000)
    {
        var request = new RangeRequestMessage { Origin = PeerCoalition.Log, From = 0, MaxEntries = 2, MaxBytes = maxBytes };
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.GetRangeAsync("b", request, false, CancellationToken.None));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    private async Task<PeerException> AssertFailsAsync(string message)
    {
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.AskHeadsAsync("b", s_question, CancellationToken.None));
        Assert.StartsWith("b: " + message, failure.Message, StringComparison.Ordinal);
        return failure;
    }
}
