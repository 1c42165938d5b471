using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Text;
using MessagePack;

namespace FederationNode.Node.Peers;

/// <summary>
/// The peer protocol as a client, docs/protocol.md, section 10: one pool of HTTP/2 connections a member, thrown away
/// when the roster gives the member another address or key. The caller's token is the only time limit of an exchange;
/// when it ends, <see cref="OperationCanceledException"/> comes out. Safe for concurrent use.
/// </summary>
public sealed class HttpPeerTransport : IPeerTransport, IDisposable
{
    private const int MaxProblemBody = 16 * 1024;

    /// <summary>Points that go beside small things; more are bulk, 8 kB of them and as much back.</summary>
    private const int MaxSmallBatch = 256;

    private readonly RosterBoard _roster;
    private readonly PeerCertificate _own;
    private readonly PeerTraffic _traffic;
    private readonly TablesBoard? _tables;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Link> _links = new(StringComparer.Ordinal);

    /// <summary>
    /// Presents <paramref name="own"/> to every peer; it is not disposed here. What peers say of their text tables goes to
    /// <paramref name="tables"/>, if somebody wants to know.
    /// </summary>
    public HttpPeerTransport(RosterBoard roster, PeerCertificate own, PeerTraffic traffic, TablesBoard? tables = null)
    {
        _roster = roster;
        _own = own;
        _traffic = traffic;
        _tables = tables;
        roster.Changed += DropOutdatedLinks;
    }

    /// <inheritdoc/>
    public Task<PushAnswerMessage> PushAsync(
        string member, LogRange range, long size, CancellationToken cancellationToken) =>
        ExchangeAsync(
            member,
            PeerRoutes.Push,
            PeerWire.ToMessage(range, size),
            PeerBody.MaxSmallBody,
            PeerBody.PushAnswer,
            cancellationToken,
            alsoGood: HttpStatusCode.Conflict);

    /// <inheritdoc/>
    public async Task<HeadsAnswer> AskHeadsAsync(
        string member, HeadsQuestion question, CancellationToken cancellationToken) =>
        PeerWire.FromMessage(await ExchangeAsync(
            member,
            PeerRoutes.Heads,
            PeerWire.ToMessage(question),
            Limits.MaxHeadsBody,
            PeerBody.HeadsAnswer,
            cancellationToken));

    /// <inheritdoc/>
    public async Task<LogRange> GetRangeAsync(
        string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken)
    {
        // Bounded by what was asked for, not by what a range may have at most: a few entries are no reason to read MiBs.
        var most = (int)Math.Min(Limits.MaxRangeBody, (long)request.MaxBytes + Limits.MaxRangeOverhead);
        var range = await ExchangeAsync(
            member, PeerRoutes.Range, request, most, PeerBody.Range, cancellationToken, bulk: !urgent);
        return range.Entries.Length <= request.MaxEntries
            ? PeerWire.FromMessage(range)
            : throw BadAnswer(
                member, 200, $"asked for {request.MaxEntries} entries at most, got {range.Entries.Length}");
    }

    /// <inheritdoc/>
    public async Task<LogOutline> GetOutlineAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        var most = (int)Math.Min(Limits.MaxRangeBody, (long)request.MaxBytes + Limits.MaxRangeOverhead);
        var part = PeerWire.FromMessage(await ExchangeAsync(
            member, PeerRoutes.Outline, request, most, PeerBody.Outline, cancellationToken, bulk: true));
        return part.Count <= request.MaxEntries
            ? part
            : throw BadAnswer(member, 200, $"asked for {request.MaxEntries} entries at most, got {part.Count}");
    }

    /// <inheritdoc/>
    public async Task<Hash256> GetLiveAsync(
        string member, LiveRequestMessage request, CancellationToken cancellationToken) =>
        new((await ExchangeAsync(
            member, PeerRoutes.Live, request, PeerBody.MaxSmallBody, PeerBody.Live, cancellationToken)).Digest);

    /// <inheritdoc/>
    public async Task<byte[]> GetForkAsync(string member, string origin, CancellationToken cancellationToken) =>
        (await ExchangeAsync(
            member,
            PeerRoutes.Fork,
            new ForkRequestMessage { Origin = origin },
            PeerBody.MaxForkBody,
            PeerBody.Fork,
            cancellationToken)).Proof;

    /// <inheritdoc/>
    public Task<PushAnswerMessage> PushForkAsync(
        string member, string origin, byte[] proof, CancellationToken cancellationToken) =>
        ExchangeAsync(
            member,
            PeerRoutes.ForkPush,
            new ForkPushMessage { Origin = origin, Proof = proof },
            PeerBody.MaxSmallBody,
            PeerBody.PushAnswer,
            cancellationToken);

    /// <inheritdoc/>
    public async Task<EvaluatedMessage> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        var answer = await ExchangeAsync(
            member,
            PeerRoutes.Evaluate,
            request,
            Limits.MaxEvaluateBody,
            PeerBody.Evaluated,
            cancellationToken,
            bulk: request.Blinded.Length > MaxSmallBatch);
        return answer.Evaluated.Length == request.Blinded.Length
            ? answer
            : throw BadAnswer(member, 200, $"sent {request.Blinded.Length} points, got {answer.Evaluated.Length}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _roster.Changed -= DropOutdatedLinks;
        lock (_lock)
        {
            foreach (var link in _links.Values)
            {
                link.Dispose();
            }

            _links.Clear();
        }
    }

    private async Task<TAnswer> ExchangeAsync<TRequest, TAnswer>(
        string member,
        string route,
        TRequest message,
        int maxAnswer,
        PeerBodyReader<TAnswer> read,
        CancellationToken cancellationToken,
        HttpStatusCode? alsoGood = null,
        bool bulk = false)
        where TAnswer : class
    {
        var link = LinkTo(member);
        var body = MessagePackSerializer.Serialize(message, cancellationToken: cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(link.Endpoint, route))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(PeerRoutes.ContentType);
        if (route == PeerRoutes.Heads)
        {
            request.Headers.Add(TablesStatement.Header, TablesStatement.Own);
        }

        _traffic.Sent(member, route, body.Length);
        try
        {
            using var response = await (bulk ? link.Bulk : link.Control).SendAsync(request, cancellationToken);
            if (response.StatusCode is not HttpStatusCode.OK && response.StatusCode != alsoGood)
            {
                throw await RefusalAsync(member, response, cancellationToken);
            }

            var answer = await ReadAnswerAsync(member, route, response, maxAnswer, read, cancellationToken);
            if (route == PeerRoutes.Heads)
            {
                _tables?.Take(member, StatementIn(response));
            }

            return answer;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure
            is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            if (!bulk && failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
            {
                RenewBulk(member, link);
            }

            throw new PeerException(member, $"no answer from {link.Endpoint}: {Reason(failure)}", failure);
        }
    }

    private static string? StatementIn(HttpResponseMessage response) =>
        response.Headers.TryGetValues(TablesStatement.Header, out var values) ? string.Join(',', values) : null;

    private async Task<T> ReadAnswerAsync<T>(
        string member,
        string route,
        HttpResponseMessage response,
        int maxAnswer,
        PeerBodyReader<T> read,
        CancellationToken cancellationToken)
        where T : class
    {
        var status = (int)response.StatusCode;
        if (response.Content.Headers.ContentType?.MediaType is not PeerRoutes.ContentType)
        {
            throw BadAnswer(member, status, $"the answer is not {PeerRoutes.ContentType}");
        }

        if (await ReadBodyAsync(response, maxAnswer, cancellationToken) is not { } body)
        {
            throw BadAnswer(member, status, $"the answer has more than {maxAnswer} bytes");
        }

        _traffic.Received(member, route, body.Length);
        return PeerBody.TryDecode(body, read, out var message, out var error)
            ? message
            : throw BadAnswer(member, status, $"the answer is malformed: {PeerText.Clean(error)}");
    }

    private static PeerException BadAnswer(string member, int status, string error) =>
        new(member, error) { Status = status };

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(
        HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            return null;
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await BoundedBody.ReadAsync(stream, limit, cancellationToken);
    }

    private static async Task<PeerException> RefusalAsync(
        string member, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var body = response.Content.Headers.ContentType?.MediaType is PeerAnswer.ProblemType
            ? await ReadBodyAsync(response, MaxProblemBody, cancellationToken)
            : null;
        return new PeerException(member, $"refused with {status}: {DetailOf(body) ?? "no reason given"}")
        {
            Status = status,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    private static string? DetailOf(ReadOnlyMemory<byte>? problem)
    {
        if (problem is not { } json)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("detail", out var detail) && detail.ValueKind is JsonValueKind.String
                ? PeerText.Clean(detail.GetString()!)
                : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is no text: the status says enough.
            return null;
        }
    }

    private static string Reason(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            $"the TLS handshake failed ({PeerText.Clean((failure.InnerException ?? failure).Message)})",
        OperationCanceledException => "no connection in time",
        _ => PeerText.Clean(failure.Message),
    };

    private Link LinkTo(string member)
    {
        lock (_lock)
        {
            if (!_roster.TryGetDialTarget(member, out var endpoint, out var pin))
            {
                throw new PeerException(member, "the roster names no address where it may be dialled");
            }

            if (_links.TryGetValue(member, out var link))
            {
                if (link.Endpoint == endpoint && link.Pin == pin)
                {
                    return link;
                }

                link.Dispose();
            }

            return _links[member] = new Link(
                endpoint,
                pin,
                MakeControl(pin),
                MakeBulk(pin));
        }
    }

    /// <summary>The connection for small things broke: the other one went the same way, and would see it later.</summary>
    private void RenewBulk(string member, Link broken)
    {
        lock (_lock)
        {
            if (_links.TryGetValue(member, out var link) && link == broken)
            {
                _links[member] = link with { Bulk = MakeBulk(link.Pin) };
                link.Bulk.Dispose();
            }
        }
    }

    private void DropOutdatedLinks(RosterDocument document)
    {
        lock (_lock)
        {
            foreach (var (member, link) in _links)
            {
                if (!_roster.TryGetDialTarget(member, out var endpoint, out var pin)
                    || link.Endpoint != endpoint || link.Pin != pin)
                {
                    _links.Remove(member);
                    link.Dispose();
                }
            }
        }
    }

    /// <summary>
    /// After a cut TCP tries a connection again after pauses that doubled all the while; a new connection is there at
    /// once. So one on which nothing comes is given up early. Heads are asked for every other second, and so pings are
    /// only sent when something is wrong.
    /// </summary>
    private HttpMessageInvoker MakeControl(Hash256 pin) => new(
        MakeHandler(pin, Limits.MaxHeadsBody, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10)));

    /// <summary>On a slow line the answer to a ping may wait behind a whole range.</summary>
    private HttpMessageInvoker MakeBulk(Hash256 pin) => new(
        MakeHandler(pin, Limits.MaxRangeBody, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20)));

    private SocketsHttpHandler MakeHandler(Hash256 pin, int window, TimeSpan pingDelay, TimeSpan pingTimeout) => new()
    {
        SslOptions = PeerTls.ClientOptions(_own, pin),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 16,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        KeepAlivePingDelay = pingDelay,
        KeepAlivePingTimeout = pingTimeout,
        // A whole answer without waiting for window updates, so that a far peer is as fast as the line.
        InitialHttp2StreamWindowSize = window,
    };

    /// <summary>
    /// Where a member is dialled, whom to expect there, and the connections: small things have their own, so that no
    /// takedown waits for what TCP has to repeat of a bulk transfer.
    /// </summary>
    private sealed record Link(Uri Endpoint, Hash256 Pin, HttpMessageInvoker Control, HttpMessageInvoker Bulk) : IDisposable
    {
        public void Dispose()
        {
            Control.Dispose();
            Bulk.Dispose();
        }
    }
}
