using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Node.Peers;
using MessagePack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>The client against a peer that has the right key and means ill.</summary>
public sealed class HttpPeerTransportTests : IAsyncLifetime, IDisposable
{
    private readonly PeerCoalition _coalition = new();
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
        _transport = new HttpPeerTransport(board, _coalition.A);
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
    }

    [Fact]
    public async Task Answer_AnotherContentType_IsRefused()
    {
        AnswerWith(MessagePackSerializer.Serialize(new HeadsMessage { Heads = [] }), "text/html");

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
            () => _transport.ExchangeHeadsAsync("b", new HeadsMessage { Heads = [] }, cancel.Token));
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
    public async Task Conflict_OutsideAPush_IsARefusal()
    {
        AnswerWith(MessagePackSerializer.Serialize(new SizeMessage { Size = 1 }), PeerRoutes.ContentType, 409);

        await AssertFailsAsync("refused with 409");
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

    [Fact]
    public async Task Range_LongerThanAnyRange_IsRefused()
    {
        AnswerWith(new byte[Limits.MaxRangeBody + 1]);

        await AssertRangeFailsAsync($"the answer has more than {Limits.MaxRangeBody} bytes");
    }

    private static RangeMessage RangeOf(IEnumerable<EntryMessage> entries) =>
        new() { Checkpoint = [1], From = 0, Entries = [.. entries], Proof = [] };

    private void AnswerWith(byte[] body, string type = PeerRoutes.ContentType, int status = 200) => _answer = async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    };

    private async Task AssertRangeFailsAsync(string message)
    {
        var request = new RangeRequestMessage { Origin = PeerCoalition.Log, From = 0, MaxEntries = 2, MaxBytes = 1000 };
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.GetRangeAsync("b", request, CancellationToken.None));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    private async Task<PeerException> AssertFailsAsync(string message)
    {
        var failure = await Assert.ThrowsAsync<PeerException>(
            () => _transport.ExchangeHeadsAsync("b", new HeadsMessage { Heads = [] }, CancellationToken.None));
        Assert.StartsWith("b: " + message, failure.Message, StringComparison.Ordinal);
        return failure;
    }
}
