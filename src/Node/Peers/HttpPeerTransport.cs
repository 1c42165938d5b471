using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;
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

    private readonly RosterBoard _roster;
    private readonly PeerCertificate _own;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Link> _links = new(StringComparer.Ordinal);

    /// <summary>Presents <paramref name="own"/> to every peer; it is not disposed here.</summary>
    public HttpPeerTransport(RosterBoard roster, PeerCertificate own)
    {
        _roster = roster;
        _own = own;
        roster.Changed += DropOutdatedLinks;
    }

    /// <inheritdoc/>
    public Task<SizeMessage> PushAsync(string member, PushMessage push, CancellationToken cancellationToken) =>
        ExchangeAsync(
            member,
            PeerRoutes.Push,
            push,
            PeerBody.MaxSmallBody,
            PeerBody.Size,
            cancellationToken,
            alsoGood: HttpStatusCode.Conflict);

    /// <inheritdoc/>
    public Task<HeadsMessage> ExchangeHeadsAsync(
        string member, HeadsMessage heads, CancellationToken cancellationToken) =>
        ExchangeAsync(member, PeerRoutes.Heads, heads, Limits.MaxHeadsBody, PeerBody.Heads, cancellationToken);

    /// <inheritdoc/>
    public async Task<RangeMessage> GetRangeAsync(
        string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        var range = await ExchangeAsync(
            member, PeerRoutes.Range, request, Limits.MaxRangeBody, PeerBody.Range, cancellationToken);
        return range.Entries.Length <= request.MaxEntries
            ? range
            : throw BadAnswer(
                member, 200, $"asked for {request.MaxEntries} entries at most, got {range.Entries.Length}");
    }

    /// <inheritdoc/>
    public async Task<EvaluatedMessage> EvaluateAsync(
        string member, EvaluateMessage request, CancellationToken cancellationToken)
    {
        var answer = await ExchangeAsync(
            member, PeerRoutes.Evaluate, request, Limits.MaxEvaluateBody, PeerBody.Evaluated, cancellationToken);
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
                link.Http.Dispose();
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
        HttpStatusCode? alsoGood = null)
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
        try
        {
            using var response = await link.Http.SendAsync(request, cancellationToken);
            if (response.StatusCode is not HttpStatusCode.OK && response.StatusCode != alsoGood)
            {
                throw await RefusalAsync(member, response, cancellationToken);
            }

            return await ReadAnswerAsync(member, response, maxAnswer, read, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure
            is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            throw new PeerException(member, $"no answer from {link.Endpoint}: {Reason(failure)}", failure);
        }
    }

    private static async Task<T> ReadAnswerAsync<T>(
        string member,
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

        return await ReadBodyAsync(response, maxAnswer, cancellationToken) is not { } body
            ? throw BadAnswer(member, status, $"the answer has more than {maxAnswer} bytes")
            : PeerBody.TryDecode(body, read, out var message, out var error)
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
        return BadAnswer(member, status, $"refused with {status}: {DetailOf(body) ?? "no reason given"}");
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

                link.Http.Dispose();
            }

            return _links[member] = new Link(endpoint, pin, new HttpMessageInvoker(MakeHandler(pin)));
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
                    link.Http.Dispose();
                }
            }
        }
    }

    private SocketsHttpHandler MakeHandler(Hash256 pin) => new()
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
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        // A whole range without waiting for window updates, so that a far peer is as fast as the line.
        InitialHttp2StreamWindowSize = Limits.MaxRangeBody,
    };

    /// <summary>Where a member is dialled, whom to expect there, and the connections.</summary>
    private sealed record Link(Uri Endpoint, Hash256 Pin, HttpMessageInvoker Http);
}
